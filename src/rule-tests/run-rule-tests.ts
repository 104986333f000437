import { type Composition, composeActions } from '../actions/compose-actions.js';
import { buildFacts } from '../facts/build-facts.js';
import type { Facts } from '../facts/facts.js';
import { decide } from '../rules/decide.js';
import { type DiffLine, diffLists } from './diff-lists.js';
import type { Rule } from '../rules/rule.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { RuleTest } from './rule-test.js';
import { count } from '../shared/count.js';

/** How one test ended. */
export interface TestResult {
  readonly test: RuleTest;
  /** Null when it passed. */
  readonly mismatch: Mismatch | null;
}

/** In what the outcome differs from the wanted one. */
export interface Mismatch {
  /** An action a line; null when they are as wanted. */
  readonly actions: readonly DiffLine[] | null;
  /** A rule's name a line; null when they are as wanted. */
  readonly rules: readonly DiffLine[] | null;
  /** Rules that should act and do not. */
  readonly missing: readonly string[];
  /** Rules that act and should not. */
  readonly unwanted: readonly string[];
}

/** What the rules made of a test's message. */
export interface TestOutcome {
  readonly facts: Facts;
  readonly acting: readonly Rule[];
  readonly composition: Composition;
}

/**
 * Runs one test. Pure: it decides and composes as the service does for a delivery, and nothing else happens.
 *
 * The mailbox catalogue is not asked: tests are of the rules, and must not turn red because a tag went missing in Emailgistics.
 */
export function runRuleTest(ruleSet: RuleSet, test: RuleTest): TestResult {
  const { acting, composition } = decideTest(ruleSet, test);
  const names = acting.map(({ name }) => name);
  const { actions, rules, notRules } = test.expect;
  const mismatch: Mismatch = {
    actions: actions && diffLists(actions.map(toLine), composition.actions.map(toLine)),
    rules: rules && diffLists(rules, names),
    missing: rules?.filter((name) => !names.includes(name)) ?? [],
    unwanted: names.filter((name) => notRules.includes(name) || rules?.includes(name) === false),
  };
  const isPassed = mismatch.actions === null && mismatch.rules === null && mismatch.unwanted.length === 0;
  return { test, mismatch: isPassed ? null : mismatch };
}

export function decideTest(ruleSet: RuleSet, { delivery, found, now }: RuleTest): TestOutcome {
  const facts = buildFacts(delivery, found, now, ruleSet.lists);
  const { acting } = decide(ruleSet, facts);
  return { facts, acting, composition: composeActions(acting, facts, null) };
}

/** A mismatch in one line. */
export function summarise({ actions, rules, missing, unwanted }: Mismatch): string {
  const parts = [
    ...(missing.length > 0 ? [`${listOf(missing)} should act`] : []),
    ...(unwanted.length > 0 ? [`${listOf(unwanted)} should not act`] : []),
  ];
  if (parts.length === 0 && rules !== null) parts.push('the rules act in another order');
  if (actions !== null) parts.push(summariseActions(actions));
  return parts.join('; ');
}

function summariseActions(lines: readonly DiffLine[]): string {
  const texts = (sign: DiffLine['sign']) => lines.filter((line) => line.sign === sign).map(({ text }) => text);
  const [absent, extra] = [texts('-'), texts('+')];
  if (String(absent.toSorted()) === String(extra.toSorted())) return 'the actions come in another order';
  return [
    ...(absent.length > 0 ? [`${count(absent.length, 'wanted action')} missing`] : []),
    ...(extra.length > 0 ? [`${count(extra.length, 'action')} not wanted`] : []),
  ].join(', ');
}

const MOST_NAMES = 3;

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => `"${name}"`);
  return [...shown, ...(names.length > MOST_NAMES ? [`${names.length - MOST_NAMES} more`] : [])].join(', ');
}

/** An action in one line that is equal for equal actions: the keys of its value stand in the order of the alphabet. */
export function toLine({ type, name, value }: { type: string; name?: string; value: object }): string {
  return JSON.stringify({ type, ...(name === undefined ? {} : { name }), value: sortKeys(value) });
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
