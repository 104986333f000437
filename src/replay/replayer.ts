import type { Action } from '../actions/action.js';
import { type Composition, composeActions } from '../actions/compose-actions.js';
import type { DecisionRecord, KeptFacts } from '../decisions/decision-record.js';
import type { DecisionRow } from '../decisions/decision-store.js';
import { parsePointer } from '../decisions/masks.js';
import type { Mailbox } from '../mailboxes/mailbox-catalogue.js';
import { type PartialDecision, PartialDecider } from '../rules/decide-partly.js';
import { hasRuleFor, type RuleSet } from '../rules/rule-set.js';
import { type Change, compareEffects, effectsOf, openEffectsOf, type OpenEffects } from './effects.js';

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

type Kept = Pick<DecisionRecord, 'masked' | 'suppressed'> & { readonly facts: KeptFacts };

/** Decides recorded messages again, under other rules, with the customers as they were. */
export class Replayer {
  readonly #decider: PartialDecider;

  /** @param mailboxOf what is known of a mailbox now, null for nothing */
  constructor(
    private readonly ruleSet: RuleSet,
    private readonly mailboxOf: (address: string) => Mailbox | null,
  ) {
    this.#decider = new PartialDecider(ruleSet);
  }

  replay(row: DecisionRow): Replayed {
    const hasRule = hasRuleFor(this.ruleSet, row.mailbox);
    const { facts, masked, suppressed } = JSON.parse(row.record) as DecisionRecord;
    if (facts === null) {
      const isSame = row.outcome === NOT_OF_RULES || (row.outcome === 'no_rule_for_mailbox' && !hasRule);
      return { ...NOTHING, verdict: isSame ? 'same' : 'no_facts' };
    }
    return this.#compare(row, { facts, masked, suppressed }, hasRule);
  }

  #compare(row: DecisionRow, { facts: kept, masked, suppressed }: Kept, hasRule: boolean): Replayed {
    const facts = { ...kept, lists: this.ruleSet.lists };
    const hidden = masked.flatMap((pointer) => [parsePointer(pointer) ?? []]);
    const decision = hasRule ? this.#decider.decide(facts, hidden) : UNDECIDED;
    const composition = composeActions(decision.acting, facts, this.mailboxOf(row.mailbox));
    const after = withoutHeldBack(composition, suppressed);
    const before = actionsOf(row);
    const open = openEffectsOf(decision);
    const isOpen = open.fields.size > 0 || open.types.size > 0;
    const changes = compareEffects(effectsOf(before), effectsOf(after), open);
    const isReordered = !isOpen && changes.length === 0 && JSON.stringify(before) !== JSON.stringify(after);
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

/** How much was sent lately is not replayed: what a rule was kept from sending then, it is kept from sending now. */
function withoutHeldBack({ actions, rules }: Composition, suppressed: DecisionRecord['suppressed']): readonly Action[] {
  const heldBack = suppressed.filter(({ reason }) => reason === 'sent_lately');
  if (heldBack.length === 0) return actions;
  return actions.filter(({ type }, at) => !heldBack.some((each) => each.type === type && each.rule === rules[at]));
}

function actionsOf({ answer }: DecisionRow): readonly Action[] {
  return (JSON.parse(answer.body) as { actions?: readonly Action[] }).actions ?? [];
}
