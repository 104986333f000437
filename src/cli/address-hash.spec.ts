import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { AddressHash } from '../shared/address-hash.js';
import { printAddressHash } from './address-hash.js';

const KEY = 'key-of-this-test-only';

function printed(address: string, env: NodeJS.ProcessEnv): string {
  const out = new PassThrough();
  printAddressHash(address, env, out, (message) => {
    throw new Error(message);
  });
  return String(out.read());
}

test('prints what stands for the address in the logs, however it is written', () => {
  const wanted = `${new AddressHash(KEY).of('dana@northwind.example')}\n`;
  expect(printed('Dana@Northwind.example', { ADDRESS_HASH_KEY: KEY })).toBe(wanted);
});

const inFolder = (folder: string) => ({ DATABASE_URL: `file:${join(folder, 'enricher.db')}` });

test('without a variable, by the key in the data folder', () => {
  const wanted = `${new AddressHash('k'.repeat(43)).of('dana@northwind.example')}\n`;
  const folder = tempFolder({ 'address-hash.key': `${'k'.repeat(43)}\n` });
  expect(printed('dana@northwind.example', inFolder(folder))).toBe(wanted);
});

test.each<[what: string, files: Readonly<Record<string, string>>]>([
  ['no key', {}],
  ['a damaged one', { 'address-hash.key': 'short\n' }],
])('where there is %s, none is made, as for "decisions erase"', (_what, files) => {
  const folder = tempFolder(files);
  expect(() => printed('dana@northwind.example', inFolder(folder))).toThrow(
    expect.objectContaining({
      code: 'INPUT_INVALID',
      message: `The key that stands for addresses is not in ${folder}; set ADDRESS_HASH_KEY or DATA_DIR as the service has it`,
    }),
  );
  expect(
    Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
  ).toEqual(files);
});

test('what is no address is a wrong argument', () => {
  expect(() => printed('dana', { ADDRESS_HASH_KEY: KEY })).toThrow('error: <address> is no e-mail address');
});
