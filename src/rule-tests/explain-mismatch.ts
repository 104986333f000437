import { composeActions, type Suppressed } from '../actions/compose-actions.js';
import { explain } from '../rules/decide.js';
import type { Rule } from '../rules/rule.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { RuleTest, WantedAction } from './rule-test.js';
import { decideTest, type Mismatch, type TestOutcome, toLine } from './run-rule-tests.js';
import type { Explanation } from '../rules/verdict.js';

/** Why a test failed, by the rules that have a part in it, in rule order. */
export interface MismatchReasons {
  /** Rules that should have acted, by name or by the actions that they would give, and why they did not. */
  readonly missing: readonly Explanation[];
  /** Rules that should not have acted, by name or by what they gave, and why they did. */
  readonly unwanted: readonly Explanation[];
  /** What acting rules lost to others, of the types of the missing actions. */
  readonly lost: readonly Suppressed[];
}

/** How many rules are told that might have given a missing action, when none would give exactly it. */
const MOST_ALIKE = 3;

export function explainMismatch(ruleSet: RuleSet, test: RuleTest, mismatch: Mismatch): MismatchReasons {
  const outcome = decideTest(ruleSet, test);
  const lines = (sign: string) => mismatch.actions?.filter((line) => line.sign === sign).map(({ text }) => text) ?? [];
  const absent = test.expect.actions?.filter((action) => lines('-').includes(toLine(action))) ?? [];
  const idle = ruleSet.rules.filter((rule) => !outcome.acting.includes(rule));
  const missing = new Set([...mismatch.missing, ...absent.flatMap((action) => rulesThatGive(action, idle, outcome))]);
  const unwanted = new Set([...mismatch.unwanted, ...rulesThatGave(lines('+'), outcome)]);
  const explanations = explain(ruleSet, outcome.facts);
  return {
    missing: explanations.filter(({ rule }) => missing.has(rule)),
    unwanted: explanations.filter(({ rule }) => unwanted.has(rule)),
    lost: outcome.composition.suppressed.filter(({ type }) => absent.some((action) => action.type === type)),
  };
}

/** The rules that would give exactly this action; when there is none, some that give one of its type and name. */
function rulesThatGive(action: WantedAction, idle: readonly Rule[], { facts }: TestOutcome): string[] {
  const alike = idle.filter(({ actions }) =>
    actions.some(({ type, name }) => type === action.type && (name ?? undefined) === action.name),
  );
  const wanted = toLine({ type: action.type, value: action.value });
  const exact = alike.filter(({ actions }) =>
    actions.some(({ type, render }) => {
      const value = type === action.type ? render(facts) : null;
      return value !== null && toLine({ type, value }) === wanted;
    }),
  );
  return (exact.length > 0 ? exact : alike.slice(0, MOST_ALIKE)).map(({ name }) => name);
}

/** The rules that these actions are of: those without which they would not be there. */
function rulesThatGave(lines: readonly string[], { acting, facts }: TestOutcome): string[] {
  let before = 0;
  return acting.flatMap((rule, position) => {
    // Composing goes rule by rule, so the actions of the first few rules are the first few actions.
    const soFar = composeActions(acting.slice(0, position + 1), facts, null).actions;
    const own = soFar.slice(before);
    before = soFar.length;
    return own.some((action) => lines.includes(toLine(action))) ? [rule.name] : [];
  });
}
