import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AddressHash } from './address-hash.js';

const hash = new AddressHash('the key of the test');

test('is the beginning of the HMAC-SHA256 of the normal form', () => {
  const hmac = createHmac('sha256', 'the key of the test').update('dana@northwind.example').digest('hex');
  expect(hash.of('dana@northwind.example')).toBe(`h:${hmac.slice(0, 16)}`);
});

test.each(['Dana@Northwind.example', ' dana@northwind.example ', '<dana@northwind.example>'])(
  'is the same for the spelling "%s"',
  (spelling) => {
    expect(hash.of(spelling)).toBe(hash.of('dana@northwind.example'));
  },
);

test('differs for other addresses and under another key', () => {
  const others = [hash.of('lee@northwind.example'), new AddressHash('another').of('dana@northwind.example')];
  expect(new Set([hash.of('dana@northwind.example'), ...others]).size).toBe(3);
});

test('any text has one, which holds nothing of it', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(hash.of(text)).toMatch(/^h:[\da-f]{16}$/);
      expect(hash.of(text)).toBe(hash.of(` ${text.toUpperCase().toLowerCase()}`));
    }),
  );
});

test('of a text with addresses is the HMAC-SHA256 of the text as it stands', () => {
  const text = '["dana@northwind.example","Ack"]';
  expect(hash.ofText(text)).toBe(createHmac('sha256', 'the key of the test').update(text).digest('base64url'));
  expect(hash.ofText(text.toLowerCase())).not.toBe(hash.ofText(text));
});
