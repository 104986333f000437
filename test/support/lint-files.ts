import { formatFault } from '../../src/files/fault.js';
import { MailboxCatalogue } from '../../src/mailboxes/mailbox-catalogue.js';
import { parseMailboxes } from '../../src/mailboxes/read-mailboxes.js';
import { JsonDocument } from '../../src/files/json-document.js';
import { lintRules } from '../../src/rules/lint-rules.js';
import { buildRuleSet } from '../../src/rules/load-rules.js';
import type { SourceFile } from '../../src/rules/rules-folder.js';

/** Files by path below the rules folder; `▸` marks each place where a warning is expected. */
export type MarkedFiles = Readonly<Record<string, string>>;

export interface Linted {
  /** `path:line:column` of each mark. */
  readonly marks: readonly string[];
  /** `path:line:column` of each warning. */
  readonly places: readonly string[];
  readonly codes: readonly (string | undefined)[];
  readonly messages: readonly string[];
}

const MARK = '▸';

/** Lints rule files that have no fault. */
export async function lintFiles(marked: MarkedFiles, mailboxes: object | null = null): Promise<Linted> {
  const files = Object.entries(marked).map(([path, text]): SourceFile => {
    const kind = path.startsWith('lists/') ? 'list' : 'rules';
    return { file: path, path, kind, bytes: Buffer.from(text.replaceAll(MARK, '')) };
  });
  const load = await buildRuleSet(files, { customerFields: null });
  if (!load.ok) throw new Error(load.faults.map(formatFault).join('\n'));
  const warnings = lintRules(load, catalogueOf(mailboxes).mailboxes);
  return {
    marks: Object.entries(marked).flatMap(([path, text]) => marksIn(path, text)),
    places: warnings.map(({ file, line, column }) => `${file}:${line}:${column}`),
    codes: warnings.map(({ code }) => code),
    messages: warnings.map(({ message }) => message),
  };
}

function catalogueOf(mailboxes: object | null): MailboxCatalogue {
  if (mailboxes === null) return MailboxCatalogue.EMPTY;
  const read = parseMailboxes(new JsonDocument('mailboxes.json', Buffer.from(JSON.stringify({ mailboxes }))));
  if (!read.ok) throw new Error(read.faults.map(formatFault).join('\n'));
  return read.catalogue;
}

function marksIn(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    line
      .split(MARK)
      .slice(0, -1)
      .map((_, part, parts) => `${path}:${index + 1}:${parts.slice(0, part + 1).join('').length + 1}`),
  );
}

/** A condition's text; a mark before it may be part of the fact. */
export function leaf(fact: string, operator: string, value: unknown): string {
  const mark = fact.startsWith(MARK) ? MARK : '';
  return `${mark}{ "fact": "${fact.slice(mark.length)}", "operator": "${operator}", "value": ${JSON.stringify(value)} }`;
}

export const all = (...conditions: readonly string[]) => `{ "all": [${conditions.join(', ')}] }`;
export const any = (...conditions: readonly string[]) => `{ "any": [${conditions.join(', ')}] }`;
export const not = (condition: string) => `{ "not": ${condition} }`;
export const named = (name: string) => `{ "condition": "${name}" }`;

/** A rule's text; a mark may stand before the name. `more` are further keys, such as `"stop": true`. */
export function rule(name: string, conditions: string, more = '', actions = tag(name.replace(MARK, ''))): string {
  const mark = name.startsWith(MARK) ? MARK : '';
  const keys = more === '' ? '' : ` ${more},`;
  return `{ "name": ${mark}"${name.slice(mark.length)}",${keys} "conditions": ${conditions}, "actions": [${actions}] }`;
}

export const tag = (...tags: readonly string[]) =>
  `{ "type": "tag", "value": { "tags": [${tags.map((each) => (each.startsWith(MARK) ? `${MARK}"${each.slice(1)}"` : `"${each}"`)).join(', ')}] } }`;

/** `setCustomFields` of one field; a mark may stand before the key. */
export function set(field: string, value: string): string {
  const mark = field.startsWith(MARK) ? MARK : '';
  return `{ "type": "setCustomFields", "value": { ${mark}"${field.slice(mark.length)}": ${JSON.stringify(value)} } }`;
}

export const file = (rules: readonly string[], conditions: Readonly<Record<string, string>> = {}) =>
  `{ "conditions": {${Object.entries(conditions).map(([name, text]) => {
    const mark = name.startsWith(MARK) ? MARK : '';
    return ` ${mark}"${name.slice(mark.length)}": ${text}`;
  })} }, "rules": [\n${rules.join(',\n')}\n] }`;
