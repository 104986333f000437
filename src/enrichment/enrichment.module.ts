import { Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { type CrmConfig, requireCrmConfig } from '../crm/crm-config.js';
import type { LastKnownStore } from '../crm/last-known.js';
import { createLookups } from '../crm/create-lookups.js';
import { LookupService } from '../crm/lookup.service.js';
import { MailboxesService } from '../mailboxes/mailboxes.service.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { LookupMetrics } from '../metrics/lookup-metrics.js';
import { Metrics } from '../metrics/metrics.js';
import { RulesMetrics } from '../metrics/rules-metrics.js';
import { loadTestedRules } from '../rule-tests/load-tested-rules.js';
import { RulesService } from '../rules/rules.service.js';
import { AddressHash } from '../shared/address-hash.js';
import { within } from '../shared/within.js';
import { DecisionKeeper } from '../decisions/decision-keeper.js';
import { DecisionMasker } from '../decisions/decision-record.js';
import { SendStore } from '../decisions/send-store.js';
import { KyselyLastKnown } from '../store/kysely-last-known.js';
import { KyselyRuleSets } from '../store/kysely-rule-sets.js';
import { StoreModule } from '../store/store.module.js';
import { Store } from '../store/store.js';
import { AnswerService } from './answer.service.js';
import { DecisionsModule } from './decisions.module.js';
import { DeliveryLog } from './delivery-log.js';
import { DeliveryMetrics } from './delivery-metrics.js';
import { EnrichmentService, lookupBudgetMs } from './enrichment.service.js';
import { Intake } from './intake.js';
import { SendGuard } from './send-guard.js';
import { logChanged, logMailboxesEvent, logProviderStatus, logRulesEvent, logStoreFault } from './log-events.js';

export const CRM_CONFIG = Symbol('CrmConfig');
/** A `LastKnownStore`, or null when none is kept. */
export const LAST_KNOWN = Symbol('LastKnownStore');
const LAST_WRITE_MS = 2_000;
/** How long the first check of the CRM may take. It runs beside the start and does not hold it up. */
const FIRST_CHECK_MS = 10_000;

/** Wires the straight line of a message; everything below is plain TypeScript. */
@Module({
  imports: [MetricsModule, StoreModule, DecisionsModule],
  providers: [
    Intake,
    {
      provide: CRM_CONFIG,
      inject: [getConfigToken(SERVICE_CONFIG)],
      useFactory: (config: ServiceConfig) => requireCrmConfig(config.crmConfigFile, process.env),
    },
    {
      provide: RulesService,
      inject: [getConfigToken(SERVICE_CONFIG), CRM_CONFIG, RulesMetrics, Store],
      useFactory: async (config: ServiceConfig, { customerFields }: CrmConfig, metrics: RulesMetrics, store: Store) => {
        const rules = await RulesService.start({
          folder: config.rulesDir,
          load: loadTestedRules,
          customerFields,
          lastGood: new KyselyRuleSets(store, config.decisions.days),
          isStrict: config.rulesOnError === 'strict',
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
      inject: [Store, CRM_CONFIG],
      useFactory: (store: Store, { lookup: { lastKnownDays: maxAgeDays } }: CrmConfig) =>
        maxAgeDays === 0 ? null : new KyselyLastKnown(store, { maxAgeDays, report: logStoreFault }),
    },
    {
      provide: LookupService,
      inject: [CRM_CONFIG, LAST_KNOWN, LookupMetrics, Metrics, getConfigToken(SERVICE_CONFIG)],
      useFactory: (
        crm: CrmConfig,
        lastKnown: LastKnownStore | null,
        observer: LookupMetrics,
        metrics: Metrics,
        { answerDeadlineMs }: ServiceConfig,
      ) => {
        const budgetMs = lookupBudgetMs(answerDeadlineMs);
        const lookups = createLookups(crm, { lastKnown, observer, report: logProviderStatus, budgetMs });
        metrics.breakers = () => lookups.statuses;
        return lookups;
      },
    },
    {
      provide: MailboxesService,
      inject: [getConfigToken(SERVICE_CONFIG)],
      useFactory: ({ mailboxesConfigFile: path, isMailboxesConfigRequired: isRequired }: ServiceConfig) =>
        MailboxesService.start({ path, isRequired, report: logMailboxesEvent }),
    },
    {
      provide: EnrichmentService,
      inject: [
        RulesService,
        LookupService,
        MailboxesService,
        Intake,
        getConfigToken(SERVICE_CONFIG),
        CRM_CONFIG,
        SendStore,
        DecisionKeeper,
        AddressHash,
      ],
      useFactory: (
        rules: RulesService,
        lookups: LookupService,
        mailboxes: MailboxesService,
        intake: Intake,
        { answerDeadlineMs, sendWindowMinutes }: ServiceConfig,
        { lookup }: CrmConfig,
        sends: SendStore,
        keeper: DecisionKeeper,
        hash: AddressHash,
      ) =>
        new EnrichmentService(rules, lookups, mailboxes, intake, {
          answerDeadlineMs,
          onUnavailable: lookup.onUnavailable,
          sendGuard: new SendGuard(sends, {
            windowMs: sendWindowMinutes * 60_000,
            hash,
            isStoreDown: () => keeper.status.state === 'down',
          }),
        }),
    },
    {
      provide: AnswerService,
      inject: [EnrichmentService, DecisionKeeper, DecisionMasker, AddressHash, getConfigToken(SERVICE_CONFIG)],
      useFactory: (
        enrichment: EnrichmentService,
        keeper: DecisionKeeper,
        masker: DecisionMasker,
        addressHash: AddressHash,
        { answerDeadlineMs }: ServiceConfig,
      ) =>
        new AnswerService({
          enrichment,
          keeper,
          masker,
          addressHash,
          answerDeadlineMs,
          cameChanged: logChanged,
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
    AnswerService,
    DecisionsModule,
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
    const rulesClosed = this.rules.close();
    this.mailboxes.close();
    await this.lookups.close();
    // A store that does not answer must not outlast the time that we have to stop.
    await within(LAST_WRITE_MS, () => Promise.all([rulesClosed, this.lastKnown?.close()])).catch(() => undefined);
  }
}
