import { valueOf, JsonDocument } from '../files/json-document.js';
import type { SourceFile } from './rules-folder.js';

/** A difference between two sets of rule files. */
export interface RulesDifference {
  readonly what: 'rule' | 'condition' | 'list' | 'order';
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Of a changed rule: the keys that differ. */
  readonly keys: readonly string[];
}

interface Contents {
  readonly rules: ReadonlyMap<string, Record<string, unknown>>;
  readonly conditions: ReadonlyMap<string, unknown>;
  readonly lists: ReadonlyMap<string, unknown>;
}

/**
 * What a new set of files would change, by the names of rules, conditions and lists; how they are spread over files does not count.
 *
 * @param before, after files that were loaded without a fault
 */
export function diffRules(before: readonly SourceFile[], after: readonly SourceFile[]): RulesDifference[] {
  const old = readContents(before);
  const next = readContents(after);
  return [
    ...diffMaps('rule', old.rules, next.rules),
    ...diffMaps('condition', old.conditions, next.conditions),
    ...diffMaps('list', old.lists, next.lists),
    ...diffOrder([...old.rules.keys()], [...next.rules.keys()]),
  ];
}

function readContents(files: readonly SourceFile[]): Contents {
  const rules = new Map<string, Record<string, unknown>>();
  const conditions = new Map<string, unknown>();
  const lists = new Map<string, unknown>();
  for (const { file, path, kind, bytes } of files) {
    if (kind === 'list') lists.set(path, Buffer.from(bytes).toString('utf8'));
    if (kind !== 'rules') continue;
    const { root } = new JsonDocument(file, bytes);
    const content = (root === undefined ? {} : valueOf(root)) as {
      rules?: Record<string, unknown>[];
      conditions?: object;
    };
    for (const rule of content.rules ?? []) rules.set(String(rule['name']), rule);
    for (const [name, condition] of Object.entries(content.conditions ?? {})) conditions.set(name, condition);
  }
  return { rules, conditions, lists };
}

function diffMaps(
  what: RulesDifference['what'],
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): RulesDifference[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    if (!after.has(name)) return { what, name, change: 'removed', keys: [] } as const;
    if (!before.has(name)) return { what, name, change: 'added', keys: [] } as const;
    const keys = changedKeys(before.get(name), after.get(name));
    return keys === null ? [] : ({ what, name, change: 'changed', keys } as const);
  });
}

/** Null when both are equal; the keys that differ, when both are objects. */
function changedKeys(before: unknown, after: unknown): string[] | null {
  if (isEqual(before, after)) return null;
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) return [];
  const [old, next] = [before, after] as Record<string, unknown>[];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !isEqual(old?.[key], next?.[key]),
  );
}

/** Whether rules that both sets have would act in another order although nothing else says so. */
function diffOrder(before: readonly string[], after: readonly string[]): RulesDifference[] {
  const kept = new Set(after);
  const old = before.filter((name) => kept.has(name));
  const known = new Set(old);
  const next = after.filter((name) => known.has(name));
  const first = next.find((name, index) => name !== old[index]);
  return first === undefined ? [] : [{ what: 'order', name: first, change: 'changed', keys: [] }];
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
