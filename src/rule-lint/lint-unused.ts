import { isLiteral, parseTemplate } from '../actions/text-template.js';
import type { Fault } from '../files/fault.js';
import type { JsonDocument, JsonNode } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { factSegments } from './lint-atom.js';
import type { LintSource } from './lint-source.js';
import { listName } from '../rules/reference-lists.js';
import { type SourceFile, wholeFile } from '../rules/rules-folder.js';

/** Warns of named conditions and reference lists that nothing uses. Of lists, whose files have no text here, it returns the warnings. */
export function lintUnused(source: LintSource, files: readonly SourceFile[]): Fault[] {
  const uses = new Uses();
  for (const { document, node } of source.conditions) uses.addConditions(document, node);
  for (const { document, reader } of source.rules) {
    uses.addConditions(document, reader.get('conditions')!);
    uses.addTexts(reader.get('actions')!);
  }
  for (const { document, key, name } of source.conditions) {
    if (!uses.conditions.has(name)) document.warn(key, `no rule uses the condition "${name}"`, 'unused-condition');
  }
  if (uses.hasAnyList) return [];
  const lists = files.filter(({ kind, path }) => kind === 'list' && !uses.lists.has(listName(path)));
  return lists.map(({ file, path }) => ({
    ...wholeFile(file, `no rule uses the list "${listName(path)}"`),
    severity: 'warning',
    code: 'unused-list',
  }));
}

/** What the text of rules refers to. */
class Uses {
  readonly conditions = new Set<string>();
  readonly lists = new Set<string>();
  /** Something reads a list whose name is only known when a message comes. */
  hasAnyList = false;

  addConditions(document: JsonDocument, node: JsonNode): void {
    if (node.type === 'object') {
      const reader = ObjectReader.of(document, node, 'a condition')!;
      const condition: unknown = reader.get('condition')?.value;
      if (typeof condition === 'string') this.conditions.add(condition);
      const operator: unknown = reader.get('operator')?.value;
      if (typeof operator === 'string' && operator.split(':').at(-1) === 'inList') {
        this.lists.add(String(reader.get('value')?.value));
      }
      if (reader.has('fact')) this.#addList(factSegments(reader));
    }
    for (const child of node.children ?? []) this.addConditions(document, child);
  }

  addTexts(node: JsonNode): void {
    const text: unknown = node.value;
    if (typeof text === 'string' && !isLiteral(text) && text.includes('lists')) {
      const parse = parseTemplate(text, { isHtml: false });
      for (const { segments } of parse.ok ? parse.template.variables : []) this.#addList(segments);
    }
    for (const child of node.children ?? []) this.addTexts(child);
  }

  #addList([fact, name]: readonly (string | number)[]): void {
    if (fact !== 'lists') return;
    if (name === undefined) this.hasAnyList = true;
    else this.lists.add(String(name));
  }
}
