import type { Facts } from '../facts/facts.js';
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
    return { truth: fold(conditions, facts.lookup.state === 'unavailable'), conditions };
  } catch {
    return null;
  }
}

/** Three-valued logic over an evaluated tree. */
function fold(condition: EvaluatedCondition, isCustomerUnknown: boolean): Truth {
  const { all, any, not } = condition;
  if (not !== undefined) {
    const truth = fold(not, isCustomerUnknown);
    return truth === UNKNOWN ? UNKNOWN : truth === TRUE ? FALSE : TRUE;
  }
  const group = all ?? any;
  if (group === undefined) {
    return isCustomerUnknown && readsCustomer(condition) ? UNKNOWN : condition.result === true ? TRUE : FALSE;
  }
  const truths = group.map((child) => fold(child, isCustomerUnknown));
  const deciding = all === undefined ? TRUE : FALSE;
  if (truths.includes(deciding)) return deciding;
  return truths.includes(UNKNOWN) ? UNKNOWN : all === undefined ? FALSE : TRUE;
}

function readsCustomer({ fact, value }: EvaluatedCondition): boolean {
  if (fact === 'customer') return true;
  return typeof value === 'object' && value !== null && (value as { fact?: unknown }).fact === 'customer';
}
