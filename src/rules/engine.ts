import { Almanac, Engine, Rule as EngineRule, type TopLevelCondition } from 'json-rules-engine';
import { parsePath, type PathSegments, readPath } from '../facts/fact-path.js';
import type { Facts, JsonValue } from '../facts/facts.js';
import { OPERATORS_THAT_READ_NOW, WITH_NOW, type WithNow } from './engine-terms.js';
import { compileItemTest, type ItemTest } from './item-conditions.js';
import { OPERATORS } from './operators.js';
import type { EngineCondition } from './read-conditions.js';

/**
 * json-rules-engine as this service uses it: it holds the rules, the named conditions and the operators, and evaluates one
 * rule at a time. `engine.run()` is never called: runs on a shared engine cut each other short (docs/decisions/0002).
 */

/** A condition of an evaluated rule: json-rules-engine writes the results into its clone of the tree. */
export interface EvaluatedCondition {
  readonly all?: readonly EvaluatedCondition[];
  readonly any?: readonly EvaluatedCondition[];
  readonly not?: EvaluatedCondition;
  readonly fact?: string;
  readonly path?: string;
  readonly operator?: string;
  readonly value?: unknown;
  /** Index in `RuleSet.conditionLocations`. */
  readonly at: number;
  readonly result?: boolean;
  readonly factResult?: unknown;
  readonly valueResult?: unknown;
}

/** `Rule#evaluate` is not in the package's types; test/e2e/order.e2e-spec.ts holds it to what we use. */
interface EvaluatingRule {
  evaluate(almanac: Almanac): Promise<{ conditions: EvaluatedCondition; result: boolean }>;
}

/** An engine that knows all operators, these named conditions and these lists. */
export function createEngine(
  conditions: ReadonlyMap<string, EngineCondition>,
  lists: Readonly<Record<string, JsonValue>>,
): Engine {
  const engine = new Engine();
  addSomeItem(engine, lists);
  for (const [name, { prepare, ignoresCase = false }] of Object.entries(OPERATORS)) {
    if (prepare === undefined) continue;
    const prepared = new Map<unknown, ReturnType<typeof prepare>>();
    const preparedLists = new WeakMap<object, ReturnType<typeof prepare>>();
    const fold = (fact: unknown) => (ignoresCase && typeof fact === 'string' ? fact.toLowerCase() : fact);
    const prepareOnce = (value: unknown) => {
      if (typeof value === 'object' && value !== null) {
        const known = preparedLists.get(value) ?? prepare(value);
        preparedLists.set(value, known);
        return known;
      }
      const known = prepared.get(value) ?? prepare(value);
      // Values from facts differ from message to message; only what rules write is worth keeping.
      if (prepared.size < 10_000) prepared.set(value, known);
      return known;
    };
    engine.addOperator(name, (fact: unknown, value: unknown) => {
      if (!OPERATORS_THAT_READ_NOW.includes(name)) return prepareOnce(value)(fold(fact), '');
      const timed = value as WithNow;
      return prepareOnce(timed.value)(fact, timed.now);
    });
  }
  for (const [name, condition] of conditions) engine.setCondition(name, condition as unknown as TopLevelCondition);
  return engine;
}

function addSomeItem(engine: Engine, lists: Readonly<Record<string, JsonValue>>): void {
  const tests = new WeakMap<object, ItemTest>();
  engine.addOperator('someItem', (fact: unknown, { value, now }: { value: object; now: string }) => {
    if (!Array.isArray(fact)) return false;
    const test = tests.get(value) ?? compileItemTest(engine, lists, value);
    tests.set(value, test);
    return fact.some((item) => test(item, now));
  });
}

/** A rule held by the engine. The engine's event is not used: actions are ours. */
export function addRule(engine: Engine, name: string, priority: number, condition: EngineCondition): EngineRule {
  const rule = new EngineRule({
    name,
    priority,
    conditions: condition as unknown as TopLevelCondition,
    event: { type: 'matched' },
  });
  engine.addRule(rule);
  return rule;
}

/** Evaluates one rule over the facts. Every condition is evaluated, none is skipped. */
export async function evaluateRule(rule: EngineRule, almanac: Almanac): Promise<EvaluatedCondition> {
  const { conditions } = await (rule as unknown as EvaluatingRule).evaluate(almanac);
  return conditions;
}

/** The facts of one message for one evaluation: plain reads of own properties instead of promises of facts and JSONPath. */
export class FactAlmanac extends Almanac {
  static readonly #paths = new Map<string, PathSegments>();

  constructor(private readonly facts: Facts) {
    super();
  }

  override factValue<T>(factId: string, params?: Record<string, unknown>, path?: string): Promise<T> {
    return Promise.resolve(this.#read(factId, params, path) as T);
  }

  #read(factId: string, params: Record<string, unknown> | undefined, path: string | undefined): unknown {
    if (factId === WITH_NOW) return { value: params?.['value'], now: this.facts.now } satisfies WithNow;
    return readPath(this.facts, path === undefined ? [factId] : [factId, ...FactAlmanac.#segmentsOf(path)]);
  }

  static #segmentsOf(path: string): PathSegments {
    const known = FactAlmanac.#paths.get(path) ?? parsePath(path) ?? [];
    FactAlmanac.#paths.set(path, known);
    return known;
  }
}
