import type { ActionTemplate } from '../actions/action-template.js';
import { readAction } from '../actions/action-template.js';
import type { JsonDocument, JsonNode } from '../files/json-document.js';
import { describe, ObjectReader } from '../files/object-reader.js';
import { asciiDomain, parseEmailAddress } from '../shared/email-address.js';
import { type ConditionContext, type EngineCondition, readCondition } from './read-conditions.js';
import type { MailboxFilter, Rule } from './rule.js';
import { parseTime } from './time-values.js';

/** The parts of a rule file, found but not yet checked. */
export interface RuleFileParts {
  readonly document: JsonDocument;
  readonly conditions: readonly { readonly name: string; readonly key: JsonNode; readonly node: JsonNode }[];
  readonly rules: readonly JsonNode[];
}

/** A checked rule whose conditions are not yet held by an engine. */
export type RuleDraft = Omit<Rule, 'conditions'> & { readonly condition: EngineCondition; readonly nameNode: JsonNode };

const RULE_KEYS = [
  'name',
  'description',
  'priority',
  'enabled',
  'mailboxes',
  'mode',
  'exclusive',
  'stop',
  'onUnknown',
  'validFrom',
  'validUntil',
  'conditions',
  'actions',
] as const;

export function readRuleFile(document: JsonDocument): RuleFileParts {
  const reader = document.root && ObjectReader.of(document, document.root, 'a rule file');
  reader?.allow(['$schema', 'description', 'conditions', 'rules'], 'a rule file');
  const named = reader?.object('conditions');
  const conditions = named?.keys.map((name) => ({ name, key: named.keyNode(name), node: named.get(name)! })) ?? [];
  if (reader !== undefined && !reader.has('rules') && !reader.has('conditions')) {
    document.error(reader.node, 'a rule file needs "rules"');
  }
  return { document, conditions, rules: reader?.array('rules') ?? [] };
}

/** The rule at a node; undefined (recorded) when it has a fault. */
export function readRule(context: ConditionContext, node: JsonNode): RuleDraft | undefined {
  const { document } = context;
  const reader = ObjectReader.of(document, node, 'a rule');
  if (reader === undefined) return undefined;
  reader.allow(RULE_KEYS, 'a rule');
  reader.require('name', 'a rule');
  const name = reader.string('name');
  if (name?.trim() === '') document.error(reader.get('name')!, '"name" must not be blank');
  const conditionNode = reader.get('conditions');
  if (conditionNode === undefined)
    document.error(node, 'a rule needs "conditions"; { "all": [] } holds for every message');
  const condition = conditionNode && readCondition(context, conditionNode, true);
  const validFrom = readTime(document, reader, 'validFrom');
  const validUntil = readTime(document, reader, 'validUntil');
  if (validFrom !== null && validUntil !== null && validFrom >= validUntil) {
    document.error(reader.get('validUntil')!, '"validUntil" must be after "validFrom"');
  }
  const draft = {
    description: reader.string('description') ?? null,
    priority: reader.integer('priority', 1) ?? 1,
    enabled: reader.boolean('enabled') ?? true,
    mailboxes: readMailboxes(document, reader),
    mode: reader.oneOf('mode', ['live', 'shadow']) ?? 'live',
    exclusive: reader.string('exclusive') ?? null,
    stop: reader.boolean('stop') ?? false,
    onUnknown: reader.oneOf('onUnknown', ['skip', 'match']) ?? 'skip',
    validFrom,
    validUntil,
    location: { file: document.file, ...document.position(node.offset) },
    actions: readActions(context, reader),
  };
  if (name === undefined || condition === undefined) return undefined;
  return { ...draft, name, nameNode: reader.get('name')!, condition };
}

function readActions(context: ConditionContext, reader: ObjectReader): ActionTemplate[] {
  reader.require('actions', 'a rule');
  const nodes = reader.array('actions') ?? [];
  if (reader.get('actions')?.type === 'array' && nodes.length === 0)
    context.document.error(reader.get('actions')!, '"actions" must not be empty');
  return nodes.flatMap((node) => readAction(context, node) ?? []);
}

function readMailboxes(document: JsonDocument, reader: ObjectReader): MailboxFilter | null {
  const nodes = reader.array('mailboxes');
  if (nodes === undefined) return null;
  if (nodes.length === 0)
    document.error(reader.get('mailboxes')!, '"mailboxes" must not be empty; leave it out for all mailboxes');
  const addresses = new Set<string>();
  const domains = new Set<string>();
  for (const node of nodes) {
    const text = node.type === 'string' ? (node.value as string) : '';
    const domain = text.startsWith('*@') ? asciiDomain(text.slice(2)) : null;
    const email = domain === null ? parseEmailAddress(text) : null;
    if (domain !== null) domains.add(domain);
    else if (email !== null && !text.startsWith('*')) addresses.add(email.address);
    else document.error(node, `a mailbox is an address or "*@domain", not ${describe(node)}`);
  }
  return { addresses, domains };
}

function readTime(document: JsonDocument, reader: ObjectReader, key: string): number | null {
  const text = reader.string(key);
  if (text === undefined) return null;
  const time = parseTime(text);
  if (time === null)
    document.error(
      reader.get(key)!,
      `"${key}" must be a date or time, such as "2026-12-01" or "2026-12-01T09:00:00+01:00"`,
    );
  return time;
}
