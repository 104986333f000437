import type { KnownNames } from '../facts/check-fact-path.js';
import type { JsonValue } from '../facts/facts.js';
import { type Fault, hasErrors, sortFaults } from '../files/fault.js';
import { addRule, createEngine } from './engine.js';
import { Program } from './program.js';
import type { EngineCondition } from './read-conditions.js';
import { type Definition, readNamedConditions, whereIs } from './read-named-conditions.js';
import { readRule, readRuleFile, type RuleDraft, type RuleFileParts } from './read-rule-file.js';
import { listName, type ReferenceList, readReferenceList } from './reference-lists.js';
import type { Rule, SourceLocation } from './rule.js';
import type { RuleSet } from './rule-set.js';
import { readDocument, readRulesFolder, revisionOf, type SourceFile, wholeFile } from './rules-folder.js';
import { Slices } from './slices.js';

export interface LoadOptions {
  /** The customer's fields that some CRM provider maps; null when unknown. */
  readonly customerFields: readonly string[] | null;
}

export interface LoadedRules {
  readonly ok: true;
  readonly ruleSet: RuleSet;
  readonly warnings: readonly Fault[];
  /** What it was made of, to be kept or compared. */
  readonly files: readonly SourceFile[];
}

export type RulesLoad = LoadedRules | { readonly ok: false; readonly faults: readonly Fault[] };

/** A way to load a folder: `loadRules`, or `loadTestedRules`, which runs its tests as well. */
export type RulesLoader = (folder: string, options: LoadOptions) => Promise<RulesLoad>;

/**
 * Loads all rule files and lists of a folder; all faults are found together, and any error rejects the whole.
 *
 * Works in slices: deliveries go on while a thousand rules are read.
 */
export async function loadRules(folder: string, options: LoadOptions): Promise<RulesLoad> {
  const read = await readRulesFolder(folder);
  return read.ok ? buildRuleSet(read.files, options) : read;
}

/** Makes a rule set of files that were read. */
export async function buildRuleSet(files: readonly SourceFile[], options: LoadOptions): Promise<RulesLoad> {
  const slices = new Slices();
  const { lists, faults: listFaults } = readLists(files);
  const parts: RuleFileParts[] = [];
  for (const { file, bytes } of files.filter(({ kind }) => kind === 'rules')) {
    parts.push(readRuleFile(readDocument(file, bytes)));
    await slices.turn();
  }
  const draft = await readParts(parts, { ...options, listNames: Object.keys(lists) }, slices);
  const faults = sortFaults([...listFaults, ...parts.flatMap(({ document }) => document.faults)]);
  if (hasErrors(faults)) return { ok: false, faults };
  const engine = createEngine(draft.conditions, lists);
  const rules: Rule[] = [];
  for (const { condition, nameNode: _, ...rule } of draft.rules.toSorted((a, b) => b.priority - a.priority)) {
    rules.push(Object.freeze({ ...rule, conditions: addRule(engine, rule.name, rule.priority, condition) }));
    await slices.turn();
  }
  const program = await Program.compile(engine, rules, lists, () => slices.turn());
  const ruleSet: RuleSet = {
    revision: revisionOf(files),
    rules,
    program,
    lists,
    conditionLocations: draft.locations,
    files: parts.map(({ document }) => document.file),
  };
  return { ok: true, ruleSet: Object.freeze(ruleSet), warnings: faults, files };
}

interface PartsDraft {
  readonly conditions: ReadonlyMap<string, EngineCondition>;
  readonly rules: readonly RuleDraft[];
  readonly locations: readonly SourceLocation[];
}

async function readParts(parts: readonly RuleFileParts[], known: KnownNames, slices: Slices): Promise<PartsDraft> {
  const conditionNames = new Set(parts.flatMap(({ conditions }) => conditions.map(({ name }) => name)));
  const locations: SourceLocation[] = [];
  const conditions = readNamedConditions(parts, known, conditionNames, locations);
  const rules: RuleDraft[] = [];
  const definitions = new Map<string, Definition>();
  for (const { document, rules: nodes } of parts) {
    for (const node of nodes) {
      await slices.turn();
      const rule = readRule({ document, known, conditionNames, locations, onReference: () => undefined }, node);
      if (rule === undefined) continue;
      const first = definitions.get(rule.name);
      if (first !== undefined)
        document.error(rule.nameNode, `duplicate rule "${rule.name}", first defined at ${whereIs(first)}`);
      else definitions.set(rule.name, { document, key: rule.nameNode });
      rules.push(rule);
    }
  }
  return { conditions, rules, locations };
}

function readLists(files: readonly SourceFile[]): {
  lists: Readonly<Record<string, JsonValue>>;
  faults: readonly Fault[];
} {
  const lists: Record<string, ReferenceList> = {};
  const faults: Fault[] = [];
  const definedBy = new Map<string, string>();
  for (const { file, path, bytes } of files.filter(({ kind }) => kind === 'list')) {
    const name = listName(path);
    const earlier = definedBy.get(name);
    if (earlier !== undefined) {
      faults.push(wholeFile(file, `duplicate list "${name}", also ${earlier}`));
      continue;
    }
    definedBy.set(name, file);
    const read = readReferenceList(file, bytes);
    if ('list' in read) lists[name] = read.list;
    else faults.push(...read.faults);
  }
  return { lists, faults };
}
