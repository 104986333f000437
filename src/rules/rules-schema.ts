import { ACTION_DEFINITIONS, ACTION_TYPES } from '../actions/action-template.js';
import type { ActionType } from '../actions/action.js';
import { FACT_DEFINITIONS } from '../facts/facts.js';
import { DECORATORS, OPERATORS } from './operators.js';

type Schema = Readonly<Record<string, unknown>>;

const text = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  minLength: 1,
  description,
  ...more,
});
const object = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  more: Schema = {},
): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
  ...more,
});
const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more });
const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });

/** The JSON Schema of a rule file, made from the registries of facts, operators and actions. For editors; `enricher check` says more. */
export function rulesSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Rules of enricher',
    ...object(
      {
        $schema: { type: 'string' },
        description: { type: 'string' },
        conditions: {
          type: 'object',
          description: 'Conditions with a name, for use in any file',
          additionalProperties: ref('root'),
        },
        rules: list(ref('rule')),
      },
      [],
    ),
    definitions: {
      rule: ruleSchema(),
      root: { anyOf: [ref('all'), ref('any'), ref('not'), ref('reference')] },
      condition: { anyOf: [ref('all'), ref('any'), ref('not'), ref('reference'), ref('leaf')] },
      all: group('all', list(ref('condition')), 'Holds when all of these hold'),
      any: group('any', list(ref('condition'), { minItems: 1 }), 'Holds when one of these holds'),
      not: group('not', ref('condition'), 'Holds when this does not'),
      reference: group('condition', text('Name of a condition'), 'A condition by its name'),
      leaf: leafSchema(),
      action: { anyOf: ACTION_TYPES.map((type) => ref(type)) },
      ...Object.fromEntries(ACTION_TYPES.map((type) => [type, actionSchema(type)])),
      assignment: assignmentSchema(),
      addresses: list({ anyOf: [text('An address or a template, such as {{ sender.address }}'), ref('address')] }),
      address: object({ emailAddress: object({ name: { type: 'string' }, address: text('Address') }, ['address']) }, [
        'emailAddress',
      ]),
    },
  };
}

const NOTES = { name: { type: 'string' }, description: { type: 'string' }, priority: { type: 'integer' } };

function group(key: string, value: Schema, description: string): Schema {
  return object({ [key]: value, ...NOTES }, [key], { description });
}

function ruleSchema(): Schema {
  return object(
    {
      name: text('Unique over all files'),
      description: text('What it is for'),
      priority: { type: 'integer', minimum: 1, default: 1, description: 'Higher acts first' },
      enabled: { type: 'boolean', default: true },
      mailboxes: list(text('An address or *@domain'), {
        minItems: 1,
        description: 'For which mailboxes; left out: all',
      }),
      mode: { enum: ['live', 'shadow'], default: 'live', description: 'shadow: evaluated, never answered' },
      exclusive: text('A group: the first rule of it that matches acts, the others do not'),
      stop: { type: 'boolean', default: false, description: 'Nothing after this rule acts' },
      onUnknown: {
        enum: ['skip', 'match'],
        default: 'skip',
        description: 'What to do when the CRM is needed and down',
      },
      validFrom: text('Date or time, inclusive'),
      validUntil: text('Date or time, exclusive'),
      conditions: ref('root'),
      actions: list(ref('action'), { minItems: 1 }),
    },
    ['name', 'conditions', 'actions'],
  );
}

function leafSchema(): Schema {
  const operators = Object.entries(OPERATORS).map(([name, { description, example }]) => ({
    const: name,
    description: `${description}. Example: ${JSON.stringify(example)}`,
  }));
  const decorated = { pattern: `^((${Object.keys(DECORATORS).join('|')}):)+(${Object.keys(OPERATORS).join('|')})$` };
  return object(
    {
      fact: {
        anyOf: [
          { enum: factPaths() },
          { pattern: '^item([.\\[]|$)|^(customer|lists|conversation\\.customFields)[.\\[]|^message\\.(to|cc)\\[' },
        ],
        type: 'string',
      },
      path: { type: 'string', pattern: '^\\$', description: 'A plain path below the fact: $.a.b[0]' },
      operator: { type: 'string', anyOf: [...operators, decorated] },
      value: { description: 'A value, a list of values, or another fact: { "fact": "…" }' },
      params: { description: 'Without effect: no fact takes any' },
      ...NOTES,
    },
    ['fact', 'operator', 'value'],
  );
}

function factPaths(): string[] {
  return Object.entries(FACT_DEFINITIONS).flatMap(([name, { fields }]) => [
    name,
    ...Object.keys(fields ?? {}).map((field) => `${name}.${field}`),
  ]);
}

function actionSchema(type: ActionType): Schema {
  return object(
    { type: { const: type }, name: text('Shown in the logs of Emailgistics'), value: valueSchema(type) },
    ['type', 'value'],
    { description: ACTION_DEFINITIONS[type].description },
  );
}

function valueSchema(type: ActionType): Schema {
  switch (type) {
    case 'setCustomFields':
      return { type: 'object', minProperties: 1, additionalProperties: { type: ['string', 'number', 'boolean'] } };
    case 'tag':
      return object({ tags: list(text('A tag of the mailbox'), { minItems: 1 }) }, ['tags']);
    case 'assign':
      return object({ mainAssignment: ref('assignment'), backupAssignments: list(ref('assignment')) }, [
        'mainAssignment',
      ]);
    case 'sendMessage':
      return object(
        {
          templateName: text('Name of a template in Emailgistics; then no body'),
          body: text('Body; then no templateName'),
          bodyType: { enum: ['html', 'text'] },
          subject: text('Subject'),
          toAddresses: ref('addresses'),
          ccAddresses: ref('addresses'),
          bccAddresses: ref('addresses'),
          inlineAssets: list(
            object(
              {
                id: text('Referred to as cid:<id>'),
                filename: text('File name'),
                contentType: text('MIME type'),
                base64Content: text('Content'),
              },
              ['id', 'filename', 'contentType', 'base64Content'],
            ),
          ),
        },
        [],
        { not: { required: ['templateName', 'body'] } },
      );
    case 'forwardMessage':
      return object({ toAddresses: ref('addresses'), comment: text('Plain text above the message') }, ['toAddresses']);
    default:
      return type satisfies never;
  }
}

function assignmentSchema(): Schema {
  return object(
    {
      users: list(text('Display name or address'), { minItems: 1 }),
      assignToAnyUser: { type: 'boolean', description: 'All users of the mailbox; then no "users"' },
      ignoreAvailability: { type: 'boolean' },
      ignoreMaxMessages: { type: 'boolean' },
      assignIfUserAvailableWithinMinutes: { type: 'integer', minimum: 0 },
      aaMethod: { type: 'integer', minimum: 0 },
    },
    [],
  );
}
