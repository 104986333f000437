import type { Schema } from '../files/json-schema.js';
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from './crm-config.js';

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
        required: ['name', 'type'],
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
    required: ['name', 'type', ...required],
    properties: {
      name: { $ref: '#/definitions/name' },
      type: { const: type },
      description: { $ref: '#/definitions/note' },
      ...properties,
      fields: { $ref: '#/definitions/fields' },
    },
  };
}

const SHARED: Schema = {
  name: {
    type: 'string',
    minLength: 1,
    description: 'Unique. Shown in answers, in logs and on the health page',
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
      type: 'string',
      minLength: 1,
      description: 'A column',
    },
    examples: [
      {
        claimNumber: 'claim_no',
      },
    ],
  },
  lookup: {
    type: 'object',
    additionalProperties: false,
    properties: {
      timeoutMs: {
        type: 'integer',
        minimum: 1,
        maximum: MAX_TIMEOUT_MS,
        default: DEFAULT_TIMEOUT_MS,
        description: 'Longest wait for one answer of a provider, in milliseconds',
      },
      onUnavailable: {
        enum: ['error', 'retry'],
        default: 'error',
        description:
          'When no provider can be reached and no rule acts on that. error: Emailgistics shows an error and goes on without actions; retry: it sends the message again',
      },
    },
  },
};
