import type { Action } from '../actions/action.js';
import { type ActingRule, type Composition, composeActions } from '../actions/compose-actions.js';
import type { DecisionRecord, KeptFacts } from '../decisions/decision-record.js';
import type { DecisionRow } from '../decisions/decision-store.js';
import { parsePointer } from '../decisions/masks.js';
import type { Mailbox } from '../mailboxes/mailbox-catalogue.js';
import { type PartialDecision, PartialDecider } from '../rules/decide-partly.js';
import { isDecidable } from '../rules/is-decidable.js';
import type { Rule } from '../rules/rule.js';
import type { LoadedRules } from '../rules/load-rules.js';
import { hasRuleFor, type RuleSet } from '../rules/rule-set.js';
import { type Change, compareEffects, effectsOf, openEffectsOf, type OpenEffects } from './effects.js';
import { FormerRules } from './former-rules.js';

/** What would become of a recorded message now. */
export interface Replayed {
  /** `open`: nothing that could be told would change; something could not be told. */
  readonly verdict: 'same' | 'changed' | 'open' | 'no_facts';
  readonly changes: readonly Change[];
  /** Nothing would be done otherwise, but in another order, or by actions of other names. */
  readonly isReordered: boolean;
  readonly open: OpenEffects;
  readonly newlyMatching: readonly string[];
  readonly noLongerMatching: readonly string[];
  /** Rules of which it cannot be told whether they match. */
  readonly openRules: readonly string[];
}

const NOTHING_OPEN: OpenEffects = { fields: new Set(), types: new Set() };
const NOTHING: Omit<Replayed, 'verdict'> = {
  changes: [],
  isReordered: false,
  open: NOTHING_OPEN,
  newlyMatching: [],
  noLongerMatching: [],
  openRules: [],
};
const UNDECIDED: PartialDecision = { matched: [], open: [], acting: [], maybeActing: [], hidden: [] };
const NOT_OF_RULES = 'ignored_event';

type Kept = Pick<DecisionRecord, 'masked' | 'suppressed' | 'verdicts'> & { readonly facts: KeptFacts };

/** Decides recorded messages again, under other rules, with the customers as they were. */
export class Replayer {
  readonly #decider: PartialDecider;
  readonly #ruleSet: RuleSet;
  /** By revision. */
  readonly #former = new Map<string, FormerRules | null>();

  /** @param mailboxOf what is known of a mailbox now, null for nothing */
  constructor(
    private readonly rules: LoadedRules,
    private readonly mailboxOf: (address: string) => Mailbox | null,
  ) {
    this.#ruleSet = rules.ruleSet;
    this.#decider = new PartialDecider(rules.ruleSet);
  }

  /** Whether it was told of the rules of this revision. */
  knows(revision: string): boolean {
    return this.#former.has(revision);
  }

  /** Tells of the rules that decided then; null when they are not kept. With them more can be told, where facts are masked. */
  learn(revision: string, rules: LoadedRules | null): void {
    this.#former.set(revision, rules === null ? null : new FormerRules(rules, this.rules));
  }

  replay(row: DecisionRow): Replayed {
    const hasRule = hasRuleFor(this.#ruleSet, row.mailbox);
    const { facts, masked, suppressed, verdicts } = JSON.parse(row.record) as DecisionRecord;
    if (facts === null) {
      const isSame = row.outcome === NOT_OF_RULES || (row.outcome === 'no_rule_for_mailbox' && !hasRule);
      return { ...NOTHING, verdict: isSame ? 'same' : 'no_facts' };
    }
    return this.#compare(row, { facts, masked, suppressed, verdicts }, hasRule);
  }

  #compare(row: DecisionRow, { facts: kept, masked, suppressed, verdicts }: Kept, hasRule: boolean): Replayed {
    const facts = { ...kept, lists: this.#ruleSet.lists };
    const hidden = masked.flatMap((pointer) => [parsePointer(pointer) ?? []]);
    if (hasRule && !isDecidable(hidden)) return { ...NOTHING, verdict: 'open' };
    const former = this.#former.get(row.answer.revision) ?? null;
    const decision = hasRule ? this.#decider.decide(facts, hidden, former?.truths(verdicts, kept)) : UNDECIDED;
    const unseen = openEffectsOf(decision);
    const open = former !== null && actTheSame(decision, former, row.rules) ? NOTHING_OPEN : unseen;
    const composition = composeActions(withoutUnseen(decision.acting, unseen), facts, this.mailboxOf(row.mailbox));
    const before = actionsOf(row);
    const after = withoutHeldBack(composition, suppressed);
    const isOpen = open.fields.size > 0 || open.types.size > 0;
    const changes = compareEffects(effectsOf(before), effectsOf(after), unseen);
    const areAllSeen = unseen.fields.size === 0 && unseen.types.size === 0;
    const isReordered = areAllSeen && changes.length === 0 && JSON.stringify(before) !== JSON.stringify(after);
    const matched = new Set(row.rules);
    const matches = new Set(decision.matched.map(({ name }) => name));
    const openRules = decision.open.map(({ name }) => name);
    const newlyMatching = [...matches].filter((name) => !matched.has(name));
    const noLongerMatching = row.rules.filter((name) => !matches.has(name) && !openRules.includes(name));
    const isChanged = changes.length > 0 || isReordered || newlyMatching.length > 0 || noLongerMatching.length > 0;
    return {
      verdict: isChanged ? 'changed' : isOpen || openRules.length > 0 ? 'open' : 'same',
      changes,
      isReordered,
      open,
      newlyMatching,
      noLongerMatching,
      openRules,
    };
  }
}

/** Whether the same rules act as then, in the same order: what they write is the same, though it cannot be seen. */
function actTheSame(
  { acting, maybeActing }: PartialDecision,
  former: FormerRules,
  matched: readonly string[],
): boolean {
  const before = matched.filter((name) => former.rule(name)?.mode === 'live');
  const isSameHere = ({ name }: Rule, at: number) => name === before[at] && former.isSame(name);
  return maybeActing.length === 0 && acting.length === before.length && acting.every(isSameHere);
}

/** What cannot be seen is not composed: mail is written by facts that may be masked as a whole. */
function withoutUnseen(acting: readonly Rule[], { types }: OpenEffects): ActingRule[] {
  return acting.map(({ name, actions }) => ({ name, actions: actions.filter(({ type }) => !types.has(type)) }));
}

/** How much was sent lately is not replayed: what a rule was kept from sending then, it is kept from sending now. */
function withoutHeldBack({ actions, rules }: Composition, suppressed: DecisionRecord['suppressed']): readonly Action[] {
  const heldBack = suppressed.filter(({ reason }) => reason === 'sent_lately');
  if (heldBack.length === 0) return actions;
  return actions.filter(({ type }, at) => !heldBack.some((each) => each.type === type && each.rule === rules[at]));
}

function actionsOf({ answer }: DecisionRow): readonly Action[] {
  return (JSON.parse(answer.body) as { actions?: readonly Action[] }).actions ?? [];
}
