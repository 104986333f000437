import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { check } from '../../../cli/check.js';
import { readCrmConfig } from '../../crm-config.js';
import { connectorSchema } from './connector-schema.js';

const BY_EMAIL = '{ "path": "/people/{{email}}" }';
/** Keys of a connector without a fault, each in a line. */
const CONNECTOR: Readonly<Record<string, string>> = { baseUrl: '"https://crm.example"', byEmail: BY_EMAIL };

type Keys = Readonly<Record<string, string | null>>;

const write = (keys: Keys) =>
  `{\n${Object.entries(keys)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `"${key}": ${value}`)
    .join(',\n')}\n}`;

/** `file:line:column  message` of each fault of a provider with a connector file of these keys. */
async function faultsOf(keys: Keys, provider: Keys = {}): Promise<string[]> {
  const entry = { type: '"http"', connector: '"./acme.json"', ...provider };
  const text = `{ "providers": [${write(entry)}] }`;
  const folder = tempFolder({ 'crm.json': text, 'acme.json': write({ ...CONNECTOR, ...keys }) });
  const env = { TOKEN: 'secret-token', LINES: 'two\nlines' };
  const read = await readCrmConfig(join(folder, 'crm.json'), env);
  const faults = read.ok ? read.warnings : read.faults;
  return faults.map(
    ({ file, line, column, message }) => `${file.slice(folder.length + 1)}:${line}:${column}  ${message}`,
  );
}

const only = (parameters: object) => JSON.stringify(parameters);
const requests = 'there are email, local, domain, contactFields, companyFields';

describe('a connector has a fault where', () => {
  test.each<[string, Keys, string]>([
    ['a key is unknown', { byMail: BY_EMAIL }, '4:1  unknown key "byMail" in a connector, did you mean "byEmail"?'],
    ['there is no request', { byEmail: null }, '1:1  a connector needs "byEmail"'],
    ['there is no address', { baseUrl: null }, '1:1  a connector needs "baseUrl"'],
    ['the address is none', { baseUrl: '"crm"' }, '2:12  "baseUrl" must be an address such as https://api.crm.example'],
    [
      'the address has a user',
      { baseUrl: '"https://a:b@crm.example"' },
      '2:12  "baseUrl" must have no user, query or fragment',
    ],
    ['the address is another kind', { baseUrl: '"ftp://crm.example"' }, '2:12  "baseUrl" must begin with https://'],
    [
      'the address is not encrypted',
      { baseUrl: '"http://crm.example"' },
      '2:12  "baseUrl" must begin with https://: secrets and addresses go there (a "http" provider may say "allowHttp": true)',
    ],
    [
      'a placeholder is unknown',
      { byEmail: '{ "path": "/x/{{emial}}" }' },
      `3:26  unknown placeholder "emial", did you mean "email"? (${requests})`,
    ],
    [
      'a placeholder is of another request',
      { byDomain: '{ "path": "/x/{{domain}}", "query": { "e": "{{email}}" } }' },
      '4:57  unknown placeholder "email" (there are domain, contactFields, companyFields)',
    ],
    [
      'a placeholder in a language is unknown',
      { byEmail: '{ "path": "/x", "query": { "q": { "soql": "\\"\\u0041\\" {{email}} {{since}}" } } }' },
      `3:76  unknown placeholder "since" (${requests})`,
    ],
    [
      'a placeholder deep in a body is unknown',
      { byEmail: '{ "path": "/x/{{email}}", "body": { "a": [{ "b": "{{mail}}" }] } }' },
      `3:62  unknown placeholder "mail", did you mean "email"? (${requests})`,
    ],
    [
      'a filter is unknown',
      { byEmail: '{ "path": "/x/{{email | md6}}" }' },
      '3:26  unknown filter "md6", did you mean "md5"? (there are md5, sha256)',
    ],
    [
      'a placeholder is none',
      { byEmail: '{ "path": "/x/{{email}}/{{a b}}" }' },
      '3:36  {{a b}} is no placeholder; one is a name, such as {{email}}',
    ],
    [
      'a placeholder is open',
      { byEmail: '{ "path": "/x/{{email}}/{{email" }' },
      '3:36  "{{" belongs to a placeholder, such as {{email}}',
    ],
    [
      'it wants a secret of the environment',
      { headers: '{ "x": "a ${env:TOKEN}" }' },
      '4:22  ${env:TOKEN} belongs into the CRM configuration: make it a parameter of the connector',
    ],
    [
      'a request is the same for everybody',
      { byEmail: '{ "path": "/x" }' },
      '3:12  "byEmail" does not use {{email}}, so it would find the same for everybody',
    ],
    [
      'a request by domain is the same for everybody',
      { byDomain: '{ "path": "/x" }' },
      '4:13  "byDomain" does not use {{domain}}, so it would find the same for everybody',
    ],
    ['a request has no path', { byEmail: '{ "query": {} }' }, '3:12  "byEmail" needs "path"'],
    ['a path is relative', { byEmail: '{ "path": "x/{{email}}" }' }, '3:22  "path" must begin with "/"'],
    ['a path names a host', { byEmail: '{ "path": "//evil.example/{{email}}" }' }, '3:22  "path" must be a plain path'],
    ['a path goes up', { byEmail: '{ "path": "/a/../{{email}}" }' }, '3:22  "path" must be a plain path'],
    [
      'a path has a query',
      { byEmail: '{ "path": "/x?e={{email}}" }' },
      '3:22  "path" must end before "?" and "#"; what follows "?" belongs into "query"',
    ],
    [
      'a GET request has a body',
      { byEmail: '{ "method": "GET", "path": "/x", "body": { "e": "{{email}}" } }' },
      '3:24  a GET request has no body; "byEmail" needs "method": "POST"',
    ],
    [
      'a method is unknown',
      { byEmail: '{ "method": "PUT", "path": "/x/{{email}}" }' },
      '3:24  "method" must be one of GET, POST, not "PUT"',
    ],
    [
      'a request has two bodies',
      { byEmail: '{ "path": "/x/{{email}}", "form": {}, "body": {} }' },
      '3:38  a request has either "body" or "form"',
    ],
    [
      'a query parameter is a list',
      { byEmail: '{ "path": "/x/{{email}}", "query": { "a": [] } }' },
      '3:54  "a" must be text, not a list',
    ],
    [
      'a language is unknown',
      { byEmail: '{ "path": "/x/{{email}}", "query": { "a": { "sql": "x" } } }' },
      '3:54  "a" must be text, or an object with text in one query language (soql, odata, criteria, coql, search)',
    ],
    [
      'a quote is not closed',
      { byEmail: '{ "path": "/x", "query": { "a": { "odata": "e eq \'{{email}}" } } }' },
      '3:56  a quote is opened and not closed',
    ],
    [
      'a path in an answer is none',
      { byEmail: '{ "path": "/x/{{email}}", "items": "a[x]" }' },
      '3:47  "a[x]" is no path; one is written data.items, results[0].id or ["a key"]',
    ],
    [
      'a path in an answer is no text',
      { byEmail: '{ "path": "/x/{{email}}", "items": 1 }' },
      '3:47  "items" must be a path such as "data.items[0]", not 1',
    ],
    [
      'a path has a placeholder of a request',
      { byEmail: '{ "path": "/x/{{email}}", "items": "a.{{email}}" }' },
      '3:50  unknown parameter "email"; a path may have parameters only',
    ],
    [
      'a check of what was found has no path',
      { byEmail: '{ "path": "/x/{{email}}", "where": {} }' },
      '3:47  "where" needs "equals"',
    ],
    [
      'a further request does not say what for',
      { byEmail: '{ "path": "/x/{{email}}", "then": { "path": "/c/{{id}}", "id": "id" } }' },
      '3:46  "then" needs "as"',
    ],
    [
      'a further request uses no id',
      { byEmail: '{ "path": "/x/{{email}}", "then": { "path": "/c", "id": "id", "as": "company" } }' },
      '3:46  "then" does not use {{id}}, so it would find the same for everybody',
    ],
    ['an authorisation is unknown', { auth: '{ "type": "bearrer" }' }, '4:19  "type" must be one of none, bearer'],
    [
      'an authorisation lacks a key',
      { auth: '{ "type": "basic", "username": "a" }' },
      '4:9  "auth" of type "basic" needs "password"',
    ],
    [
      'an authorisation has a key of another',
      { auth: '{ "type": "bearer", "token": "a", "password": "b" }' },
      '4:43  unknown key "password" in "auth" of type "bearer"',
    ],
    [
      'a header cannot be',
      { auth: '{ "type": "header", "name": "a b", "value": "b" }' },
      '4:37  "name" must be the name of a header',
    ],
    [
      'a key is no key',
      {
        auth: only({
          type: 'oauth2-jwt-bearer',
          tokenUrl: 'https://a.example',
          clientId: 'a',
          audience: 'b',
          privateKey: 'c',
        }),
      },
      '4:111  "privateKey" must be an RSA key in PEM (-----BEGIN PRIVATE KEY-----), unencrypted',
    ],
    [
      'a token endpoint is not encrypted',
      {
        auth: only({
          type: 'oauth2-client-credentials',
          tokenUrl: 'http://a.example',
          clientId: 'a',
          clientSecret: 'b',
        }),
      },
      '4:56  "tokenUrl" must begin with https://',
    ],
    [
      'a header of a request cannot be',
      { byEmail: '{ "path": "/x/{{email}}", "headers": { "a b": "c" } }' },
      '3:51  "a b" cannot be set as a header',
    ],
    [
      'a header is of the connection',
      { headers: '{ "Host": "evil.example" }' },
      '4:14  "Host" cannot be set as a header',
    ],
    [
      'a host is none',
      { hosts: '["https://crm.example"]' },
      '4:11  "hosts" are names such as "api.crm.example", or "*.crm.example"',
    ],
    ['a host is all hosts', { hosts: '["*"]' }, '4:11  "hosts" are names'],
    ['a host is all of a top-level domain', { hosts: '["*.com"]' }, '4:11  "hosts" are names'],
    ['a name of a field is none', { contactFields: '["a", "b c"]' }, '4:24  "contactFields" are names of fields'],
    [
      'a matcher says nothing',
      { retryOn: '[{}]' },
      '4:13  an entry of "retryOn" needs "status", "body", "missing" or "empty"',
    ],
    [
      'a matcher has a path and no value',
      { retryOn: '[{ "body": "a" }]' },
      '4:13  "body" (a path in the answer) and "is" (its values) go together',
    ],
    [
      'a status is none',
      { notFoundWhen: '[{ "status": [404, 42] }]' },
      '4:36  "status" must be an HTTP status from 200 to 599',
    ],
    [
      'a wait is for others',
      { retryOn: '[{ "status": 500, "waitSeconds": 1 }]' },
      '4:30  unknown key "waitSeconds" in "retryOn"',
    ],
    [
      'a list says not who is found',
      { changedSince: '[{ "path": "/x" }]' },
      '4:18  a request of "changedSince" needs "emails" or "domains": what its records are found by',
    ],
    [
      'a next page has no cursor',
      { changedSince: '[{ "path": "/x", "emails": "e", "next": { "cursor": "c" } }]' },
      '4:57  the request does not use {{cursor}}, so every page would be the first',
    ],
    [
      'a next page is asked for in two ways',
      { changedSince: '[{ "path": "/x", "emails": "e", "next": { "cursor": "c", "url": "u" } }]' },
      '4:57  "next" needs one of "cursor", "url", "last", "page"',
    ],
    [
      'pages have no end',
      { changedSince: '[{ "path": "/x", "query": { "p": "{{page}}" }, "emails": "e", "next": { "page": 1 } }]' },
      '4:87  "next" with "page" needs "more" or "until"',
    ],
    [
      'a parameter bears a name of ours',
      { parameters: only({ fields: { optional: true } }) },
      '4:16  every provider has a key "fields"; call the parameter otherwise',
    ],
    [
      'a parameter has no usable name',
      { parameters: only({ 'a-b': { optional: true } }) },
      `4:16  a parameter's name has letters, digits and "_" only`,
    ],
    [
      'a pattern is none',
      { parameters: only({ a: { optional: true, pattern: '(' } }) },
      '4:47  "pattern" is no RE2 pattern: missing closing )',
    ],
    [
      'a default is made of another',
      { parameters: only({ a: { default: 'x{{b}}' }, b: { default: 'c' } }) },
      '4:33  unknown placeholder "b" in the default of parameter "a"',
    ],
    [
      'a request needs what there is not',
      { byDomain: '{ "needs": "feld", "path": "/{{domain}}" }', parameters: only({ field: { optional: true } }) },
      '4:24  "needs" names no parameter "feld", did you mean "field"? of the connector',
    ],
  ])('%s', async (_, keys, fault) => {
    const faults = await faultsOf(keys);
    expect(faults[0]).toContain(`acme.json:${fault}`);
    expect(faults).toHaveLength(1);
  });
});

describe('a use of a connector has a fault where', () => {
  const withToken = {
    parameters: only({
      token: { secret: true, description: 'The key' },
      site: { default: 'crm', pattern: '^[a-z]+$' },
    }),
    baseUrl: '"https://{{site}}.example"',
    auth: '{ "type": "bearer", "token": "{{token}}" }',
  };
  const twoWays = {
    parameters: only({ key: { optional: true }, user: { optional: true }, password: { optional: true } }),
    auth: '[{ "type": "bearer", "token": "{{key}}" }, { "type": "basic", "username": "{{user}}", "password": "{{password}}" }]',
  };

  test.each<[string, Keys, Keys, string[]]>([
    ['a parameter is missing', withToken, {}, ['crm.json:1:17  a "http" provider needs "token" (The key)']],
    ['a secret is not there', withToken, { token: '"${env:NOPE}"' }, ['crm.json:4:10  ${env:NOPE} is not set']],
    [
      'a parameter is unknown',
      withToken,
      { token: '"${env:TOKEN}"', sites: '"a"' },
      ['crm.json:5:1  unknown key "sites" in a "http" provider, did you mean "site"?'],
    ],
    ['a parameter is another kind', withToken, { token: '1' }, ['crm.json:4:10  "token" must be text, not a number']],
    [
      'a parameter does not match',
      withToken,
      { token: '"${env:TOKEN}"', site: '"A.b"' },
      ['crm.json:5:9  "site" does not match ^[a-z]+$'],
    ],
    [
      'a secret cannot be sent',
      withToken,
      { token: '"${env:LINES}"' },
      ['crm.json:4:10  "token" cannot be used as it is: it has a character that no header may have'],
    ],
    [
      'a parameter makes no address',
      { parameters: only({ url: {} }), baseUrl: '"{{url}}"' },
      { url: '"crm.example"' },
      ['crm.json:4:8  "baseUrl" must be an address such as https://api.crm.example'],
    ],
    [
      'a parameter would name another host',
      { parameters: only({ site: {} }), baseUrl: '"https://{{site}}.crm.example"' },
      { site: '"evil.example/"' },
      ['crm.json:4:9  "site" cannot be used as it is: it may have letters, digits, "-", "_" and "." only here'],
    ],
    [
      'no way to authorise is given',
      twoWays,
      { user: '"a"' },
      ['crm.json:1:17  a "http" provider needs "key", or "password"'],
    ],
    [
      'a name of a field is none',
      { parameters: only({ field: { fieldName: true } }) },
      { field: '"a = 1 OR"' },
      ['crm.json:4:10  "field" must be the name of a field: letters, digits, "_" and "."'],
    ],
    [
      'a mapped field is none',
      {},
      { fields: '{ "tier": "tier FROM x" }' },
      ['crm.json:4:21  "tier FROM x" is no name of a field: letters, digits, "_" and "." between them'],
    ],
    [
      'a mapped field is of a company that there is not',
      {},
      { fields: '{ "tier": { "from": "company.tier", "type": "text" } }' },
      ['crm.json:4:31  "company.tier" is a field of the company, and this connector gives none of a company'],
    ],
    [
      'a label is asked for where there are none',
      {},
      { fields: '{ "tier": "tier:label" }' },
      ['crm.json:4:21  "tier:label" asks for a label, and this connector gives none'],
    ],
    ['the file is not there', {}, { connector: '"./no.json"' }, ['crm.json:3:14  cannot read the connector ']],
  ])('%s', async (_, keys, provider, faults) => {
    const found = await faultsOf(keys, provider);
    expect(found).toEqual(faults.map((fault) => expect.stringContaining(fault)));
    expect(found.join()).not.toMatch(/secret-token|two/);
  });

  test.each<[Keys, Keys]>([
    [withToken, { token: '"${env:TOKEN}"' }],
    [twoWays, { key: '"a"' }],
    [twoWays, { user: '"a"', password: '"b"' }],
    [{ baseUrl: '"http://crm.example"' }, { allowHttp: 'true' }],
    [{ labelSuffix: '"@label"' }, { fields: '{ "tier": "tier:label", "x": "a.b[0].c", "y": "9f8" }' }],
  ])('none is in %j with %j', async (keys, provider) => {
    expect(await faultsOf(keys, provider)).toEqual([]);
  });
});

test('a fault of a connector that two providers use is told once', async () => {
  const entry = '{ "type": "http", "connector": "acme.json"';
  const folder = tempFolder({
    'crm.json': `{ "providers": [${entry} }, ${entry}, "name": "b" }] }`,
    'acme.json': write({ ...CONNECTOR, retry: '[]' }),
  });
  const read = await readCrmConfig(join(folder, 'crm.json'), {});
  expect(read.ok ? [] : read.faults).toMatchObject([{ line: 4, column: 1 }]);
});

test('a connector that is no JSON has its fault in the file', async () => {
  const folder = tempFolder({
    'crm.json': '{ "providers": [{ "type": "http", "connector": "acme.json" }] }',
    'acme.json': '{\n  "baseUrl": }',
  });
  const read = await readCrmConfig(join(folder, 'crm.json'), {});
  expect(read.ok ? [] : read.faults).toMatchObject([{ file: join(folder, 'acme.json'), line: 2, column: 14 }]);
});

test('"enricher check" shows the faults of a connector file with its lines', async () => {
  const folder = tempFolder({
    'crm.json': '{ "providers": [{ "type": "http", "connector": "acme.json" }] }',
    'acme.json': write({ ...CONNECTOR, byEmail: '{ "path": "/x/{{emial}}" }' }),
    'mailboxes.json': '{ "mailboxes": {} }',
    'rules/none.json': '{ "rules": [] }',
  });
  let printed = '';
  const out = { write: (text: string) => ((printed += text), true) } as unknown as NodeJS.WritableStream;
  const options = {
    rules: join(folder, 'rules'),
    crm: join(folder, 'crm.json'),
    mailboxes: join(folder, 'mailboxes.json'),
  };
  expect(await check({ ...options, format: 'text', offline: true }, {}, out)).toBe(1);
  expect(printed).toContain(`${join(folder, 'acme.json')}:3:26  unknown placeholder "emial"`);
  expect(printed).toContain('  3 | "byEmail": { "path": "/x/{{emial}}" }\n');
});

test('the schema says of a connector what the service says, where it can', async () => {
  const validate = new Ajv({ allErrors: true }).compile(connectorSchema());
  const isValid = (keys: Keys) => validate(JSON.parse(write({ ...CONNECTOR, ...keys })));
  expect([isValid({}), validate.errors]).toEqual([true, null]);
  for (const keys of [
    { byMail: BY_EMAIL },
    { byEmail: '{ "query": {} }' },
    { byEmail: '{ "path": "/x?e={{email}}" }' },
    { byEmail: '{ "method": "PUT", "path": "/x/{{email}}" }' },
    { auth: '{ "type": "bearrer" }' },
    { auth: '{ "type": "basic", "username": "a" }' },
    { retryOn: '[{}]' },
    { changedSince: '[{ "path": "/x" }]' },
    { parameters: '{ "a-b": {} }' },
  ])
    expect([keys, isValid(keys)]).toEqual([keys, false]);
});
