import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AddressHash } from '../shared/address-hash.js';
import { maskLine } from './mask-line.js';

const hash = new AddressHash('the key of the test');
const masked = (msg: string) => (JSON.parse(maskLine(JSON.stringify({ msg }), hash)) as { msg: string }).msg;
const DANA = hash.of('dana@northwind.example');

test.each([
  ['dana@northwind.example', DANA],
  ['asked for Dana@Northwind.example, in vain', `asked for ${DANA}, in vain`],
  ['first line\ndana@northwind.example\nthird', `first line\n${DANA}\nthird`],
  ['at the bell \u0007dana@northwind.example', `at the bell \u0007${DANA}`],
  ['"mailboxes": ["dana@northwind.example"]', `"mailboxes": ["${DANA}"]`],
  ['from <dana@northwind.example>;', `from <${DANA}>;`],
  ['GET https://crm.example/contacts/dana%40northwind.example?x=1', `GET https://crm.example/contacts/${DANA}?x=1`],
  ['?email=dana@northwind.example&x=1', `?email=${DANA}&x=1`],
  ['"dana ash"@northwind.example', hash.of('"dana ash"@northwind.example')],
  ['jörg@müller.example', hash.of('jörg@müller.example')],
  ['dana@[192.0.2.1]', hash.of('dana@[192.0.2.1]')],
  ['root@localhost', hash.of('root@localhost')],
  ['Bearer abcdefgh12345678', 'Bearer ***'],
  ['authorization: basic ZGFuYTpzZWNyZXQ=', 'authorization: basic ***'],
  ['authorization: Zoho-oauthtoken 1000.8cb99d.f1b2', 'authorization: Zoho-oauthtoken ***'],
  ['GET /contacts/dana%2540northwind.example?x=1', `GET /contacts/${DANA}?x=1`],
  ['GET /contacts/dana%252540northwind.example', `GET /contacts/${DANA}`],
  ['GET https://crm.example/a?token=abc.d-e&x=1#f', 'GET https://crm.example/a?token=***&x=1#f'],
  ['"/a?x=1&access_token=abc", "/b?apiKey=d e"', '"/a?x=1&access_token=***", "/b?apiKey=*** e"'],
  ['client_secret=a%20b&refresh_token=1000.c&grant_type=x', 'client_secret=***&refresh_token=***&grant_type=x'],
  [
    'it answered {"refresh_token":"1\\"2\\\\","expires":3,"apiToken": "x"}',
    'it answered {"refresh_token":"***","expires":3,"apiToken": "***"}',
  ],
  ['it answered {"password":"cut o', 'it answered {"password":"***'],
])('%j is written as %j', (msg, written) => {
  expect(masked(msg)).toBe(written);
});

test.each<[object, object]>([
  [{ authorization: 'whatever it is' }, { authorization: '***' }],
  [
    { err: { config: { headers: { Authorization: 'a "quoted" one' } } } },
    { err: { config: { headers: { Authorization: '***' } } } },
  ],
  [
    { client_secret: 'x', apiKey: 'y', tokens: 3 },
    { client_secret: '***', apiKey: '***', tokens: 3 },
  ],
  ...[
    'access_token',
    'refresh_token',
    'apiToken',
    'pushSecret',
    'clientSecret',
    'x-api-key',
    'privateKey',
    'PASSWORD',
    'set-cookie',
  ].map((name): [object, object] => [
    { [name]: 'line\n"\\', after: 'x' },
    { [name]: '***', after: 'x' },
  ]),
])('of %j only the names of credentials are written', (fields, written) => {
  expect(JSON.parse(maskLine(JSON.stringify(fields), hash))).toEqual(written);
});

test.each([
  'nothing to hide',
  'at Foo (node_modules/@nestjs/core/router/router-proxy.js:12:3)',
  'at @ noon',
  'the bearer of this letter',
  'a token, a secret and the key to all: "x"',
  '100% of ?tokens=3',
  'no "token":3 and no "key" : x',
])('%j stays', (msg) => {
  expect(masked(msg)).toBe(msg);
});

const text = fc.string({ unit: 'binary' });
/** One that ends in "/" looks as a path of a package does. */
const address = fc.emailAddress().filter((one) => !one.includes('/@'));

test('whatever surrounds an address, the line stays JSON and the address is gone', () => {
  fc.assert(
    fc.property(text, text, address, (before, after, one) => {
      const line = maskLine(JSON.stringify({ msg: `${before} ${one} ${after}` }), hash);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(line).not.toContain(one);
    }),
  );
});

test('whatever a credential is, the line stays JSON and the credential is gone', () => {
  fc.assert(
    fc.property(text, fc.uuid(), text, (before, one, after) => {
      const secret = `${before}${one}`;
      const fields = { msg: `${before} ?token=${one}&x ${after} ${JSON.stringify({ apiToken: secret })}`, secret };
      const line = maskLine(JSON.stringify(fields), hash);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(line).not.toContain(one);
    }),
  );
});

test('a long word without an end takes no longer than its length', () => {
  const line = JSON.stringify({ msg: `${'a'.repeat(1_000_000)} @` });
  expect(maskLine(line, hash)).toBe(line);
});
