import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { tempFolder } from '../../test/support/temp-folder.js';
import { MailboxCatalogue } from '../mailboxes/mailbox-catalogue.js';
import { loadRules } from './load-rules.js';
import { rulesSchema } from './rules-schema.js';

const RULES = new URL('../../rules/', import.meta.url);
const FILES = (await readdir(RULES)).filter((name) => name.endsWith('.json') && !name.endsWith('.test.json'));

const NAMES = { customerFields: ['tier'], catalogue: MailboxCatalogue.EMPTY };
const validate = new Ajv({ strict: false, allErrors: true }).compile(rulesSchema(NAMES));

const CONDITION = { fact: 'customer.tier', operator: 'equal', value: 'gold' };
const ACTION = { type: 'tag', value: { tags: ['VIP'] } };
const RULE = { name: 'one', conditions: { all: [CONDITION] }, actions: [ACTION] };

const withRule = (changes: object) => ({ rules: [{ ...RULE, ...changes }] });
const withCondition = (changes: object) => withRule({ conditions: { all: [{ ...CONDITION, ...changes }] } });
const withAction = (type: string, value: object) => withRule({ actions: [{ type, value }] });

/** Whether the service takes the rule file. */
async function isAccepted(file: object): Promise<boolean> {
  return (await loadRules(tempFolder({ 'one.json': JSON.stringify(file) }), { customerFields: null })).ok;
}

test.each(FILES)('the sample rules of %s validate', async (name) => {
  validate(await readJson(name));
  expect(validate.errors).toBeNull();
});

test.each([
  [
    'a rule with all its keys',
    withRule({
      description: 'all of it',
      priority: 7,
      enabled: true,
      mailboxes: ['*@insurer.example'],
      mode: 'shadow',
      exclusive: 'routing',
      stop: true,
      onUnknown: 'match',
      validFrom: '2026-11-24',
      validUntil: '2026-12-24T18:00:00+01:00',
    }),
  ],
  ['a rule for every message', withRule({ conditions: { all: [] } })],
  ['a decorated operator', withCondition({ fact: 'message.to', operator: 'someFact:inDomain', value: 'a.example' })],
  ['a fact with a path', withCondition({ fact: 'customer', path: '$.tier' })],
  ['another fact as the value', withCondition({ value: { fact: 'sender.name' } })],
  ['conditions without rules', { conditions: { gold: { any: [CONDITION] } } }],
  ['a blank custom field', withAction('setCustomFields', { claimNumber: '' })],
  ['a message by template', withAction('sendMessage', { templateName: 'Received' })],
])('schema and service accept %s', async (_, file) => {
  validate(file);
  expect(validate.errors).toBeNull();
  expect(await isAccepted(file)).toBe(true);
});

test.each([
  ['a rule without a name', { rules: [{ conditions: RULE.conditions, actions: RULE.actions }] }],
  ['a rule without conditions', { rules: [{ name: 'one', actions: RULE.actions }] }],
  ['a rule without actions', withRule({ actions: [] })],
  ['an unknown key', withRule({ prioriy: 5 })],
  ['a priority of nothing', withRule({ priority: 0 })],
  ['a mode that there is not', withRule({ mode: 'trial' })],
  ['a condition outside all or any', withRule({ conditions: CONDITION })],
  ['"all" beside "any"', withRule({ conditions: { all: [CONDITION], any: [CONDITION] } })],
  ['an empty "any"', withRule({ conditions: { any: [] } })],
  ['an unknown fact', withCondition({ fact: 'custmer.tier' })],
  ['an unknown operator', withCondition({ operator: 'equals' })],
  ['an unknown decorator', withCondition({ operator: 'any:equal' })],
  ['a condition without a value', withRule({ conditions: { all: [{ fact: 'customer.tier', operator: 'equal' }] } })],
  ['an action type that there is not', withAction('archive', {})],
  ['a tag that is no list', withAction('tag', { tags: 'VIP' })],
  ['a custom field that is a list', withAction('setCustomFields', { claimNumber: ['CLM-1'] })],
  ['an assignment without its main part', withAction('assign', { users: ['Joe Cool'] })],
  ['a forward to nobody named', withAction('forwardMessage', { comment: 'see below' })],
])('schema and service refuse %s', async (_, file) => {
  expect(validate(file)).toBe(false);
  expect(await isAccepted(file)).toBe(false);
});

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(path, RULES), 'utf8')) as unknown;
}
