import { formatFault } from '../../src/files/fault.js';
import { MailboxCatalogue } from '../../src/mailboxes/mailbox-catalogue.js';
import { parseMailboxes } from '../../src/mailboxes/read-mailboxes.js';
import { JsonDocument } from '../../src/files/json-document.js';
import { lintRules } from '../../src/rule-lint/lint-rules.js';
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
    places: warnings.map((warning) => `${warning.file}:${warning.line}:${warning.column}`),
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

/** A text in quotes; a mark before it comes to stand before the quotes. */
function quote(text: string): string {
  return text.startsWith(MARK) ? `${MARK}${JSON.stringify(text.slice(MARK.length))}` : JSON.stringify(text);
}

/** A condition's text; a mark may stand before the fact. */
export function leaf(fact: string, operator: string, value: unknown): string {
  const mark = fact.startsWith(MARK) ? MARK : '';
  return `${mark}{ "fact": ${quote(fact.replace(MARK, ''))}, "operator": "${operator}", "value": ${JSON.stringify(value)} }`;
}

export const all = (...conditions: readonly string[]) => `{ "all": [${conditions.join(', ')}] }`;
export const any = (...conditions: readonly string[]) => `{ "any": [${conditions.join(', ')}] }`;
export const not = (condition: string) => `{ "not": ${condition} }`;
export const named = (name: string) => `{ "condition": "${name}" }`;

/** A rule's text; a mark may stand before the name. `more` are further keys, such as `"stop": true`. */
export function rule(name: string, conditions: string, more = '', actions = tag(name.replace(MARK, ''))): string {
  const keys = more === '' ? '' : ` ${more},`;
  return `{ "name": ${quote(name)},${keys} "conditions": ${conditions}, "actions": [${actions}] }`;
}

/** The action `tag`; a mark may stand before each. */
export const tag = (...tags: readonly string[]) =>
  `{ "type": "tag", "value": { "tags": [${tags.map(quote).join(', ')}] } }`;

/** `setCustomFields` of one field; a mark may stand before the key. */
export const set = (field: string, value: string) =>
  `{ "type": "setCustomFields", "value": { ${quote(field)}: ${JSON.stringify(value)} } }`;

/** A rule file's text; a mark may stand before the name of a condition. */
export function file(rules: readonly string[], conditions: Readonly<Record<string, string>> = {}): string {
  const entries = Object.entries(conditions).map(([name, text]) => ` ${quote(name)}: ${text}`);
  return `{ "conditions": {${entries.join(',')} }, "rules": [\n${rules.join(',\n')}\n] }`;
}
