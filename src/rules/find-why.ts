import { formatPath } from '../facts/fact-path.js';
import { type CompiledCondition, FALSE, type Reading, TRUE, type Truth, UNKNOWN } from './compile-condition.js';
import type { RuleSet } from './rule-set.js';
import type { NearMiss, Why } from './verdict.js';

/**
 * The condition that settled a tree: the first that makes an `all` false or an `any` true, the first unknown one when nothing
 * settled it, the last one of an `all` that holds. Null for a tree without conditions.
 */
export function findWhy(ruleSet: RuleSet, condition: CompiledCondition, reading: Reading): Why | null {
  const decider = findDecider(condition, reading, false);
  return decider === null ? null : describe(ruleSet, decider, reading);
}

/** A leaf that settled a tree, and whether by the opposite of what it says. */
interface Decider {
  readonly condition: CompiledCondition;
  readonly isNegated: boolean;
}

/** How near an `all` came to hold: how many of its conditions did, and which did not. Null for other trees. */
export function findNearMiss(ruleSet: RuleSet, condition: CompiledCondition, reading: Reading): NearMiss | null {
  if (condition.kind !== 'all' || condition.children.length < 2) return null;
  const missing = condition.children.filter((child) => child.evaluate(reading) !== TRUE);
  return {
    held: condition.children.length - missing.length,
    of: condition.children.length,
    missing: missing.flatMap((child) => findWhy(ruleSet, child, reading) ?? []),
  };
}

function findDecider(condition: CompiledCondition, reading: Reading, isNegated: boolean): Decider | null {
  const { kind, children } = condition;
  if (kind === 'leaf') return { condition, isNegated };
  if (kind === 'not') return findDecider(children[0]!, reading, !isNegated);
  const truth: Truth = condition.evaluate(reading);
  const isSettledByOne = truth === UNKNOWN || truth === (kind === 'all' ? FALSE : TRUE);
  const child = isSettledByOne ? children.find((candidate) => candidate.evaluate(reading) === truth) : children.at(-1);
  return child === undefined ? null : findDecider(child, reading, isNegated);
}

function describe(
  { conditionLocations, program }: RuleSet,
  { condition: { at, leaf }, isNegated }: Decider,
  reading: Reading,
): Why {
  const { slot, otherSlot, operator, wanted } = leaf!;
  return {
    location: conditionLocations[at]!,
    fact: formatPath(program.slots[slot]!.segments),
    operator,
    isNegated,
    wanted: wanted(reading),
    ...(otherSlot === null ? {} : { wantedFact: formatPath(program.slots[otherSlot]!.segments) }),
    read: program.readRaw(slot, reading.facts),
  };
}
