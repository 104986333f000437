import type { Engine } from 'json-rules-engine';
import { type PathSegments, pathsOverlap, readPath } from '../facts/fact-path.js';
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

  private constructor(
    rules: readonly Rule[],
    conditions: readonly CompiledCondition[],
    { slots, namedCount }: ConditionCompiler,
  ) {
    this.conditions = conditions;
    this.slots = slots;
    this.#namedCount = namedCount;
    this.index = new RuleIndex(rules, conditions);
  }

  /** @param turn called after each rule, so that compiling many need not hold the event loop */
  static async compile(
    engine: Engine,
    rules: readonly Rule[],
    lists: Readonly<Record<string, JsonValue>>,
    turn: () => Promise<void>,
  ): Promise<Program> {
    const compiler = new ConditionCompiler(engine, lists);
    const conditions: CompiledCondition[] = [];
    for (const rule of rules) {
      conditions.push(compiler.compile(rule.conditions.conditions));
      await turn();
    }
    return new Program(rules, conditions, compiler);
  }

  read(facts: Facts): Reading {
    return new Reading(this.slots, this.#namedCount, facts, false);
  }

  /** Reads facts of which the look-up is still to come. */
  readBeforeLookup(facts: Facts): Reading {
    return new Reading(this.slots, this.#namedCount, facts, true);
  }

  /** Which slots read any of these places, for `readPartly`. */
  hide(places: readonly PathSegments[]): Uint8Array {
    return Uint8Array.from(this.slots, ({ segments }) =>
      places.some((place) => pathsOverlap(place, segments)) ? 1 : 0,
    );
  }

  /** Reads facts of which we are not told everything. */
  readPartly(facts: Facts, hidden: Uint8Array, isPending: boolean): Reading {
    return new Reading(this.slots, this.#namedCount, facts, isPending, hidden);
  }

  /** The value at a slot as it is in the facts, without folding. */
  readRaw(slot: number, facts: Facts): unknown {
    return readPath(facts, this.slots[slot]!.segments);
  }
}
