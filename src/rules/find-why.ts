import { formatPath } from '../facts/fact-path.js';
import { type CompiledCondition, FALSE, type Reading, TRUE, type Truth } from './compile-condition.js';
import type { RuleSet } from './rule-set.js';
import type { NearMiss, Why } from './verdict.js';

/**
 * The condition that settled a tree: the first that makes an `all` false or an `any` true, the first unknown one when nothing
 * settled it, the last one of an `all` that holds. Null for a tree without conditions.
 */
export function findWhy(ruleSet: RuleSet, condition: CompiledCondition, reading: Reading): Why | null {
  const decider = findDecider(condition, reading);
  return decider === null ? null : describe(ruleSet, decider, reading);
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

function findDecider(condition: CompiledCondition, reading: Reading): CompiledCondition | null {
  const { kind, children } = condition;
  if (kind === 'leaf') return condition;
  if (kind === 'not') return findDecider(children[0]!, reading);
  const truth: Truth = condition.evaluate(reading);
  const isSettledByOne = kind === 'all' ? truth === FALSE : truth === TRUE;
  const decider =
    isSettledByOne || (truth !== TRUE && truth !== FALSE)
      ? children.find((child) => child.evaluate(reading) === truth)
      : children.at(-1);
  return decider === undefined ? null : findDecider(decider, reading);
}

function describe({ conditionLocations, program }: RuleSet, { at, leaf }: CompiledCondition, reading: Reading): Why {
  const { slot, operator, wanted } = leaf!;
  return {
    location: conditionLocations[at]!,
    fact: formatPath(program.slots[slot]!.segments),
    operator,
    wanted: wanted(reading),
    read: program.readRaw(slot, reading.facts),
  };
}
