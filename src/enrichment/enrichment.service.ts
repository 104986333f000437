import { composeActions } from '../actions/compose-actions.js';
import type { OnUnavailable } from '../crm/lookup-options.js';
import { type LookupService, NOT_LOOKED_UP } from '../crm/lookup.service.js';
import { buildFacts, type LookupResult, senderAddress } from '../facts/build-facts.js';
import type { Delivery } from '../facts/delivery.js';
import type { MailboxesService } from '../mailboxes/mailboxes.service.js';
import type { Facts } from '../facts/facts.js';
import { decide, needsLookup } from '../rules/decide.js';
import { hasRuleFor, type RuleSet } from '../rules/rule-set.js';
import type { RulesService } from '../rules/rules.service.js';
import { describeActions, describeLookup } from './describe-outcome.js';
import type { Enrichment } from './enrichment.js';
import type { Intake } from './intake.js';
import type { SendGuard } from './send-guard.js';

export interface EnrichmentOptions {
  /** For the whole answer. */
  readonly answerDeadlineMs: number;
  readonly onUnavailable: OnUnavailable;
  /** Looks up although no rule needs it, for people who want to see all that there is to see. */
  readonly alwaysLookUp?: boolean;
  /** Absent: nothing is sent, so nothing is counted. */
  readonly sendGuard?: SendGuard;
}

/** Kept free of the deadline for deciding, composing, keeping and sending; the store may be waited for a second. */
const RESERVE_MS = 1_500;
const EVENT = 'received';

/** What a look-up may take of the whole, in milliseconds. */
export function lookupBudgetMs(answerDeadlineMs: number): number {
  return Math.max(answerDeadlineMs / 2, answerDeadlineMs - RESERVE_MS);
}

/** The story of a message: look up, decide, compose. The only place that knows the order of the steps. */
export class EnrichmentService {
  constructor(
    private readonly rules: RulesService,
    private readonly lookups: Pick<LookupService, 'lookup' | 'skip'>,
    private readonly mailboxes: Pick<MailboxesService, 'current'>,
    private readonly intake: Intake,
    private readonly options: EnrichmentOptions,
    private readonly clock: () => Date = () => new Date(),
  ) {}

  /**
   * Decides one delivery, in time, whatever the CRM does.
   *
   * @param arrivedAt by `performance.now()`: the deadline counts from there
   */
  async enrich(delivery: Delivery, arrivedAt = performance.now()): Promise<Enrichment> {
    // One set from here to the answer, however often the rules are reloaded meanwhile.
    const ruleSet = this.rules.current;
    const untouched = { actions: [], revision: ruleSet.revision, shouldRetry: false, trace: null };
    if (delivery.event !== EVENT) {
      return {
        ...untouched,
        outcome: 'ignored_event',
        message: `Nothing to do: only the event "${EVENT}" is enriched`,
      };
    }
    if (!hasRuleFor(ruleSet, delivery.mailbox)) {
      return { ...untouched, outcome: 'no_rule_for_mailbox', message: 'Nothing to do: no rule is for this mailbox' };
    }
    const before = buildFacts(delivery, NOT_LOOKED_UP, this.clock(), ruleSet.lists);
    const startedAt = performance.now();
    const facts = { ...before, ...(await this.#lookUp(delivery, ruleSet, before, arrivedAt)) };
    const lookupMs = performance.now() - startedAt;
    const decision = decide(ruleSet, facts);
    const composed = composeActions(decision.acting, facts, this.mailboxes.current.find(delivery.mailbox));
    const { mailbox, event, id: messageId } = delivery;
    const leftMs = this.options.answerDeadlineMs - (performance.now() - arrivedAt);
    const composition =
      (await this.options.sendGuard?.admit(composed, facts, { mailbox, event, messageId }, leftMs)) ?? composed;
    const message = `${describeLookup(facts.lookup)}; ${describeActions(composition, decision.acting.length)}`;
    const { actions } = composition;
    const result = { message, actions, revision: ruleSet.revision, trace: { facts, decision, composition, lookupMs } };
    if (facts.lookup.state === 'unavailable' && actions.length === 0) {
      return { ...result, outcome: 'crm_unavailable', shouldRetry: this.options.onUnavailable === 'retry' };
    }
    return { ...result, outcome: actions.length > 0 ? 'acted' : 'nothing_to_do', shouldRetry: false };
  }

  /** Asks nobody when no rule could act or write otherwise by the answer. */
  async #lookUp(delivery: Delivery, ruleSet: RuleSet, facts: Facts, arrivedAt: number): Promise<LookupResult> {
    const address = senderAddress(delivery);
    const isNeeded = address === null || this.options.alwaysLookUp === true || needsLookup(ruleSet, facts);
    if (!isNeeded) return this.lookups.skip();
    const wholeMs = lookupBudgetMs(this.options.answerDeadlineMs);
    const budgetMs = Math.max(0, wholeMs - (performance.now() - arrivedAt));
    const { cutOff } = this.intake;
    const limit = new AbortController();
    const abort = () => limit.abort();
    const deadline = setTimeout(abort, budgetMs);
    if (cutOff.aborted) abort();
    cutOff.addEventListener('abort', abort, { once: true });
    try {
      return await this.lookups.lookup(address, limit.signal);
    } finally {
      clearTimeout(deadline);
      cutOff.removeEventListener('abort', abort);
    }
  }
}
