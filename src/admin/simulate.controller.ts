import { Body, Controller, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AdminAuthGuard } from '../auth/admin-auth.guard.js';
import { InjectConfig, type ServiceConfig } from '../config/service-config.js';
import type { CrmConfig } from '../crm/crm-config.js';
import { LookupService } from '../crm/lookup.service.js';
import { CRM_CONFIG } from '../enrichment/enrichment.module.js';
import type { Enrichment } from '../enrichment/enrichment.js';
import { EnrichmentService } from '../enrichment/enrichment.service.js';
import { toEnvelope } from '../enrichment/envelope.js';
import { Intake } from '../enrichment/intake.js';
import { MailboxesService } from '../mailboxes/mailboxes.service.js';
import { explain } from '../rules/decide.js';
import type { RuleSet } from '../rules/rule-set.js';
import { RulesService } from '../rules/rules.service.js';
import { ADMIN_PATH } from './admin-door.js';
import { Described } from './described.js';
import { EXAMPLES } from './examples.js';
import { readSimulation } from './read-simulation.js';
import { SimulatedLookups } from './simulated-lookups.js';

@Controller(ADMIN_PATH)
@ApiTags('simulate')
@UseGuards(AdminAuthGuard)
export class SimulateController {
  constructor(
    private readonly rules: RulesService,
    private readonly lookups: LookupService,
    private readonly mailboxes: MailboxesService,
    private readonly intake: Intake,
    @InjectConfig() private readonly config: ServiceConfig,
    @Inject(CRM_CONFIG) private readonly crm: CrmConfig,
  ) {}

  @Post('simulate')
  @HttpCode(200)
  @Described({
    summary: 'What the service would answer to a message, and why',
    description:
      'Decides as for a delivery. Nothing is stored, sent or counted as a delivery. Without "customer" and "lookup" the sender is really looked up, from the cache or in the CRM.',
    body: { schema: 'SimulationRequest', example: EXAMPLES.simulationRequest },
    answers: { 200: { description: 'The answer', schema: 'Simulation', example: EXAMPLES.simulation } },
    problems: [400, 413, 415],
  })
  async simulate(@Body() body: unknown): Promise<object> {
    const { delivery, found, now } = readSimulation(body);
    const { answerDeadlineMs } = this.config;
    const { onUnavailable } = this.crm.lookup;
    const alwaysLookUp = found !== null;
    const lookups = new SimulatedLookups(this.lookups, found);
    const service = new EnrichmentService(
      this.rules,
      lookups,
      this.mailboxes,
      this.intake,
      { answerDeadlineMs, onUnavailable, alwaysLookUp },
      () => now,
    );
    // The service takes the same one, before it waits for anything.
    const ruleSet = this.rules.current;
    return describe(await service.enrich(delivery), ruleSet);
  }
}

function describe(enrichment: Enrichment, ruleSet: RuleSet): object {
  const { revision, outcome, shouldRetry, trace } = enrichment;
  return {
    revision,
    outcome,
    status: shouldRetry ? 503 : 200,
    envelope: toEnvelope(enrichment),
    customer: trace?.facts.customer ?? null,
    lookup: trace?.facts.lookup ?? null,
    verdicts: trace === null ? [] : explain(ruleSet, trace.facts),
    suppressed: trace?.composition.suppressed ?? [],
  };
}
