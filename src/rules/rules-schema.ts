import { ACTION_DEFINITIONS, ACTION_TYPES } from '../actions/action-template.js';
import type { ActionType } from '../actions/action.js';
import { FACT_DEFINITIONS } from '../facts/facts.js';
import { list, object, ref, type Schema, text } from '../files/json-schema.js';
import type { MailboxCatalogue } from '../mailboxes/mailbox-catalogue.js';
import { DECORATORS, OPERATORS } from './operators.js';

/** What is configured and that an editor may offer. */
export interface SchemaNames {
  /** The customer's fields that some CRM provider maps; null when unknown. */
  readonly customerFields: readonly string[] | null;
  readonly catalogue: MailboxCatalogue;
}

/** The JSON Schema of a rule file, made from the registries of facts, operators and actions. For editors; `enricher check` says more. */
export function rulesSchema(names: SchemaNames): Schema {
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
      leaf: leafSchema(names),
      action: { anyOf: ACTION_TYPES.map((type) => ref(type)) },
      ...Object.fromEntries(ACTION_TYPES.map((type) => [type, actionSchema(type, names)])),
      assignment: assignmentSchema(names),
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

function leafSchema({ customerFields }: SchemaNames): Schema {
  const operators = Object.entries(OPERATORS).map(([name, { description, example }]) => ({
    const: name,
    description: `${description}. Example: ${JSON.stringify(example)}`,
  }));
  const decorated = { pattern: `^((${Object.keys(DECORATORS).join('|')}):)+(${Object.keys(OPERATORS).join('|')})$` };
  return object(
    {
      fact: {
        anyOf: [
          { enum: [...factPaths(), ...(customerFields ?? []).map((name) => `customer.${name}`)] },
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

function actionSchema(type: ActionType, names: SchemaNames): Schema {
  return object(
    { type: { const: type }, name: text('Shown in the logs of Emailgistics'), value: valueSchema(type, names) },
    ['type', 'value'],
    { description: ACTION_DEFINITIONS[type].description },
  );
}

function valueSchema(type: ActionType, { catalogue }: SchemaNames): Schema {
  switch (type) {
    case 'setCustomFields':
      return {
        type: 'object',
        minProperties: 1,
        properties: Object.fromEntries(offered(catalogue, 'customFields').map((key) => [key, FIELD_VALUE])),
        additionalProperties: FIELD_VALUE,
      };
    case 'tag':
      return object({ tags: list(offering('A tag of the mailbox', offered(catalogue, 'tags')), { minItems: 1 }) }, [
        'tags',
      ]);
    case 'assign':
      return object({ mainAssignment: ref('assignment'), backupAssignments: list(ref('assignment')) }, [
        'mainAssignment',
      ]);
    case 'sendMessage':
      return object(
        {
          templateName: offering('Name of a template in Emailgistics; then no body', offered(catalogue, 'templates')),
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

function assignmentSchema({ catalogue }: SchemaNames): Schema {
  return object(
    {
      users: list(offering('Display name or address', offered(catalogue, 'users')), { minItems: 1 }),
      assignToAnyUser: { type: 'boolean', description: 'All users of the mailbox; then no "users"' },
      ignoreAvailability: { type: 'boolean' },
      ignoreMaxMessages: { type: 'boolean' },
      assignIfUserAvailableWithinMinutes: { type: 'integer', minimum: 0 },
      aaMethod: { type: 'integer', minimum: 0 },
    },
    [],
  );
}

const FIELD_VALUE: Schema = { type: ['string', 'number', 'boolean'] };

/** A text for which an editor offers these, and takes others: templates, and what the catalogue does not know yet. */
function offering(description: string, values: readonly string[]): Schema {
  return values.length === 0
    ? text(description)
    : { description, anyOf: [{ enum: values }, { type: 'string', minLength: 1 }] };
}

/** What the mailboxes have, each once. */
function offered({ mailboxes }: MailboxCatalogue, what: 'customFields' | 'tags' | 'users' | 'templates'): string[] {
  const values = mailboxes.flatMap(({ content }): readonly string[] =>
    what === 'customFields' ? (content.customFields ?? []).map(({ key }) => key) : (content[what] ?? []),
  );
  return [...new Set(values)];
}
