import type { Facts, LookupFacts } from '../facts/facts.js';
import { FALSE, TRUE, type Truth, UNKNOWN } from './compile-condition.js';
import { type EvaluatedCondition, evaluateRule, FactAlmanac } from './engine.js';
import type { Rule } from './rule.js';

/**
 * A rule as json-rules-engine itself evaluates it: the reference that the closures are tested against, and what a full
 * explanation shows, since it evaluates every condition. Null when json-rules-engine gives up on the rule, which happens when
 * an operator meets a value that it cannot compare.
 */
export async function evaluateByReference(
  rule: Rule,
  facts: Facts,
): Promise<{ truth: Truth; conditions: EvaluatedCondition } | null> {
  try {
    const conditions = await evaluateRule(rule.conditions, new FactAlmanac(facts));
    return { truth: fold(conditions, facts.lookup), conditions };
  } catch {
    return null;
  }
}

/** Three-valued logic over an evaluated tree. */
function fold(condition: EvaluatedCondition, lookup: LookupFacts): Truth {
  const { all, any, not } = condition;
  if (not !== undefined) {
    const truth = fold(not, lookup);
    return truth === UNKNOWN ? UNKNOWN : truth === TRUE ? FALSE : TRUE;
  }
  const group = all ?? any;
  if (group === undefined) {
    return isUnknown(condition, lookup) ? UNKNOWN : condition.result === true ? TRUE : FALSE;
  }
  const truths = group.map((child) => fold(child, lookup));
  const deciding = all === undefined ? TRUE : FALSE;
  if (truths.includes(deciding)) return deciding;
  return truths.includes(UNKNOWN) ? UNKNOWN : all === undefined ? FALSE : TRUE;
}

function isUnknown(condition: EvaluatedCondition, { state, incomplete }: LookupFacts): boolean {
  const { fact, value, factResult, valueResult } = condition;
  const isCompared = typeof value === 'object' && value !== null && (value as { fact?: unknown }).fact === 'customer';
  const read = [...(fact === 'customer' ? [factResult] : []), ...(isCompared ? [valueResult] : [])];
  return read.some((one) => state === 'unavailable' || (incomplete && (one === undefined || one === null)));
}
