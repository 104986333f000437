import { ACTION_TYPES } from '../actions/action-template.js';
import { LOOKUP_STATES, MATCHED_BY } from '../facts/facts.js';
import { MESSAGE_FIELDS } from './read-test-message.js';
import { TEST_DEFAULTS } from './rule-test.js';
import { list, object, ref, type Schema, text } from '../files/json-schema.js';
import { rulesSchema, type SchemaNames } from '../rules/rules-schema.js';

const TEST_PROPERTIES = {
  name: text('What holds, as a sentence; unique within the file'),
  description: text('What it is for'),
  now: text(`Time of the evaluation. Default ${TEST_DEFAULTS.now}`),
  message: ref('message'),
  customer: {
    type: ['object', 'null'],
    description: 'The CRM record as rules see it; null or left out: none is found',
  },
  lookup: ref('lookup'),
  expect: ref('expect'),
};
const NEEDED = ['name', 'expect'];

/** The JSON Schema of a file of tests: a test, a list of tests, or an object with `tests`. For editors; `enricher test` says more. */
export function testsSchema(schemaNames: SchemaNames): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tests of the rules of enricher',
    anyOf: [
      object({ $schema: { type: 'string' }, description: { type: 'string' }, tests: list(ref('test')) }, ['tests']),
      list(ref('test')),
      object({ $schema: { type: 'string' }, ...TEST_PROPERTIES }, NEEDED),
    ],
    definitions: {
      test: object(TEST_PROPERTIES, NEEDED),
      message: messageSchema(),
      correspondent: {
        anyOf: [
          text('An address'),
          object(
            {
              emailAddress: object({ name: { type: ['string', 'null'] }, address: { type: ['string', 'null'] } }, []),
            },
            ['emailAddress'],
          ),
        ],
      },
      correspondents: { anyOf: [list(ref('correspondent')), { type: 'null' }] },
      lookup: lookupSchema(),
      expect: object(
        {
          actions: list(ref('action'), { description: 'All actions of the answer, in order' }),
          rules: list(text('Name of a rule'), { uniqueItems: true, description: 'All rules that act, in order' }),
          notRules: list(text('Name of a rule'), { uniqueItems: true, description: 'Rules that must not act' }),
        },
        [],
        { minProperties: 1 },
      ),
      ...actionDefinitions(schemaNames),
    },
  };
}

function messageSchema(): Schema {
  const yesNo = { type: 'boolean' };
  const optional = (name: string) => ({ anyOf: [ref(name), { type: 'null' }] });
  const anyText = { type: 'string' };
  const fields: Record<keyof typeof MESSAGE_FIELDS, Schema> = {
    id: text('Id of the message'),
    event: { const: 'received' },
    mailbox: text(`Address of the shared mailbox. Default ${TEST_DEFAULTS.mailbox}`),
    from: { ...optional('correspondent'), description: `Header From. Default ${TEST_DEFAULTS.from}; null: no sender` },
    sender: { ...optional('correspondent'), description: 'Envelope sender. Default: as "from"' },
    to: { ...ref('correspondents'), description: 'Default: the mailbox' },
    cc: ref('correspondents'),
    subject: { ...anyText, description: `Default "${TEST_DEFAULTS.subject}"` },
    bodyText: { type: ['string', 'null'], description: 'Plain text. Default: missing' },
    hasAttachments: yesNo,
    received: text('Date-time. Default: as "now"'),
    timestamp: text('Date-time. Default: as "now"'),
    conversationId: anyText,
    internetMessageId: anyText,
    customFields: {
      type: ['object', 'null'],
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      description: 'Current custom fields of the conversation',
    },
  };
  return object(fields, [], { description: 'Fields of the payload that differ from a plain message' });
}

function lookupSchema(): Schema {
  return object(
    {
      state: { enum: LOOKUP_STATES, description: 'Default: "found" with a customer, else "not_found"' },
      matchedBy: { enum: [...MATCHED_BY, null] },
      source: { type: ['string', 'null'], minLength: 1, description: 'Name of the provider' },
      stale: { type: 'boolean' },
      ageSeconds: { type: ['integer', 'null'], minimum: 0 },
      incomplete: { type: 'boolean' },
    },
    [],
    { description: 'What differs from a look-up that went well' },
  );
}

/** The actions of rules, as they go out: addresses are Emailgistics' own form. */
function actionDefinitions(schemaNames: SchemaNames): Schema {
  const { definitions } = rulesSchema(schemaNames) as { definitions: Readonly<Record<string, Schema>> };
  const names = ['action', ...ACTION_TYPES, 'assignment', 'address'];
  return {
    ...Object.fromEntries(names.map((name) => [name, definitions[name]])),
    addresses: list(ref('address')),
  };
}
