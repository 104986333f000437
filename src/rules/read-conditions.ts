import { checkFactPath, type KnownNames } from '../facts/check-fact-path.js';
import { parsePath } from '../facts/fact-path.js';
import { didYouMean } from '../files/did-you-mean.js';
import { type JsonDocument, type JsonNode, valueOf } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { checkOperand, parseOperator } from './check-operand.js';
import type { ConditionValue, FactReference } from './condition-parts.js';
import { toEnginePath, toEngineValue } from './engine-terms.js';
import { OPERATORS } from './operators.js';
import type { SourceLocation } from './rule.js';

/** A condition in json-rules-engine's form, with the number of its place in `locations`. */
export type EngineCondition = Readonly<Record<string, unknown>>;

export interface ConditionContext {
  readonly document: JsonDocument;
  readonly known: KnownNames;
  readonly conditionNames: ReadonlySet<string>;
  /** Filled while reading. */
  readonly locations: SourceLocation[];
  /** The named conditions met while reading, for the search for cycles. */
  readonly onReference: (name: string) => void;
  /** Inside `someItem`: conditions read the item and nothing else. */
  readonly isOnItem?: boolean;
}

const ITEM_OPERATOR = 'someItem';
const GROUP_KEYS = ['all', 'any', 'not', 'condition'] as const;
const NOTE_KEYS = ['name', 'description', 'priority'] as const;
const LEAF_KEYS = ['fact', 'path', 'operator', 'value', 'params'] as const;

/** The condition at a node; undefined (recorded) when it or anything in it has a fault. */
export function readCondition(context: ConditionContext, node: JsonNode, isRoot: boolean): EngineCondition | undefined {
  const reader = ObjectReader.of(context.document, node, 'a condition');
  if (reader === undefined) return undefined;
  const groups = GROUP_KEYS.filter((key) => reader.has(key));
  const [group, second] = groups;
  if (second !== undefined) {
    context.document.error(
      reader.keyNode(second),
      `a condition has one of "all", "any", "not", "condition"; here "${group}" stands beside it`,
    );
    return undefined;
  }
  if (group !== undefined) return readGroup(context, reader, group);
  if (reader.has('fact') || reader.has('operator') || reader.has('value')) {
    if (!isRoot) return readLeaf(context, reader);
    context.document.error(
      node,
      'the outermost condition must be "all", "any", "not" or "condition"; write { "all": [ … ] } around this one',
    );
    return undefined;
  }
  reader.allow([...GROUP_KEYS, ...LEAF_KEYS, ...NOTE_KEYS], 'a condition');
  context.document.error(node, 'a condition needs "all", "any", "not", "condition", or "fact", "operator" and "value"');
  return undefined;
}

function readGroup(
  context: ConditionContext,
  reader: ObjectReader,
  group: (typeof GROUP_KEYS)[number],
): EngineCondition | undefined {
  reader.allow([group, ...NOTE_KEYS], `"${group}"`);
  const node = reader.get(group)!;
  const at = locate(context, reader.node);
  switch (group) {
    case 'condition':
      return readReference(context, reader, at);
    case 'not': {
      const inner =
        node.type === 'array'
          ? fail(context, node, '"not" takes one condition, not a list')
          : readCondition(context, node, false);
      return inner && { not: inner, at };
    }
    case 'all':
    case 'any': {
      const nodes = reader.array(group);
      if (nodes === undefined) return undefined;
      if (group === 'any' && nodes.length === 0)
        return fail(context, node, '"any" of nothing can never hold; for "always" write { "all": [] }');
      const inner = nodes.map((child) => readCondition(context, child, false));
      return inner.includes(undefined) ? undefined : { [group]: inner, at };
    }
    default:
      return group satisfies never;
  }
}

function readReference(context: ConditionContext, reader: ObjectReader, at: number): EngineCondition | undefined {
  if (context.isOnItem === true) return fail(context, reader.node, 'inside "someItem" there are no named conditions');
  const name = reader.string('condition');
  if (name === undefined) return undefined;
  if (!context.conditionNames.has(name)) {
    return fail(
      context,
      reader.get('condition')!,
      `unknown condition "${name}"${didYouMean(name, context.conditionNames)}`,
    );
  }
  context.onReference(name);
  return { condition: name, at };
}

function readLeaf(context: ConditionContext, reader: ObjectReader): EngineCondition | undefined {
  const { document } = context;
  reader.allow([...LEAF_KEYS, ...NOTE_KEYS], 'a condition');
  if (reader.has('params')) document.warn(reader.keyNode('params'), '"params" has no effect: no fact takes any');
  for (const key of ['fact', 'operator', 'value']) reader.require(key, 'a condition');
  const fact = readFact(context, reader);
  const operator = reader.string('operator');
  const valueNode = reader.get('value');
  if (operator === undefined || valueNode === undefined) return undefined;
  const parsed = parseOperator(operator);
  if (!parsed.ok) return fail(context, reader.get('operator')!, parsed.message);
  const value =
    parsed.operator.name === ITEM_OPERATOR ? readItemConditions(context, valueNode) : readValue(context, valueNode);
  if (fact === undefined || value === undefined) return undefined;
  const message = checkOperand(parsed.operator, fact, value, context.known);
  if (message !== null) {
    const { about, entry, text } = message;
    const entryNode = entry === undefined ? undefined : valueNode.children?.[entry];
    return fail(context, about === 'operator' ? reader.get('operator')! : (entryNode ?? valueNode), text);
  }
  const [root, ...path] = fact.segments;
  return {
    fact: root,
    ...(path.length === 0 ? {} : { path: toEnginePath(path) }),
    operator,
    value: toEngineValue(parsed.operator, value),
    at: locate(context, reader.node),
  };
}

function readValue(context: ConditionContext, node: JsonNode): ConditionValue | undefined {
  if (node.type !== 'object') return { literal: valueOf(node) };
  const reader = ObjectReader.of(context.document, node, 'a value')!;
  if (!reader.has('fact'))
    return fail(
      context,
      node,
      'a value is text, a number, true, false, null, a list, or another fact: { "fact": "…" }',
    );
  reader.allow(['fact', 'path', 'params'], 'a value that is a fact');
  const fact = readFact(context, reader);
  return fact && { fact };
}

/** The conditions that an item must meet, as the value of `someItem`. */
function readItemConditions(context: ConditionContext, node: JsonNode): ConditionValue | undefined {
  if (context.isOnItem === true) return fail(context, node, '"someItem" cannot stand inside "someItem"');
  if (node.type !== 'object') {
    return fail(
      context,
      node,
      `"someItem" needs a condition, such as ${JSON.stringify(OPERATORS[ITEM_OPERATOR]?.example)}`,
    );
  }
  const condition = readCondition({ ...context, isOnItem: true }, node, true);
  return condition && { literal: condition };
}

function readFact(context: ConditionContext, reader: ObjectReader): FactReference | undefined {
  const factNode = reader.get('fact');
  const name = reader.string('fact');
  const path = reader.string('path');
  if (name === undefined || factNode === undefined || (path === undefined && reader.has('path'))) return undefined;
  const head = parsePath(`$.${name}`);
  if (head === null) return fail(context, factNode, `unknown fact "${name}"`);
  const tail = path === undefined ? [] : parsePath(path);
  if (tail === null) {
    return fail(
      context,
      reader.get('path')!,
      `"${path}" is no plain path such as $.a.b[0]; filters and wildcards are not supported`,
    );
  }
  const segments = [...head, ...tail];
  if (context.isOnItem === true) {
    if (head[0] === 'item') return { segments, field: null };
    return fail(context, factNode, `inside "someItem" a condition reads "item" or a field of it, not "${name}"`);
  }
  const check = checkFactPath(segments, context.known);
  if (check.kind === 'known') return { segments, field: check.field };
  const isAboutHead = tail.length === 0 || checkFactPath(head, context.known).kind === 'error';
  const at = isAboutHead ? factNode : reader.get('path')!;
  if (check.kind === 'error') return fail(context, at, check.message);
  context.document.warn(at, check.message, 'unmapped-field');
  return { segments, field: null };
}

function locate({ document, locations }: ConditionContext, node: JsonNode): number {
  return locations.push({ file: document.file, ...document.position(node.offset) }) - 1;
}

function fail({ document }: ConditionContext, node: JsonNode, message: string): undefined {
  document.error(node, message);
  return undefined;
}
