import { type Schema, text } from '../files/json-schema.js';
import { MAX_PREFETCH_MINUTES, MIN_PUSH_SECRET_LENGTH } from './crm-config.js';
import { VALUE_TYPES } from './field-map.js';
import { CACHE_LIMITS, LAST_KNOWN_DAYS, ON_UNAVAILABLE, STRATEGIES } from './lookup-options.js';
import { type Limit, PROTECTION_LIMITS } from './protection-options.js';
import { CONNECTOR_DEFINITIONS, CONNECTOR_PROPERTIES } from './providers/http/connector-schema.js';
import { presetParameters, PRESETS } from './providers/http/presets.js';
import type { ASKING_KEYS } from './refuse-key.js';

interface ProviderSchema {
  readonly description: string;
  /** Keys of its own that must be there. */
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Schema>>;
  /** It has none of `ASKING_KEYS`. */
  readonly isInMemory?: boolean;
  /** With this key it is another one, to which texts under any name belong. */
  readonly withKey?: { readonly key: string; readonly schema: ProviderSchema };
}

const ALLOW_HTTP: Schema = {
  type: 'boolean',
  description: 'The API may be at a http address: secrets and addresses go there unencrypted',
};

/** What each provider type adds to the keys that all have. */
export function providerSchemas(): Readonly<Record<string, ProviderSchema>> {
  return { ...PROVIDER_SCHEMAS, ...Object.fromEntries(PRESETS.map((preset) => [preset, presetParameters(preset)])) };
}

const PROVIDER_SCHEMAS: Readonly<Record<string, ProviderSchema>> = {
  file: {
    description: 'A CSV file with a header row, or a JSON array of objects. It is read again when it changes',
    required: ['path'],
    isInMemory: true,
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
    description:
      'A SQLite, PostgreSQL or MySQL/MariaDB database, opened read-only. The queries are yours, values are only ever bound to them',
    required: ['url', 'byEmail'],
    properties: {
      url: {
        type: 'string',
        description:
          'The SQLite file, or the address of the server, with sslmode=verify-full where it is not on this machine. ${env:NAME} and ${file:path} are replaced',
        pattern: '^(file:|postgres(ql)?://|mysql://|mariadb://|\\$\\{(env|file):[^}]+\\})',
        examples: ['file:./customers.db', '${env:CRM_DATABASE_URL}'],
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
      changed: {
        type: 'string',
        minLength: 1,
        description:
          'Lists the customers that changed at or after :since, in a stable order, page by page (:limit, :offset), for prefetchMinutes. It gives the columns "email" and/or "domain" too',
        examples: ['SELECT * FROM customers WHERE changed_at >= :since ORDER BY id LIMIT :limit OFFSET :offset'],
      },
      match: {
        type: 'object',
        description:
          'Which columns of "changed" hold what a sender is found by, when they are not called "email" and "domain"',
        additionalProperties: false,
        properties: {
          email: { type: 'string', minLength: 1, description: 'The column with the e-mail address, or a list of them' },
          domain: {
            type: 'string',
            minLength: 1,
            description: "The column with the company's domain, or a list of them",
          },
        },
      },
    },
  },
  http: {
    description: 'A CRM with a REST API, described by a connector: its keys stand here, or in the file at "connector"',
    required: ['baseUrl', 'byEmail'],
    properties: { allowHttp: ALLOW_HTTP, ...CONNECTOR_PROPERTIES },
    withKey: {
      key: 'connector',
      schema: {
        description: 'A CRM with a REST API, described by a connector file, with the parameters that it asks for',
        required: [],
        properties: {
          connector: text('The connector file. It may ask for parameters: each is a key here', {
            examples: ['./acme-crm.json'],
          }),
          allowHttp: ALLOW_HTTP,
        },
      },
    },
  },
};

/** The JSON Schema of `config/crm.json`, for editors; `enricher check` says more. */
export function crmSchema(): Schema {
  const schemas = providerSchemas();
  const types = Object.keys(schemas);
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
        properties: {
          type: { enum: types, description: 'Where the customers are: in a file, in a database, or in a CRM' },
        },
        allOf: types.map((type) => ({
          if: { required: ['type'], properties: { type: { const: type } } },
          // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
          then: { $ref: `#/definitions/${definition(type)}` },
        })),
      },
      ...Object.fromEntries(
        Object.entries(schemas).map(([type, schema]) => [definition(type), providerSchema(type, schema)]),
      ),
      ...SHARED,
      ...CONNECTOR_DEFINITIONS,
    },
  };
}

function providerSchema(type: string, schema: ProviderSchema): Schema {
  const { withKey, description } = schema;
  if (withKey === undefined) return closedSchema(type, schema, false);
  return {
    type: 'object',
    description,
    if: { required: [withKey.key] },
    // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
    then: closedSchema(type, withKey.schema, { type: 'string', minLength: 1 }),
    else: closedSchema(type, schema, false),
  };
}

function closedSchema(
  type: string,
  { description, required, properties, isInMemory = false }: ProviderSchema,
  additionalProperties: Schema | false,
): Schema {
  return {
    type: 'object',
    description,
    additionalProperties,
    required: ['type', ...required],
    properties: {
      name: { $ref: '#/definitions/name' },
      type: { const: type },
      description: { $ref: '#/definitions/note' },
      ...properties,
      fields: { $ref: '#/definitions/fields' },
      ...(isInMemory ? {} : ASKING_PROPERTIES),
    },
  };
}

function limits<Key extends string>(table: Readonly<Record<Key, Limit>>): Record<Key, Schema> {
  const schemas = Object.entries<Limit>(table).map(([key, limit]) => [key, { type: 'integer', ...limit }]);
  return Object.fromEntries(schemas) as Record<Key, Schema>;
}

const ASKING_PROPERTIES: Readonly<Record<(typeof ASKING_KEYS)[number], Schema>> = {
  pushSecret: { $ref: '#/definitions/pushSecret' },
  prefetchMinutes: { $ref: '#/definitions/prefetchMinutes' },
  ...limits(PROTECTION_LIMITS),
};

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
          'first: on each step (address, address without +tag, domain) the first provider that finds the sender wins. merge: all are asked at once; each field comes from the first provider that has it',
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
      lastKnownDays: limits({ lastKnownDays: LAST_KNOWN_DAYS }).lastKnownDays,
    },
  },
};
