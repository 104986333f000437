import type { Engine } from 'json-rules-engine';
import { readPath } from '../facts/fact-path.js';
import type { Facts, JsonValue } from '../facts/facts.js';
import { type CompiledCondition, ConditionCompiler, Reading, type Slot } from './compile-condition.js';
import type { Rule } from './rule.js';
import { RuleIndex } from './rule-index.js';

/** The rules of a set as closures, made once at load. */
export class Program {
  /** By position in rule order. */
  readonly conditions: readonly CompiledCondition[];
  readonly slots: readonly Slot[];
  readonly index: RuleIndex;
  readonly #namedCount: number;

  constructor(engine: Engine, rules: readonly Rule[], lists: Readonly<Record<string, JsonValue>>) {
    const compiler = new ConditionCompiler(engine, lists);
    this.conditions = rules.map(({ conditions }) => compiler.compile(conditions.conditions));
    this.slots = compiler.slots;
    this.#namedCount = compiler.namedCount;
    this.index = new RuleIndex(rules, this.conditions, this.slots);
  }

  read(facts: Facts): Reading {
    return new Reading(this.slots, this.#namedCount, facts);
  }

  /** The value at a slot as it is in the facts, without folding. */
  readRaw(slot: number, facts: Facts): unknown {
    return readPath(facts, this.slots[slot]!.segments);
  }
}
