import { JsonDocument, type JsonNode } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { AtomReader } from './lint-atom.js';
import { Case, type Conflict } from './lint-case.js';
import { casesOf, FormulaReader, type NamedCondition } from './lint-formula.js';
import { whereIs } from '../rules/read-named-conditions.js';
import { readRuleFile } from '../rules/read-rule-file.js';
import type { Rule } from '../rules/rule.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { SourceFile } from '../rules/rules-folder.js';

/** A rule with its text. */
export interface LintRule {
  readonly rule: Rule;
  readonly document: JsonDocument;
  readonly reader: ObjectReader;
  /** The ways in which its conditions can hold; null when they are too many to look at. */
  readonly cases: readonly Case[] | null;
  /** False when it is certain that it never does. */
  readonly canMatch: boolean;
  /** Why it cannot; null when it can, and when that needs no two conditions. */
  readonly conflict: Conflict | null;
}

export interface LintCondition extends NamedCondition {
  readonly name: string;
  readonly key: JsonNode;
}

/** Rule files that are known to have no fault, as the linter reads them. */
export interface LintSource {
  readonly documents: readonly JsonDocument[];
  readonly conditions: readonly LintCondition[];
  /** In rule order. */
  readonly rules: readonly LintRule[];
}

export function readLintSource(ruleSet: RuleSet, files: readonly SourceFile[]): LintSource {
  const parts = files
    .filter(({ kind }) => kind === 'rules')
    .map(({ file, bytes }) => readRuleFile(new JsonDocument(file, bytes)));
  const conditions = parts.flatMap(({ document, conditions: found }) =>
    found.map((condition) => ({ ...condition, document })),
  );
  const formulas = new FormulaReader(
    new AtomReader(ruleSet.lists),
    new Map(conditions.map((condition) => [condition.name, condition])),
  );
  const readers = new Map(
    parts
      .flatMap(({ document, rules }) => rules.map((node) => ObjectReader.of(document, node, 'a rule')!))
      .map((reader) => [reader.string('name')!, reader]),
  );
  const rules = ruleSet.rules.map((rule) => readLintRule(rule, readers.get(rule.name)!, formulas));
  return { documents: parts.map(({ document }) => document), conditions, rules };
}

function readLintRule(rule: Rule, reader: ObjectReader, formulas: FormulaReader): LintRule {
  const { document } = reader;
  const conjunctions = casesOf(formulas.read(document, reader.get('conditions')!));
  // A rule that acts on the unknown acts while nobody can look up the customer, whatever it asks of the customer.
  const cases = conjunctions?.map((atoms) => new Case(atoms)) ?? null;
  const possible =
    rule.onUnknown === 'skip'
      ? cases
      : (conjunctions?.map((atoms) => new Case(atoms.filter(({ readsCustomer }) => !readsCustomer))) ?? null);
  const canMatch = possible?.some(({ conflict }) => conflict === null) ?? true;
  return {
    rule,
    document,
    reader,
    cases: cases?.filter(({ conflict }) => conflict === null) ?? null,
    canMatch,
    conflict: canMatch ? null : (possible?.[0]?.conflict ?? null),
  };
}

/** The actions of one type: their values, in order. */
export function actionValues({ reader }: LintRule, type: string): ObjectReader[] {
  return reader.array('actions')!.flatMap((node) => {
    const action = ObjectReader.of(reader.document, node, 'an action')!;
    return action.string('type') === type ? action.object('value')! : [];
  });
}

/** `file:line:column` of a rule's name. */
export function whereIsRule({ document, reader }: LintRule): string {
  return whereIs({ document, key: reader.get('name')! });
}
