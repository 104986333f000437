import type { Schema } from '../files/json-schema.js';
import { MAX_PREFETCH_MINUTES, MIN_PUSH_SECRET_LENGTH } from './crm-config.js';
import { VALUE_TYPES } from './field-map.js';
import { CACHE_LIMITS, LAST_KNOWN_DAYS, ON_UNAVAILABLE, STRATEGIES } from './lookup-options.js';
import { type Limit, PROTECTION_LIMITS } from './protection-options.js';

interface ProviderSchema {
  readonly description: string;
  /** Keys of its own that must be there. */
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Schema>>;
}

/** What each provider type adds to the keys that all have. */
export const PROVIDER_SCHEMAS: Readonly<Record<string, ProviderSchema>> = {
  file: {
    description: 'A CSV file with a header row, or a JSON array of objects. It is read again when it changes',
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        description: 'The .csv or .json file. ${env:NAME} and ${file:path} are replaced',
        pattern: '\\.([cC][sS][vV]|[jJ][sS][oO][nN])$|\\$\\{(env|file):[^}]+\\}$',
        examples: ['./customers.csv'],
      },
      match: {
        type: 'object',
        description: 'Which columns a sender is found by, when they are not called "email" and "domain"',
        additionalProperties: false,
        properties: {
          email: {
            type: 'string',
            minLength: 1,
            description: 'The column with the e-mail address',
          },
          domain: {
            type: 'string',
            minLength: 1,
            description:
              "The column with the company's domain. Leave the cell empty where the domain is not the company's own",
          },
        },
      },
    },
  },
  sql: {
    description: 'A SQLite database, opened read-only. The queries are yours, values are only ever bound to them',
    required: ['url', 'byEmail'],
    properties: {
      url: {
        type: 'string',
        description: 'The database file. ${env:NAME} and ${file:path} are replaced',
        pattern: '^(file:|\\$\\{(env|file):[^}]+\\})',
        examples: ['file:./customers.db'],
      },
      byEmail: {
        type: 'string',
        minLength: 1,
        description:
          'Finds the customer of an address. Parameters: :email, :local (before the @), :domain (after it), all lower case',
        examples: ['SELECT * FROM customers WHERE lower(email) = :email'],
      },
      byDomain: {
        type: 'string',
        minLength: 1,
        description:
          'Finds the company of a domain, with :domain; never asked for free-mail domains. Left out: no look-up by domain',
        examples: ['SELECT * FROM customers WHERE lower(domain) = :domain'],
      },
    },
  },
};

/** The JSON Schema of `config/crm.json`, for editors; `enricher check` says more. */
export function crmSchema(): Schema {
  const types = Object.keys(PROVIDER_SCHEMAS);
  const definition = (type: string) => `${type}Provider`;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'CRM configuration of enricher',
    description: 'Where customers are looked up. Paths are relative to the configuration file',
    type: 'object',
    additionalProperties: false,
    required: ['providers'],
    properties: {
      $schema: {
        type: 'string',
      },
      description: {
        type: 'string',
        description: 'A note for people',
      },
      providers: {
        type: 'array',
        description: 'Asked in this order, the first that finds the sender wins. An empty list: no CRM',
        items: {
          $ref: '#/definitions/provider',
        },
      },
      lookup: {
        $ref: '#/definitions/lookup',
      },
    },
    definitions: {
      provider: {
        type: 'object',
        required: ['type'],
        properties: { type: { enum: types, description: 'Where the customers are: in a file or in a database' } },
        allOf: types.map((type) => ({
          if: { required: ['type'], properties: { type: { const: type } } },
          // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
          then: { $ref: `#/definitions/${definition(type)}` },
        })),
      },
      ...Object.fromEntries(types.map((type) => [definition(type), providerSchema(type)])),
      ...SHARED,
    },
  };
}

function providerSchema(type: string): Schema {
  const { description, required, properties } = PROVIDER_SCHEMAS[type]!;
  return {
    type: 'object',
    description,
    additionalProperties: false,
    required: ['type', ...required],
    properties: {
      name: { $ref: '#/definitions/name' },
      type: { const: type },
      description: { $ref: '#/definitions/note' },
      ...properties,
      fields: { $ref: '#/definitions/fields' },
      pushSecret: { $ref: '#/definitions/pushSecret' },
      prefetchMinutes: { $ref: '#/definitions/prefetchMinutes' },
      ...limits(PROTECTION_LIMITS),
    },
  };
}

function limits(table: Readonly<Record<string, Limit>>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(table).map(([key, limit]) => [key, { type: 'integer', ...limit }]));
}

const SHARED: Schema = {
  name: {
    type: 'string',
    minLength: 1,
    description: 'Unique. Shown in answers, in logs and on the health page. Left out: the type',
  },
  note: {
    type: 'string',
    description: 'A note for people',
  },
  fields: {
    type: 'object',
    description:
      'Names that rules and templates use (customer.claimNumber), each with the column it comes from. Left out: every column under its own name',
    additionalProperties: {
      anyOf: [
        { type: 'string', minLength: 1, description: 'A column' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['from'],
          properties: {
            from: { type: 'string', minLength: 1, description: 'A column' },
            type: {
              enum: VALUE_TYPES,
              description: 'What its values are turned into; one that cannot be is left out. A list is made of "a;b"',
            },
          },
        },
      ],
    },
    examples: [
      {
        claimNumber: 'claim_no',
      },
    ],
  },
  pushSecret: {
    type: 'string',
    minLength: MIN_PUSH_SECRET_LENGTH,
    description:
      'Opens POST /hooks/crm/<name>, by which the CRM drops or replaces a record at once. ${env:NAME} and ${file:path} are replaced',
    examples: ['${env:CRM_PUSH_SECRET}'],
  },
  prefetchMinutes: {
    type: 'integer',
    minimum: 1,
    maximum: MAX_PREFETCH_MINUTES,
    description:
      'How often the customers that changed are fetched ahead, for when the provider is down. Left out: never',
  },
  lookup: {
    type: 'object',
    additionalProperties: false,
    properties: {
      strategy: {
        enum: STRATEGIES,
        default: 'first',
        description:
          'first: the first provider that finds the sender wins. merge: all are asked at once; each field comes from the first provider that has it',
      },
      onUnavailable: {
        enum: ON_UNAVAILABLE,
        default: 'error',
        description:
          'When no provider can be reached and no rule acts on that. error: Emailgistics shows an error and goes on without actions; retry: it sends the message again',
      },
      ...limits(PROTECTION_LIMITS),
      cache: {
        type: 'object',
        additionalProperties: false,
        description: 'How long an answer is kept in memory. Customers of a "file" provider are in memory anyway',
        properties: limits(CACHE_LIMITS),
      },
      lastKnownDays: limits({ lastKnownDays: LAST_KNOWN_DAYS })['lastKnownDays']!,
    },
  },
};
