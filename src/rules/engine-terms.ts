import type { Engine } from 'json-rules-engine';
import { parsePath, type PathSegments } from '../facts/fact-path.js';
import type { ConditionValue, DecoratedOperator } from './condition-parts.js';

/** How our conditions stand in json-rules-engine, and the parts of it that are not in its types. */

/** The pseudo-fact that pairs an operator's value with the time of the evaluation. */
export const WITH_NOW = '@with-now';
export const OPERATORS_THAT_READ_NOW = ['withinLast', 'someItem'];

export interface WithNow {
  readonly value: unknown;
  readonly now: string;
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

/** The path in the form that the almanac reads. */
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

/** Whether a value stands for a whole reference table, not for something in one. */
export function isListReference(value: unknown): value is { readonly fact: 'lists'; readonly path: string } {
  if (!isReferenceTo(value, 'lists')) return false;
  const { path } = value as { path?: string };
  return path !== undefined && parsePath(path)?.length === 1;
}

/** The name of the list that a value stands for. */
export function listNameOf({ path }: { readonly path: string }): string {
  return String(parsePath(path)?.[0]);
}

/** Whether a value stands for a literal paired with the time. */
export function isTimed(value: unknown): value is { readonly params: { readonly value: unknown } } {
  return isReferenceTo(value, WITH_NOW);
}

/** Whether a value stands for a field of the item that `someItem` looks at. */
export function isItemReference(value: unknown): value is { readonly path?: string } {
  return isReferenceTo(value, 'item');
}

function isReferenceTo(value: unknown, fact: string): boolean {
  return typeof value === 'object' && value !== null && (value as { fact?: unknown }).fact === fact;
}
