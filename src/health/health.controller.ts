import { Controller, Get, Query, Res, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { LookupService } from '../crm/lookup.service.js';
import { DecisionKeeper } from '../decisions/decision-keeper.js';
import { Intake } from '../enrichment/intake.js';
import type { Fault } from '../files/fault.js';
import { MailboxesService } from '../mailboxes/mailboxes.service.js';
import { RulesService } from '../rules/rules.service.js';

/** Longest wait for the CRM when `?strict` asks for it. */
const STRICT_CHECK_MS = 5_000;

/** Whether the process lives, has started, and can decide. Bodies are terminus' (`status`, `info`, `error`, `details`). */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly rules: RulesService,
    private readonly lookups: LookupService,
    private readonly mailboxes: MailboxesService,
    private readonly intake: Intake,
    private readonly keeper: DecisionKeeper,
  ) {}

  /** The process only: what a restart cannot mend is not asked. */
  @Get('live')
  live() {
    return this.health.check([]);
  }

  /** The first rule set is loaded; before that nothing listens. */
  @Get('startup')
  startup() {
    return this.health.check([() => this.#rules()]);
  }

  /** Can decide. A CRM that is down does not count, since a degraded answer is an answer, unless `?strict` is asked. */
  @Get('ready')
  async ready(@Query('strict') strict: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
    reply.header('cache-control', 'no-store');
    const isStrict = strict !== undefined && strict !== 'false';
    if (isStrict) await this.lookups.check(AbortSignal.timeout(STRICT_CHECK_MS));
    try {
      return await this.health.check([
        () => this.#intake(),
        () => this.#rules(),
        () => this.#mailboxes(),
        () => this.#store(),
        () => this.#crm(isStrict),
      ]);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      // Terminus throws its result; who asks why we are not ready shall read it.
      reply.code(503);
      return error.getResponse();
    }
  }

  #intake(): HealthIndicatorResult {
    const { isDraining, inFlight } = this.intake;
    const indicator = this.indicators.check('intake');
    return isDraining ? indicator.down({ draining: true, inFlight }) : indicator.up({ draining: false, inFlight });
  }

  #rules(): HealthIndicatorResult {
    const { revision, loadedAt, lastRejected } = this.rules.status;
    return this.indicators.check('rules').up({
      revision,
      state: lastRejected === null ? 'current' : 'last_good',
      rules: this.rules.current.rules.length,
      loadedAt: loadedAt.toISOString(),
      ageSeconds: Math.round((Date.now() - loadedAt.getTime()) / 1000),
      lastRejected: lastRejected && describeRejected(lastRejected),
    });
  }

  #mailboxes(): HealthIndicatorResult {
    const { mailboxes, lastRejected } = this.mailboxes.status;
    const state = lastRejected !== null ? 'outdated' : mailboxes === 0 ? 'none' : 'ok';
    const details = { state, mailboxes, lastRejected: lastRejected && describeRejected(lastRejected) };
    return this.indicators.check('mailboxes').up(details);
  }

  /** A store that is down does not count: messages are answered, and decisions wait. */
  #store(): HealthIndicatorResult {
    const { state, ...details } = this.keeper.status;
    return this.indicators.check('store').up({ state, ...details });
  }

  #crm(isStrict: boolean): HealthIndicatorResult {
    const providers = this.lookups.statuses;
    const indicator = this.indicators.check('crm');
    const areAllWell = providers.every(({ state }) => state === 'ok' || state === 'outdated');
    return isStrict && !areAllWell ? indicator.down({ providers }) : indicator.up({ providers });
  }
}

function describeRejected({ at, faults }: { readonly at: Date; readonly faults: readonly Fault[] }) {
  return {
    at: at.toISOString(),
    faults: faults.map(({ file, line, column, message }) => ({ file, line, column, message })),
  };
}
