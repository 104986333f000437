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
])('%j is written as %j', (msg, written) => {
  expect(masked(msg)).toBe(written);
});

test.each([
  [{ authorization: 'whatever it is' }, { authorization: '***' }],
  [
    { err: { config: { headers: { Authorization: 'a "quoted" one' } } } },
    { err: { config: { headers: { Authorization: '***' } } } },
  ],
  [
    { client_secret: 'x', apiKey: 'y', tokens: 3 },
    { client_secret: '***', apiKey: '***', tokens: 3 },
  ],
])('of %j only the names of credentials are written', (fields, written) => {
  expect(JSON.parse(maskLine(JSON.stringify(fields), hash))).toEqual(written);
});

test.each([
  'nothing to hide',
  'at Foo (node_modules/@nestjs/core/router/router-proxy.js:12:3)',
  'at @ noon',
  'the bearer of this letter',
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

test('a long word without an end takes no longer than its length', () => {
  const line = JSON.stringify({ msg: `${'a'.repeat(1_000_000)} @` });
  expect(maskLine(line, hash)).toBe(line);
});
