import { Logger, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { requireCrmConfig } from '../crm/crm-config.js';
import { LookupService, type ProviderStatus } from '../crm/lookup.service.js';
import { formatFault } from '../files/fault.js';
import { type MailboxesEvent, MailboxesService } from '../mailboxes/mailboxes.service.js';
import { loadTestedRules } from '../rule-tests/load-tested-rules.js';
import { LastGoodRulesFolder } from '../rules/last-good.js';
import { type RulesEvent, RulesService } from '../rules/rules.service.js';
import { EnrichmentService } from './enrichment.service.js';
import { Intake } from './intake.js';

const CRM_CONFIG = Symbol('CrmConfig');
/** How long the first check of the CRM may take. It runs beside the start and does not hold it up. */
const FIRST_CHECK_MS = 10_000;

/** Wires the straight line of a message; everything below is plain TypeScript. */
@Module({
  providers: [
    Intake,
    {
      provide: CRM_CONFIG,
      inject: [getConfigToken(SERVICE_CONFIG)],
      useFactory: (config: ServiceConfig) => requireCrmConfig(config.crmConfigFile, process.env),
    },
    {
      provide: RulesService,
      inject: [getConfigToken(SERVICE_CONFIG), CRM_CONFIG],
      useFactory: (config: ServiceConfig, { customerFields }: Awaited<ReturnType<typeof requireCrmConfig>>) =>
        RulesService.start({
          folder: config.rulesDir,
          load: loadTestedRules,
          customerFields,
          lastGood: config.rulesOnError === 'strict' ? null : new LastGoodRulesFolder(config.dataDir),
          report: logRulesEvent,
        }),
    },
    {
      provide: LookupService,
      inject: [CRM_CONFIG],
      useFactory: ({ providers, lookup }: Awaited<ReturnType<typeof requireCrmConfig>>) =>
        new LookupService(
          providers.map((provider) => provider.create()),
          lookup.protection.timeoutMs,
          logProviderStatus,
        ),
    },
    {
      provide: MailboxesService,
      inject: [getConfigToken(SERVICE_CONFIG)],
      useFactory: ({ mailboxesConfigFile: path, isMailboxesConfigRequired: isRequired }: ServiceConfig) =>
        MailboxesService.start({ path, isRequired, report: logMailboxesEvent }),
    },
    {
      provide: EnrichmentService,
      inject: [RulesService, LookupService, MailboxesService, Intake, getConfigToken(SERVICE_CONFIG), CRM_CONFIG],
      useFactory: (
        rules: RulesService,
        lookups: LookupService,
        mailboxes: MailboxesService,
        intake: Intake,
        { answerDeadlineMs }: ServiceConfig,
        { lookup }: Awaited<ReturnType<typeof requireCrmConfig>>,
      ) =>
        new EnrichmentService(rules, lookups, mailboxes, intake, {
          answerDeadlineMs,
          onUnavailable: lookup.onUnavailable,
        }),
    },
  ],
  exports: [Intake, RulesService, LookupService, MailboxesService, EnrichmentService],
})
export class EnrichmentModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly rules: RulesService,
    private readonly lookups: LookupService,
    private readonly mailboxes: MailboxesService,
  ) {}

  onModuleInit(): void {
    void this.lookups.check(AbortSignal.timeout(FIRST_CHECK_MS));
  }

  async onApplicationShutdown(): Promise<void> {
    this.rules.close();
    this.mailboxes.close();
    await this.lookups.close();
  }
}

function logRulesEvent(event: RulesEvent): void {
  const logger = new Logger('Rules');
  switch (event.kind) {
    case 'loaded':
      logger.log(
        `Revision ${event.ruleSet.revision} is live: ${event.ruleSet.rules.length} rules from ${event.ruleSet.files.length} files`,
      );
      for (const warning of event.warnings) logger.warn(formatFault(warning));
      break;
    case 'rejected':
      logger.error(
        `The rule files have ${event.faults.length} fault(s); revision ${event.running} stays:\n${event.faults.map(formatFault).join('\n')}`,
      );
      break;
    case 'not_kept':
      logger.warn(`This set cannot be kept for a restart with broken files (${event.reason})`);
      break;
    default:
      event satisfies never;
  }
}

function logMailboxesEvent(event: MailboxesEvent): void {
  const logger = new Logger('Mailboxes');
  switch (event.kind) {
    case 'loaded':
      logger.log(`The catalogue knows ${event.catalogue.mailboxes.length} mailbox(es)`);
      break;
    case 'rejected':
      logger.warn(
        `The mailbox catalogue has ${event.faults.length} fault(s); what was read before stays:\n${event.faults.map(formatFault).join('\n')}`,
      );
      break;
    default:
      event satisfies never;
  }
}

function logProviderStatus({ name, state, message }: ProviderStatus): void {
  const logger = new Logger('CRM');
  if (state === 'ok') {
    logger.log(`Provider "${name}" answers`);
    if (message !== null) logger.warn(`Provider "${name}": ${message}`);
  } else logger.warn(`Provider "${name}" is ${state}: ${message}`);
}
