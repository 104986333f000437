import { list, object, ref, type Schema, text } from '../../../files/json-schema.js';
import { AUTH_KEYS, AUTH_TYPES, CLIENT_AUTHENTICATION } from './auth/read-auth.js';
import { LANGUAGES } from './languages.js';
import { NEXT_KEYS } from './read-next.js';
import { FIELD_NAME } from './read-parameters.js';
import { LEVELS, METHODS, PLACEHOLDERS } from './read-request.js';

const oneOrMore = (items: Schema, description: string): Schema => ({ description, anyOf: [items, list(items)] });
const path = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });
const named = (items: Schema, description: string): Schema => ({
  type: 'object',
  description,
  additionalProperties: items,
});
const placeholders = (names: readonly string[]) => names.map((name) => `{{${name}}}`).join(', ');

const MATCHERS: Readonly<Record<string, Schema>> = {
  notFoundWhen: list(ref('matcher'), {
    description: 'Answers that say that there is nobody, beside an empty one and, for look-ups, 404',
  }),
  rateLimitedWhen: list(ref('rateLimit'), { description: 'Answers that ask us to wait, beside 429' }),
  retryOn: list(ref('matcher'), { description: 'Answers that pass by themselves, beside 408, 425 and 5xx' }),
  misconfiguredOn: list(ref('matcher'), {
    description:
      'Answers that say that the configuration is wrong, beside the other 4xx, redirects, and what is no JSON',
  }),
};

const REQUEST: Readonly<Record<string, Schema>> = {
  description: { type: 'string', description: 'A note for people' },
  needs: oneOrMore({ type: 'string' }, 'There is this request only when these optional parameters are given'),
  method: { enum: METHODS, description: 'Left out: POST with a body, else GET' },
  path: ref('path'),
  query: named(ref('value'), 'Query parameters. One whose value needs a placeholder without a value is left out'),
  headers: named(ref('value'), 'Headers beside those of the connector'),
  body: { description: 'A JSON body. Its texts are templates; {{contactFields}} as all of a text becomes a list' },
  form: named(ref('value'), 'A form as body'),
  items: path('Where the records stand in the answer: a list, or one object. Left out: the answer is the record'),
  ...MATCHERS,
};

const WHERE: Readonly<Record<string, Schema>> = {
  contact: path(
    'Where in a record the fields of the contact stand. Left out: the record itself; nowhere in byDomain and changedSince with "company"',
  ),
  company: path('Where in a record the fields of the company stand. "": the record itself'),
};

const LOOKUP: Readonly<Record<string, Schema>> = {
  ...REQUEST,
  where: object(
    {
      equals: oneOrMore(
        path('A path in a record'),
        'A record counts only when the address (or the domain of the domain or web address) there is the one asked for',
      ),
    },
    ['equals'],
    { description: 'An exact check of what the CRM found' },
  ),
  ...WHERE,
  // oxlint-disable-next-line unicorn/no-thenable -- the connector's own word; nobody awaits a schema
  then: oneOrMore(ref('followUp'), 'A further request for the contact or company that the record names'),
};

/** What a connector has, in a file of its own or in `config/crm.json`. */
export const CONNECTOR_PROPERTIES: Readonly<Record<string, Schema>> = {
  baseUrl: text('Where the API is: https, or http on this machine', { examples: ['https://api.crm.example/v2'] }),
  hosts: list(text('A host, or "*.crm.example" for all below it'), {
    description: 'Further hosts that a token or a next page may send us to. Left out: none',
  }),
  headers: named(ref('value'), 'Headers of every request'),
  auth: oneOrMore(ref('auth'), 'How requests are authorised. Of a list the first whose parameters are all given'),
  contactFields: list(ref('fieldName'), {
    description: 'Fields of contacts that are asked for beside those of "fields"',
  }),
  companyFields: list(ref('fieldName'), { description: 'The same of companies' }),
  byEmail: object(LOOKUP, ['path'], {
    description: `Finds the contact with an address: ${placeholders(PLACEHOLDERS.byEmail)}`,
  }),
  byDomain: object(LOOKUP, ['path'], {
    description: `Finds the company of a domain: ${placeholders(PLACEHOLDERS.byDomain)}. Left out: no look-up by domain`,
  }),
  changedSince: oneOrMore(
    ref('paged'),
    `Lists who changed, for prefetchMinutes: ${placeholders(PLACEHOLDERS.changedSince)}. Several requests are made one after the other`,
  ),
  check: oneOrMore(
    object(REQUEST, ['path']),
    'Shows that look-ups would work. Left out: byEmail with an address that nobody has',
  ),
  labelSuffix: text('"tier:label" in "fields" is read at "tier" with this behind it'),
  ...MATCHERS,
};

const MATCHER: Readonly<Record<string, Schema>> = {
  description: { type: 'string', description: 'A note for people' },
  status: oneOrMore({ type: 'integer', minimum: 200, maximum: 599 }, 'HTTP status'),
  body: path('A path in the answer, whose value is one of "is"'),
  is: { description: 'A value, or a list of them' },
  missing: path('Nothing stands at this path of the answer'),
  empty: { type: 'boolean', description: 'Whether the answer has no content' },
};

const AUTH: Readonly<Record<string, Schema>> = {
  token: text('The token'),
  scheme: text('The word before the token. Left out: Bearer'),
  username: text('The user'),
  password: text('The password'),
  name: text('The name of the header'),
  value: text('The value of the header'),
  tokenUrl: text('Where a token is got: https, or http on this machine'),
  clientId: text('The id of the client; "iss" of a JWT'),
  clientSecret: text('The secret of the client'),
  refreshToken: text('The refresh token'),
  scope: text('The scopes that are asked for'),
  audience: text('The audience; "aud" of a JWT'),
  subject: text('"sub" of the JWT'),
  keyId: text('"kid" of the JWT'),
  privateKey: text('An RSA key in PEM, which signs the JWT (RS256)'),
  clientAuthentication: { enum: CLIENT_AUTHENTICATION, description: 'Where id and secret are sent. Left out: body' },
  baseUrlFrom: path('Where the token endpoint names the host of the API, which "hosts" must allow'),
};

/** The parts of a connector by name, for a schema that refers to them. */
export const CONNECTOR_DEFINITIONS: Readonly<Record<string, Schema>> = {
  value: {
    description: 'A text with placeholders, or one in a query language, where each placeholder becomes a literal of it',
    anyOf: [{ type: 'string', minLength: 1 }, { type: 'number' }, { type: 'boolean' }, ref('query')],
  },
  query: {
    type: 'object',
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(LANGUAGES).map(([name, { description }]) => [name, text(description)]),
    ),
  },
  path: {
    description: 'The path below "baseUrl", without a query; each placeholder becomes one part of it',
    anyOf: [{ type: 'string', pattern: '^(/|\\{\\{)[^?#]*$' }, ref('query')],
  },
  fieldName: { type: 'string', pattern: FIELD_NAME.source },
  matcher: object(MATCHER, [], { minProperties: 1 }),
  rateLimit: object(
    {
      ...MATCHER,
      waitSeconds: {
        type: 'integer',
        minimum: 1,
        maximum: 7 * 86_400,
        description: 'How long, when the answer does not say',
      },
      waitHeader: text('A header that says how long: seconds, a time in seconds since 1970, or a date'),
    },
    [],
    { minProperties: 1 },
  ),
  followUp: object(
    {
      ...REQUEST,
      as: { enum: LEVELS, description: 'What its first record is. It is asked for only when "fields" needs it' },
      id: path('Where {{id}} stands in the first record'),
    },
    ['path', 'as', 'id'],
  ),
  paged: object(
    {
      ...REQUEST,
      ...WHERE,
      emails: oneOrMore(path('A path in a record'), 'Where the addresses stand; lists are gone through'),
      domains: oneOrMore(path('A path in a record'), 'Where domains or web addresses stand; lists are gone through'),
      next: ref('next'),
    },
    ['path'],
    { anyOf: [{ required: ['emails'] }, { required: ['domains'] }] },
  ),
  next: {
    type: 'object',
    additionalProperties: false,
    description: 'How the next page is asked for. Left out: there is one page',
    oneOf: Object.keys(NEXT_KEYS).map((kind) => ({ required: [kind] })),
    properties: {
      cursor: path('Where the answer gives what {{cursor}} is on the next page'),
      url: path('Where the answer gives the address of the next page'),
      last: path('Where in the last record of a page stands what {{cursor}} is on the next page'),
      first: text('With "last": what {{cursor}} is on the first page'),
      page: { type: 'integer', minimum: 0, description: 'The number of the first page, for {{page}}' },
      more: path('There is a next page only when the answer has something true there'),
      until: path('There is a next page only when the answer has nothing true there'),
    },
  },
  auth: {
    type: 'object',
    required: ['type'],
    properties: { type: { enum: AUTH_TYPES } },
    allOf: AUTH_TYPES.map((type) => {
      const { required, optional }: { required: readonly string[]; optional: readonly string[] } = AUTH_KEYS[type];
      const properties = Object.fromEntries([...required, ...optional].map((key) => [key, AUTH[key]!]));
      return {
        if: { required: ['type'], properties: { type: { const: type } } },
        // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
        then: object({ type: {}, description: {}, ...properties }, required),
      };
    }),
  },
};

const PARAMETER = object(
  {
    description: { type: 'string', description: 'What it is, for people' },
    default: text('What it is when it is not given; parameters without a default may stand in it'),
    optional: { type: 'boolean', description: 'It may be absent; what needs it is then left out' },
    secret: { type: 'boolean', description: 'It is given as ${env:NAME} or ${file:path}' },
    fieldName: { type: 'boolean', description: 'It is the name of a field: in a query language it stands as it is' },
    pattern: text('An RE2 pattern that it must match'),
  },
  [],
);

/** The JSON Schema of a connector in a file of its own. */
export function connectorSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Connector of enricher',
    description: 'How customers are found in a CRM with a REST API',
    ...object(
      {
        $schema: { type: 'string' },
        description: { type: 'string', description: 'A note for people' },
        parameters: {
          type: 'object',
          description: 'What the user gives beside "fields", each under its name; {{name}} stands for it everywhere',
          additionalProperties: PARAMETER,
          propertyNames: { pattern: '^[A-Za-z]\\w*$' },
        },
        ...CONNECTOR_PROPERTIES,
      },
      ['baseUrl', 'byEmail'],
    ),
    definitions: CONNECTOR_DEFINITIONS,
  };
}
