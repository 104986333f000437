import type { DecisionRecord } from '../decisions/decision-record.js';
import { parsePointer } from '../decisions/masks.js';
import { type PathSegments, pathsOverlap } from '../facts/fact-path.js';
import type { Facts } from '../facts/facts.js';
import type { CompiledCondition } from '../rules/compile-condition.js';
import { decide, explain } from '../rules/decide.js';
import { isDecidable } from '../rules/is-decidable.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { Explanation, RuleVerdict } from '../rules/verdict.js';

/** The verdict of a rule, worked out anew from the facts that were kept. */
export interface ExplainedVerdict extends Explanation {
  /** The rule reads what is masked: then what its conditions saw is not told. */
  readonly isMasked: boolean;
}

/** Why there is no explanation: no rule was asked, other rules run now, or they read so much that is masked that they would decide otherwise. */
export type NotExplained = 'no_rule_was_asked' | 'other_rules' | 'masked_facts';

export type DecisionExplanation =
  | { readonly because: null; readonly verdicts: readonly ExplainedVerdict[] }
  | { readonly because: NotExplained; readonly verdicts: readonly never[] };

/** The verdict of every rule on a decision that was kept, as far as the rules that run now and the facts that were kept can tell. */
export function explainDecision(
  { facts: kept, masked, verdicts }: DecisionRecord,
  revision: string,
  ruleSet: RuleSet,
): DecisionExplanation {
  if (kept === null) return notExplained('no_rule_was_asked');
  if (revision !== ruleSet.revision) return notExplained('other_rules');
  const places = masked.map(parsePointer).filter((place) => place !== null);
  const isHidden = (path: PathSegments) => places.some((place) => pathsOverlap(place, path));
  if (!isDecidable(places)) return notExplained('masked_facts');
  const facts: Facts = { ...kept, lists: ruleSet.lists };
  // The same lists belong to the same revision; what is masked may still have decided.
  if (!areSame(decide(ruleSet, facts).verdicts, verdicts)) return notExplained('masked_facts');
  const readsHidden = (condition: CompiledCondition) =>
    slotsOf(condition).some((slot) => isHidden(ruleSet.program.slots[slot]?.segments ?? []));
  const explained = explain(ruleSet, facts).map((explanation, position): ExplainedVerdict => {
    const condition = ruleSet.program.conditions[position];
    return condition !== undefined && readsHidden(condition)
      ? { ...explanation, why: null, nearMiss: null, isMasked: true }
      : { ...explanation, isMasked: false };
  });
  return { because: null, verdicts: explained };
}

function notExplained(because: NotExplained): DecisionExplanation {
  return { because, verdicts: [] };
}

function slotsOf({ leaf, children }: CompiledCondition): number[] {
  const own = leaf === null ? [] : [leaf.slot, ...(leaf.otherSlot === null ? [] : [leaf.otherSlot])];
  return [...own, ...children.flatMap(slotsOf)];
}

type Outline = Pick<RuleVerdict, 'rule' | 'verdict' | 'skipped' | 'lostTo'>;

function areSame(one: readonly Outline[], other: readonly Outline[]): boolean {
  const outline = (verdicts: readonly Outline[]) =>
    JSON.stringify(verdicts.map(({ rule, verdict, skipped, lostTo }) => [rule, verdict, skipped, lostTo]));
  return outline(one) === outline(other);
}
