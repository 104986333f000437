import { Body, Controller, HttpCode, Inject, Logger, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AdminAuthGuard } from '../auth/admin-auth.guard.js';
import { InjectConfig, type ServiceConfig } from '../config/service-config.js';
import type { CrmConfig } from '../crm/crm-config.js';
import { knownFor } from '../crm/known-for.js';
import { LookupService } from '../crm/lookup.service.js';
import { CRM_CONFIG } from '../enrichment/enrichment.module.js';
import type { LookupFacts } from '../facts/facts.js';
import { ADMIN_PATH } from './admin-door.js';
import { Described } from './described.js';
import { EXAMPLES } from './examples.js';
import { readInvalidation, readLookupRequest } from './read-customer-key.js';

@Controller(`${ADMIN_PATH}/crm`)
@ApiTags('crm')
@UseGuards(AdminAuthGuard)
export class CrmController {
  readonly #logger = new Logger('Admin');

  constructor(
    private readonly lookups: LookupService,
    @InjectConfig() private readonly config: ServiceConfig,
    @Inject(CRM_CONFIG) private readonly crm: CrmConfig,
  ) {}

  @Post('lookup')
  @HttpCode(200)
  @Described({
    summary: 'Look an address up as for a message',
    description: 'It is a real look-up: cached, counted in the metrics, and held to the limits of the provider.',
    body: { schema: 'LookupRequest', example: { address: 'dana@northwind.example' } },
    answers: {
      200: { description: 'How it ended, also when nobody is found', schema: 'Lookup', example: EXAMPLES.lookup },
    },
    problems: [400, 413, 415],
  })
  async lookup(@Body() body: unknown): Promise<object> {
    const email = readLookupRequest(body);
    const startedAt = performance.now();
    const { customer, lookup } = await this.lookups.lookup(email, AbortSignal.timeout(this.config.answerDeadlineMs));
    const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
    const names = this.crm.providers.map(({ name }) => name);
    const lastKnown = await knownFor(email, names, this.lookups);
    return { address: email.address, customer, lookup, from: whereFrom(lookup), milliseconds, lastKnown };
  }

  @Post('invalidate')
  @HttpCode(200)
  @Described({
    summary: 'Forget what is known of an address or a domain',
    description:
      'What this process has cached, and the last known record. Who writes next is looked up in the CRM. Other replicas keep what they have cached until it is too old.',
    body: { schema: 'InvalidationRequest', example: { address: 'dana@northwind.example' } },
    answers: {
      200: { description: 'It is forgotten', schema: 'Invalidation', example: { providers: ['customers'], keys: 1 } },
    },
    problems: [400, 413, 415],
  })
  invalidate(@Body() body: unknown): object {
    const names = this.crm.providers.map(({ name }) => name);
    const { ids, providers } = readInvalidation(body, names);
    for (const provider of providers) this.lookups.source(provider)?.forget(ids);
    this.#logger.log(`Forgot ${ids.length} key(s) of ${providers.join(', ')}`);
    return { providers, keys: ids.length };
  }
}

/** Null when nobody was found. What was asked less than a second ago counts as asked now. */
function whereFrom({ state, matchedBy, stale, ageSeconds }: LookupFacts): string | null {
  if (state !== 'found') return null;
  if (matchedBy === 'last_known') return 'last_known';
  if (stale) return 'stale_cache';
  return ageSeconds === 0 ? 'provider' : 'cache';
}
