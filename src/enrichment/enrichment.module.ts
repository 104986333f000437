import { Inject, Logger, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { type CrmConfig, requireCrmConfig } from '../crm/crm-config.js';
import type { LastKnownStore } from '../crm/last-known.js';
import { createLookups } from '../crm/create-lookups.js';
import { LookupService } from '../crm/lookup.service.js';
import type { ProviderStatus } from '../crm/provider-statuses.js';
import { SqliteLastKnown } from '../crm/stores/sqlite-last-known.js';
import { formatFault } from '../files/fault.js';
import { type MailboxesEvent, MailboxesService } from '../mailboxes/mailboxes.service.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { LookupMetrics } from '../metrics/lookup-metrics.js';
import { Metrics } from '../metrics/metrics.js';
import { RulesMetrics } from '../metrics/rules-metrics.js';
import { loadTestedRules } from '../rule-tests/load-tested-rules.js';
import { LastGoodRulesFolder } from '../rules/last-good.js';
import { type RulesEvent, RulesService } from '../rules/rules.service.js';
import { AddressHash } from '../shared/address-hash.js';
import { DeliveryLog } from './delivery-log.js';
import { DeliveryMetrics } from './delivery-metrics.js';
import { EnrichmentService } from './enrichment.service.js';
import { Intake } from './intake.js';

export const CRM_CONFIG = Symbol('CrmConfig');
/** A `LastKnownStore`, or null when none is kept. */
export const LAST_KNOWN = Symbol('LastKnownStore');
/** How long the first check of the CRM may take. It runs beside the start and does not hold it up. */
const FIRST_CHECK_MS = 10_000;

/** Wires the straight line of a message; everything below is plain TypeScript. */
@Module({
  imports: [MetricsModule],
  providers: [
    Intake,
    {
      provide: CRM_CONFIG,
      inject: [getConfigToken(SERVICE_CONFIG)],
      useFactory: (config: ServiceConfig) => requireCrmConfig(config.crmConfigFile, process.env),
    },
    {
      provide: RulesService,
      inject: [getConfigToken(SERVICE_CONFIG), CRM_CONFIG, RulesMetrics],
      useFactory: async (config: ServiceConfig, { customerFields }: CrmConfig, metrics: RulesMetrics) => {
        const rules = await RulesService.start({
          folder: config.rulesDir,
          load: loadTestedRules,
          customerFields,
          lastGood: config.rulesOnError === 'strict' ? null : new LastGoodRulesFolder(config.dataDir),
          report: (event) => {
            logRulesEvent(event);
            metrics.heard(event);
          },
        });
        metrics.running(rules.current);
        return rules;
      },
    },
    {
      provide: LAST_KNOWN,
      inject: [getConfigToken(SERVICE_CONFIG), CRM_CONFIG],
      useFactory: ({ databaseFile: path }: ServiceConfig, { lookup: { lastKnownDays: maxAgeDays } }: CrmConfig) =>
        maxAgeDays === 0 ? null : new SqliteLastKnown({ path, maxAgeDays, report: logStoreFault }),
    },
    {
      provide: LookupService,
      inject: [CRM_CONFIG, LAST_KNOWN, LookupMetrics],
      useFactory: (crm: CrmConfig, lastKnown: LastKnownStore | null, observer: LookupMetrics) =>
        createLookups(crm, { lastKnown, observer, report: logProviderStatus }),
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
        { lookup }: CrmConfig,
      ) =>
        new EnrichmentService(rules, lookups, mailboxes, intake, {
          answerDeadlineMs,
          onUnavailable: lookup.onUnavailable,
        }),
    },
    {
      provide: DeliveryMetrics,
      inject: [Metrics, RulesMetrics, Intake],
      useFactory: (metrics: Metrics, rules: RulesMetrics, intake: Intake) =>
        new DeliveryMetrics(metrics, rules, intake),
    },
    {
      provide: DeliveryLog,
      inject: [AddressHash],
      useFactory: (hash: AddressHash) => new DeliveryLog(hash),
    },
  ],
  exports: [
    CRM_CONFIG,
    LAST_KNOWN,
    Intake,
    RulesService,
    LookupService,
    MailboxesService,
    EnrichmentService,
    DeliveryMetrics,
    DeliveryLog,
    MetricsModule,
  ],
})
export class EnrichmentModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly rules: RulesService,
    private readonly lookups: LookupService,
    private readonly mailboxes: MailboxesService,
    @Inject(LAST_KNOWN) private readonly lastKnown: LastKnownStore | null,
  ) {}

  onModuleInit(): void {
    void this.lookups.check(AbortSignal.timeout(FIRST_CHECK_MS));
  }

  async onApplicationShutdown(): Promise<void> {
    this.rules.close();
    this.mailboxes.close();
    await this.lookups.close();
    await this.lastKnown?.close();
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
    case 'mended':
      logger.log(`The rule files are again those of revision ${event.running}, which is live`);
      break;
    case 'reload_failed':
      logger.error(`The changed rule files could not be looked at; the set that runs stays: ${event.reason}`);
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
    case 'reload_failed':
      logger.error(`The changed mailbox catalogue could not be looked at; what was read before stays: ${event.reason}`);
      break;
    default:
      event satisfies never;
  }
}

function logStoreFault(reason: string): void {
  new Logger('Store').error(`The last known customers cannot be kept or read: ${reason}`);
}

function logProviderStatus({ name, state, message }: ProviderStatus): void {
  const logger = new Logger('CRM');
  if (state === 'ok') {
    logger.log(`Provider "${name}" answers`);
    if (message !== null) logger.warn(`Provider "${name}": ${message}`);
  } else if (state === 'misconfigured') logger.error(`Provider "${name}" is misconfigured: ${message}`);
  else logger.warn(`Provider "${name}" is ${state}: ${message}`);
}
