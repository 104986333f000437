import type { KnownNames } from '../facts/check-fact-path.js';
import type { JsonDocument, JsonNode } from '../files/json-document.js';
import { type EngineCondition, readCondition } from './read-conditions.js';
import type { RuleFileParts } from './read-rule-file.js';
import type { SourceLocation } from './rule.js';

/** Deeper chains of names than this are refused: evaluating them is recursive. */
const MAX_REFERENCE_DEPTH = 100;

/** Where a name is defined. */
export interface Definition {
  readonly document: JsonDocument;
  readonly key: JsonNode;
}

export function whereIs({ document, key }: Definition): string {
  const { line, column } = document.position(key.offset);
  return `${document.file}:${line}:${column}`;
}

/** Reads the named conditions of all files; names defined twice and names that lead back to themselves are recorded. */
export function readNamedConditions(
  parts: readonly RuleFileParts[],
  known: KnownNames,
  conditionNames: ReadonlySet<string>,
  locations: SourceLocation[],
): ReadonlyMap<string, EngineCondition> {
  const conditions = new Map<string, EngineCondition>();
  const definitions = new Map<string, Definition>();
  const references = new Map<string, ReadonlySet<string>>();
  for (const { document, conditions: found } of parts) {
    for (const { name, key, node } of found) {
      const first = definitions.get(name);
      if (first !== undefined) {
        document.error(key, `duplicate condition "${name}", first defined at ${whereIs(first)}`);
        continue;
      }
      definitions.set(name, { document, key });
      const uses = new Set<string>();
      references.set(name, uses);
      const onReference = (used: string) => void uses.add(used);
      const condition = readCondition({ document, known, conditionNames, locations, onReference }, node, true);
      if (condition !== undefined) conditions.set(name, condition);
    }
  }
  reportCycles(references, definitions);
  return conditions;
}

/** Records each cycle once, at the first of its conditions. */
function reportCycles(
  references: ReadonlyMap<string, ReadonlySet<string>>,
  definitions: ReadonlyMap<string, Definition>,
): void {
  const done = new Set<string>();
  const report = (name: string, message: string) => {
    const { document, key } = definitions.get(name)!;
    document.error(key, message);
  };
  const visit = (name: string, trail: readonly string[]): void => {
    const start = trail.indexOf(name);
    if (start >= 0) {
      const cycle = [...trail.slice(start), name].map((step) => `"${step}"`).join(' → ');
      report(name, `the condition refers to itself: ${cycle}`);
    } else if (trail.length > MAX_REFERENCE_DEPTH) {
      report(trail[0]!, `conditions refer to each other more than ${MAX_REFERENCE_DEPTH} levels deep`);
    } else if (!done.has(name)) {
      for (const used of references.get(name) ?? []) visit(used, [...trail, name]);
      done.add(name);
    }
  };
  for (const name of references.keys()) visit(name, []);
}
