import { formatPath } from '../facts/fact-path.js';
import { type CompiledCondition, FALSE, TRUE } from '../rules/compile-condition.js';
import { explain } from '../rules/decide.js';
import type { Rule, SourceLocation } from '../rules/rule.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { RuleTest } from './rule-test.js';
import { decideTest } from './run-rule-tests.js';
import type { Explanation } from '../rules/verdict.js';

/** One comparison of the rules, and how the tests saw it. */
export interface ConditionCoverage {
  readonly location: SourceLocation;
  readonly fact: string;
  readonly operator: string;
  readonly seenTrue: boolean;
  readonly seenFalse: boolean;
}

/** How much of the rules the tests have seen. Rules that are switched off do not count: no test can reach them. */
export interface Coverage {
  /** In the order of the rules, each comparison once, however many rules use it by its name. */
  readonly conditions: readonly ConditionCoverage[];
  /** Outcomes seen, of two for each comparison; 1 when there is none. */
  readonly ratio: number;
  /** Rules that no test asks: all are for another mailbox, outside the rule's dates, or end at a rule that stops. */
  readonly unreachedRules: readonly Pick<Rule, 'name' | 'location'>[];
}

interface SeenCondition {
  readonly condition: CompiledCondition;
  seenTrue: boolean;
  seenFalse: boolean;
}

/** Sees which outcomes of which comparisons tests show. Every comparison of a rule is evaluated, where deciding stops at the first that settles it. */
export class CoverageRecorder {
  readonly #byRule: readonly (readonly SeenCondition[])[];
  readonly #seen = new Map<number, SeenCondition>();
  readonly #reached = new Set<string>();

  constructor(private readonly ruleSet: RuleSet) {
    this.#byRule = ruleSet.rules.map(({ enabled }, position) =>
      enabled ? leavesOf(ruleSet.program.conditions[position]!).map((leaf) => this.#seenOf(leaf)) : [],
    );
  }

  record(test: RuleTest): void {
    const { facts } = decideTest(this.ruleSet, test);
    const reading = this.ruleSet.program.read(facts);
    explain(this.ruleSet, facts).forEach((explanation, position) => {
      if (!isAsked(explanation)) return;
      this.#reached.add(explanation.rule);
      for (const seen of this.#byRule[position]!) {
        const truth = seen.condition.evaluate(reading);
        if (truth === TRUE) seen.seenTrue = true;
        else if (truth === FALSE) seen.seenFalse = true;
      }
    });
  }

  result(): Coverage {
    const { rules, program, conditionLocations } = this.ruleSet;
    const seen = [...this.#seen.values()];
    const outcomes = seen.reduce((sum, { seenTrue, seenFalse }) => sum + Number(seenTrue) + Number(seenFalse), 0);
    return {
      conditions: seen.map(({ condition: { at, leaf }, seenTrue, seenFalse }) => ({
        location: conditionLocations[at]!,
        fact: formatPath(program.slots[leaf!.slot]!.segments),
        operator: leaf!.operator,
        seenTrue,
        seenFalse,
      })),
      ratio: seen.length === 0 ? 1 : outcomes / (2 * seen.length),
      unreachedRules: rules
        .filter(({ name, enabled }) => enabled && !this.#reached.has(name))
        .map(({ name, location }) => ({ name, location })),
    };
  }

  /** A named condition is the same for every rule that uses it. */
  #seenOf(condition: CompiledCondition): SeenCondition {
    const seen = this.#seen.get(condition.at) ?? { condition, seenTrue: false, seenFalse: false };
    this.#seen.set(condition.at, seen);
    return seen;
  }
}

function leavesOf(condition: CompiledCondition): CompiledCondition[] {
  return condition.kind === 'leaf' ? [condition] : condition.children.flatMap(leavesOf);
}

/** Whether the rule's conditions had a say. */
function isAsked({ skipped }: Explanation): boolean {
  return skipped === undefined || skipped === 'lost_group';
}
