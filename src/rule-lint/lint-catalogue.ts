import { firstCodePoints, MAX_FIELD_VALUE_LENGTH } from '../actions/set-custom-fields.js';
import { isLiteral } from '../actions/text-template.js';
import { didYouMean } from '../files/did-you-mean.js';
import { type JsonDocument, type JsonNode, valueOf } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import type { Mailbox, MailboxContent } from '../mailboxes/mailbox-catalogue.js';
import type { LintCode } from './lint-codes.js';
import { actionValues, type LintRule, type LintSource } from './lint-source.js';
import { isForMailbox } from '../rules/rule.js';

/** Something that a mailbox must have for an action to work. */
interface Requirement {
  readonly node: JsonNode;
  readonly code: LintCode;
  /** For messages: `tag "VIP"`. */
  readonly what: string;
  readonly name: string;
  readonly isMet: (mailbox: Mailbox) => boolean;
  /** What there is instead. */
  readonly names: (content: MailboxContent) => readonly string[] | null;
}

/** Warns of texts of actions that Emailgistics would not take: only of those without a template, since others vary. */
export function lintActions({ rules }: LintSource, mailboxes: readonly Mailbox[]): void {
  for (const entry of rules) {
    const found = mailboxesOf(entry, mailboxes);
    for (const requirement of requirementsOf(entry)) check(entry.document, requirement, found);
    for (const value of actionValues(entry, 'setCustomFields')) lintValues(value, found);
  }
}

interface RuleMailboxes {
  readonly named: readonly Mailbox[];
  /** Those that the rule is for without naming them. */
  readonly others: readonly Mailbox[];
}

function mailboxesOf({ rule }: LintRule, mailboxes: readonly Mailbox[]): RuleMailboxes {
  const isNamed = ({ content }: Mailbox) => rule.mailboxes?.addresses.has(content.address) === true;
  const own = mailboxes.filter(({ content }) => isForMailbox(rule.mailboxes, content.address));
  return { named: own.filter(isNamed), others: own.filter((mailbox) => !isNamed(mailbox)) };
}

/** A rule for many mailboxes may use what only some have; what it names mailboxes for, each must have. */
function check(document: JsonDocument, requirement: Requirement, { named, others }: RuleMailboxes): void {
  const { node, code, what, name, isMet, names } = requirement;
  const lacking = named.filter((mailbox) => !isMet(mailbox));
  const hint = (from: readonly Mailbox[]) =>
    didYouMean(name, new Set(from.flatMap(({ content }) => names(content) ?? [])));
  if (lacking.length > 0) {
    const [first, ...more] = lacking;
    const also = more.length === 0 ? '' : ` and ${more.length} more of this rule's mailboxes`;
    const has = more.length === 0 ? 'has' : 'have';
    document.warn(node, `${first!.content.address}${also} ${has} no ${what}${hint(lacking)}`, code);
  } else if (named.length === 0 && others.length > 0 && !others.some(isMet)) {
    document.warn(node, `no mailbox of this rule has a ${what}${hint(others)}`, code);
  }
}

function requirementsOf(entry: LintRule): Requirement[] {
  return [
    ...actionValues(entry, 'setCustomFields').flatMap((value) => value.keys.map((key) => fieldAt(value, key))),
    ...actionValues(entry, 'tag').flatMap((value) => literals(value.array('tags')).map(tagAt)),
    ...actionValues(entry, 'assign').flatMap((value) => literals(usersIn(value)).map(userAt)),
    ...actionValues(entry, 'sendMessage').flatMap((value) => literals([value.get('templateName')]).map(templateAt)),
  ];
}

function fieldAt(value: ObjectReader, key: string): Requirement {
  return {
    node: value.keyNode(key),
    code: 'unknown-custom-field',
    what: `custom field "${key}"`,
    name: key,
    isMet: (mailbox) => mailbox.mayHaveField(key),
    names: ({ customFields }) => customFields?.map((field) => field.key) ?? null,
  };
}

function tagAt({ node, name }: Literal): Requirement {
  const isMet = (mailbox: Mailbox) => mailbox.mayHaveTag(name);
  return { node, code: 'unknown-tag', what: `tag "${name}"`, name, isMet, names: ({ tags }) => tags };
}

function userAt({ node, name }: Literal): Requirement {
  const isMet = (mailbox: Mailbox) => mailbox.mayHaveUser(name);
  return { node, code: 'unknown-user', what: `user "${name}"`, name, isMet, names: ({ users }) => users };
}

function templateAt({ node, name }: Literal): Requirement {
  const isMet = (mailbox: Mailbox) => mailbox.mayHaveTemplate(name);
  const what = `message template "${name}"`;
  return { node, code: 'unknown-template', what, name, isMet, names: ({ templates }) => templates };
}

function usersIn(value: ObjectReader): JsonNode[] {
  const specs = [value.get('mainAssignment'), ...(value.array('backupAssignments') ?? [])];
  return specs.flatMap(
    (spec) => (spec && ObjectReader.of(value.document, spec, 'an assignment')?.array('users')) ?? [],
  );
}

interface Literal {
  readonly node: JsonNode;
  readonly name: string;
}

function literals(nodes: readonly (JsonNode | undefined)[] = []): Literal[] {
  return nodes.flatMap((node) => {
    const name = node === undefined ? '' : String(valueOf(node)).trim();
    return node === undefined || name === '' || !isLiteral(name) ? [] : [{ node, name }];
  });
}

/** Values of custom fields that would be cut or left out. */
function lintValues(value: ObjectReader, { named, others }: RuleMailboxes): void {
  const { document } = value;
  for (const key of value.keys) {
    const node = value.get(key)!;
    const text = String(valueOf(node));
    if (!isLiteral(text)) continue;
    const length = Array.from(text).length;
    if (length > MAX_FIELD_VALUE_LENGTH) {
      const message = `the value has ${length} characters, Emailgistics keeps ${MAX_FIELD_VALUE_LENGTH}; the rest is cut`;
      document.warn(node, message, 'value-too-long');
    }
    const kept = firstCodePoints(text, MAX_FIELD_VALUE_LENGTH);
    const refusing = [...named, ...others].find((mailbox) => mailbox.mayHaveField(key) && !mailbox.mayTake(key, kept));
    if (refusing !== undefined) {
      const message = `the value does not fit the pattern of "${key}" in ${refusing.content.address} and would be left out`;
      document.warn(node, message, 'value-fails-pattern');
    }
  }
}
