import { Almanac, Engine, Rule as EngineRule, type TopLevelCondition } from 'json-rules-engine';
import { parsePath, readPath, type PathSegments } from '../facts/fact-path.js';
import type { Facts } from '../facts/facts.js';
import type { DecoratedOperator } from './check-operand.js';
import { OPERATORS } from './operators.js';
import type { ConditionValue, EngineCondition } from './read-conditions.js';

/**
 * json-rules-engine as this service uses it: it holds the rules, the named conditions and the operators, and evaluates one
 * rule at a time. `engine.run()` is never called: runs on a shared engine cut each other short (docs/decisions/0002).
 */

/** The pseudo-fact that pairs an operator's value with the time of the evaluation. */
const WITH_NOW = '@with-now';
const OPERATORS_THAT_READ_NOW = ['withinLast'];

interface WithNow {
  readonly value: unknown;
  readonly now: string;
}

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

/** An engine that knows all operators and these named conditions. */
export function createEngine(conditions: ReadonlyMap<string, EngineCondition>): Engine {
  const engine = new Engine();
  for (const [name, { prepare, ignoresCase = false }] of Object.entries(OPERATORS)) {
    if (prepare === undefined) continue;
    const prepared = new Map<unknown, ReturnType<typeof prepare>>();
    const fold = (fact: unknown) => (ignoresCase && typeof fact === 'string' ? fact.toLowerCase() : fact);
    const prepareOnce = (value: unknown) => {
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

interface OpenEngine {
  readonly conditions: ReadonlyMap<string, unknown>;
  readonly operators: { get(name: string): EvaluatingOperator };
}

/** An operator with its decorators applied, as json-rules-engine calls it. */
export interface EvaluatingOperator {
  evaluate(fact: unknown, value: unknown): unknown;
}

/** The parsed condition of this name. The engine's map is not in the package's types. */
export function conditionNamed(engine: Engine, name: string): unknown {
  return (engine as unknown as OpenEngine).conditions.get(name);
}

/** The operator as written (`not:someFact:startsWith`). The engine's map is not in the package's types. */
export function operatorNamed(engine: Engine, written: string): EvaluatingOperator {
  return (engine as unknown as OpenEngine).operators.get(written);
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

/** The path in the form that the almanac below reads. */
export function toEnginePath(segments: PathSegments): string {
  const quote = (name: string) => (name.includes("'") ? `"${name}"` : `'${name}'`);
  return `$${segments.map((segment) => `[${typeof segment === 'number' ? segment : quote(segment)}]`).join('')}`;
}

/** The value of a condition as json-rules-engine holds it: a literal, or a reference that the almanac resolves. */
export function toEngineValue({ name }: DecoratedOperator, value: ConditionValue): unknown {
  if ('fact' in value) {
    const [fact, ...path] = value.fact.segments;
    return path.length === 0 ? { fact } : { fact, path: toEnginePath(path) };
  }
  if (name === 'inList') return { fact: 'lists', path: toEnginePath([value.literal as string]) };
  if (OPERATORS_THAT_READ_NOW.includes(name)) return { fact: WITH_NOW, params: { value: value.literal } };
  return value.literal;
}

/** Whether a value stands for a reference table. */
export function isListReference(value: unknown): value is { readonly fact: 'lists'; readonly path: string } {
  return isReferenceTo(value, 'lists');
}

/** Whether a value stands for a literal paired with the time. */
export function isTimed(value: unknown): value is { readonly params: { readonly value: unknown } } {
  return isReferenceTo(value, WITH_NOW);
}

function isReferenceTo(value: unknown, fact: string): boolean {
  return typeof value === 'object' && value !== null && (value as { fact?: unknown }).fact === fact;
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
