import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import type { JsonValue } from '../facts/facts.js';
import { type Fault, hasErrors, sortFaults } from '../files/fault.js';
import { JsonDocument, type JsonNode } from '../files/json-document.js';
import { addRule, createEngine } from './engine.js';
import { Program } from './program.js';
import { type EngineCondition, readCondition } from './read-conditions.js';
import { readRule, readRuleFile, type RuleDraft, type RuleFileParts } from './read-rule-file.js';
import { listName, type ReferenceList, readReferenceList } from './reference-lists.js';
import type { SourceLocation } from './rule.js';
import type { RuleSet } from './rule-set.js';

export interface LoadOptions {
  /** The customer's fields that some CRM provider maps; null when unknown. */
  readonly customerFields: readonly string[] | null;
}

export type RulesLoad =
  | { readonly ok: true; readonly ruleSet: RuleSet; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const MAX_FILE_BYTES = 5_000_000;
const MAX_REFERENCE_DEPTH = 100;

/** One file of the folder as it was read. */
interface SourceFile {
  /** Relative to the rules folder, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Loads all rule files and lists of a folder; all faults are found together, and any error rejects the whole. */
export async function loadRules(folder: string, options: LoadOptions): Promise<RulesLoad> {
  let paths: string[];
  try {
    paths = await listFolder(folder);
  } catch (error) {
    return { ok: false, faults: [wholeFile(folder, `cannot read the rules folder (${reasonOf(error)})`)] };
  }
  const reads = await Promise.all(paths.map((path) => readSource(folder, path)));
  const faults = reads.filter((read) => 'message' in read);
  if (faults.length > 0) return { ok: false, faults };
  return buildRuleSet(
    folder,
    reads.filter((read) => 'bytes' in read),
    options,
  );
}

function buildRuleSet(folder: string, files: readonly SourceFile[], options: LoadOptions): RulesLoad {
  const nameOf = ({ path }: SourceFile) => join(folder, path);
  const ruleFiles = files.filter(({ path }) => isRuleFile(path));
  if (ruleFiles.length === 0)
    return { ok: false, faults: [wholeFile(folder, 'no rule file (*.json) in the rules folder')] };
  const { lists, faults: listFaults } = readLists(folder, files);
  const parts = ruleFiles.map((file) => readRuleFile(readDocument(nameOf(file), file.bytes)));
  const draft = readParts(parts, { customerFields: options.customerFields, listNames: Object.keys(lists) });
  const faults = sortFaults([...listFaults, ...parts.flatMap(({ document }) => document.faults)]);
  if (hasErrors(faults)) return { ok: false, faults };
  const engine = createEngine(draft.conditions);
  const rules = draft.rules
    .toSorted((a, b) => b.priority - a.priority)
    .map(({ condition, nameNode: _, ...rule }) =>
      Object.freeze({ ...rule, conditions: addRule(engine, rule.name, rule.priority, condition) }),
    );
  const program = new Program(engine, rules, lists);
  const ruleSet = {
    revision: revisionOf(files),
    rules,
    program,
    lists,
    conditionLocations: draft.locations,
    files: ruleFiles.map(nameOf),
  };
  return { ok: true, ruleSet: Object.freeze(ruleSet), warnings: faults };
}

interface PartsDraft {
  readonly conditions: ReadonlyMap<string, EngineCondition>;
  readonly rules: readonly RuleDraft[];
  readonly locations: readonly SourceLocation[];
}

interface NamesOutside {
  readonly customerFields: readonly string[] | null;
  readonly listNames: readonly string[];
}

function readParts(parts: readonly RuleFileParts[], known: NamesOutside): PartsDraft {
  const named = parts.flatMap(({ document, conditions }) =>
    conditions.map((condition) => ({ document, ...condition })),
  );
  const conditionNames = named.map(({ name }) => name);
  const locations: SourceLocation[] = [];
  const conditions = new Map<string, EngineCondition>();
  const definitions = new Map<string, Definition>();
  const references = new Map<string, Set<string>>();
  for (const { document, name, key, node } of named) {
    const first = definitions.get(name);
    if (first !== undefined) {
      document.error(key, `duplicate condition "${name}", first defined at ${whereIs(first)}`);
      continue;
    }
    definitions.set(name, { document, key });
    const uses = new Set<string>();
    references.set(name, uses);
    const context = { document, known, conditionNames, locations, onReference: (used: string) => void uses.add(used) };
    const condition = readCondition(context, node, true);
    if (condition !== undefined) conditions.set(name, condition);
  }
  reportCycles(references, definitions);
  const rules = parts.flatMap(({ document, rules: nodes }) =>
    nodes.flatMap(
      (node) => readRule({ document, known, conditionNames, locations, onReference: () => undefined }, node) ?? [],
    ),
  );
  reportDuplicateRules(rules, parts);
  return { conditions, rules, locations };
}

interface Definition {
  readonly document: JsonDocument;
  readonly key: JsonNode;
}

function whereIs({ document, key }: Definition): string {
  const { line, column } = document.position(key.offset);
  return `${document.file}:${line}:${column}`;
}

function reportDuplicateRules(rules: readonly RuleDraft[], parts: readonly RuleFileParts[]): void {
  const first = new Map<string, Definition>();
  for (const { name, nameNode, location } of rules) {
    const { document } = parts.find((part) => part.document.file === location.file)!;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, { document, key: nameNode });
    else document.error(nameNode, `duplicate rule "${name}", first defined at ${whereIs(earlier)}`);
  }
}

/** Records each cycle of named conditions once, at the first of them. */
function reportCycles(
  references: ReadonlyMap<string, ReadonlySet<string>>,
  definitions: ReadonlyMap<string, Definition>,
): void {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    const start = trail.indexOf(name);
    if (start >= 0) {
      const { document, key } = definitions.get(name)!;
      const cycle = [...trail.slice(start), name].map((step) => `"${step}"`).join(' → ');
      document.error(key, `the condition refers to itself: ${cycle}`);
      return;
    }
    if (done.has(name)) return;
    if (trail.length > MAX_REFERENCE_DEPTH) {
      const { document, key } = definitions.get(trail[0]!)!;
      document.error(key, `conditions refer to each other more than ${MAX_REFERENCE_DEPTH} levels deep`);
      return;
    }
    for (const used of references.get(name) ?? []) visit(used, [...trail, name]);
    done.add(name);
  };
  for (const name of references.keys()) visit(name, []);
}

function readLists(
  folder: string,
  files: readonly SourceFile[],
): { lists: Readonly<Record<string, JsonValue>>; faults: Fault[] } {
  const lists: Record<string, ReferenceList> = {};
  const faults: Fault[] = [];
  const paths = new Map<string, string>();
  for (const { path, bytes } of files.filter((file) => isListFile(file.path))) {
    const name = listName(path);
    const earlier = paths.get(name);
    if (earlier !== undefined) {
      faults.push({ ...wholeFile(join(folder, path), `duplicate list "${name}", also ${join(folder, earlier)}`) });
      continue;
    }
    paths.set(name, path);
    const read = readReferenceList(join(folder, path), bytes);
    if ('list' in read) lists[name] = read.list;
    else faults.push(...read.faults);
  }
  return { lists, faults };
}

function readDocument(file: string, bytes: Uint8Array): JsonDocument {
  if (bytes.length <= MAX_FILE_BYTES) return new JsonDocument(file, bytes);
  const document = new JsonDocument(file, Buffer.from('null'));
  document.error(0, `the file is larger than ${MAX_FILE_BYTES / 1e6} MB`);
  return document;
}

/** The paths of all files below the folder that count, in order. Hidden ones do not: editors and Kubernetes put theirs there. */
async function listFolder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries
    .map((entry) => entry.split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .filter((path) => isRuleFile(path) || isListFile(path))
    .toSorted();
}

async function readSource(folder: string, path: string): Promise<SourceFile | Fault> {
  try {
    return { path, bytes: await readFile(join(folder, path)) };
  } catch (error) {
    return wholeFile(join(folder, path), `cannot read the file (${reasonOf(error)})`);
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unreadable';
}

function isRuleFile(path: string): boolean {
  return (
    path.endsWith('.json') && !path.endsWith('.test.json') && !path.startsWith('schema/') && !path.startsWith('lists/')
  );
}

function isListFile(path: string): boolean {
  return path.startsWith('lists/') && /\.(json|csv)$/.test(path);
}

function revisionOf(files: readonly SourceFile[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes } of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex').slice(0, 12);
}

function wholeFile(path: string, message: string): Fault {
  return { severity: 'error', file: normalize(path), line: 1, column: 1, message, source: '' };
}
