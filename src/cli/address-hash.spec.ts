import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { AddressHash } from '../shared/address-hash.js';
import { printAddressHash } from './address-hash.js';

const KEY = 'key-of-this-test-only';

function printed(address: string, env: NodeJS.ProcessEnv): string {
  const out = new PassThrough();
  printAddressHash(address, env, out);
  return String(out.read());
}

test('prints what stands for the address in the logs, however it is written', () => {
  const wanted = `${new AddressHash(KEY).of('dana@northwind.example')}\n`;
  expect(printed('Dana@Northwind.example', { ADDRESS_HASH_KEY: KEY })).toBe(wanted);
});

test('without a variable, by the key in the data folder', () => {
  const env = { DATABASE_URL: `file:${join(tempFolder({ 'address-hash.key': 'k'.repeat(43) }), 'enricher.db')}` };
  const wanted = `${new AddressHash('k'.repeat(43)).of('dana@northwind.example')}\n`;
  expect(printed('dana@northwind.example', env)).toBe(wanted);
});

test.each([
  ['what is no address', 'dana', { ADDRESS_HASH_KEY: KEY }],
  [
    'a folder without a key that lasts',
    'dana@northwind.example',
    { DATABASE_URL: `file:${import.meta.filename}/x.db` },
  ],
])('refuses %s', (_what, address, env) => {
  expect(() => printed(address, env)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});
