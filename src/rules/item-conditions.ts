import type { Engine } from 'json-rules-engine';
import { parsePath, readPath } from '../facts/fact-path.js';
import type { JsonValue } from '../facts/facts.js';
import { isItemReference, isListReference, isTimed, listNameOf, operatorNamed } from './engine-terms.js';

/** Whether one entry of a list meets the conditions that `someItem` asks of it. `now` is the time of the evaluation. */
export type ItemTest = (item: unknown, now: string) => boolean;

/** A condition on an item, in the form that `readCondition` gives. */
interface ItemCondition {
  readonly all?: readonly ItemCondition[];
  readonly any?: readonly ItemCondition[];
  readonly not?: ItemCondition;
  readonly path?: string;
  readonly operator: string;
  readonly value: unknown;
}

/** Makes a closure of the conditions on an item; its comparisons are the engine's operators. */
export function compileItemTest(
  engine: Engine,
  lists: Readonly<Record<string, JsonValue>>,
  conditions: unknown,
): ItemTest {
  const compile = ({ all, any, not, path, operator, value }: ItemCondition): ItemTest => {
    if (all !== undefined) {
      const tests = all.map(compile);
      return (item, now) => tests.every((test) => test(item, now));
    }
    if (any !== undefined) {
      const tests = any.map(compile);
      return (item, now) => tests.some((test) => test(item, now));
    }
    if (not !== undefined) {
      const test = compile(not);
      return (item, now) => !test(item, now);
    }
    const segments = path === undefined ? [] : (parsePath(path) ?? []);
    const comparison = operatorNamed(engine, operator);
    if (isTimed(value))
      return (item, now) => comparison.evaluate(readPath(item, segments), { value: value.params.value, now }) === true;
    if (isItemReference(value)) {
      const other = value.path === undefined ? [] : (parsePath(value.path) ?? []);
      return (item) => comparison.evaluate(readPath(item, segments), readPath(item, other)) === true;
    }
    const wanted = isListReference(value) ? lists[listNameOf(value)] : value;
    return (item) => comparison.evaluate(readPath(item, segments), wanted) === true;
  };
  return compile(conditions as ItemCondition);
}
