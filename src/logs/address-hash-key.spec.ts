import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { KEY_FILE, keepAddressHashKey } from './address-hash-key.js';

test('is made once, in a folder that need not be there, and only its owner may read it', () => {
  const folder = join(tempFolder(), 'data');
  const first = keepAddressHashKey(folder);
  expect(first).toEqual({ key: expect.stringMatching(/^[\w-]{43}$/), lostBecause: null });
  expect(keepAddressHashKey(folder)).toEqual(first);
  expect(statSync(join(folder, KEY_FILE)).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual([KEY_FILE]);
});

test('one that is damaged is replaced', () => {
  const folder = tempFolder({ [KEY_FILE]: 'short\n' });
  const { key } = keepAddressHashKey(folder);
  expect(readFileSync(join(folder, KEY_FILE), 'utf8')).toBe(`${key}\n`);
});

test('without a place to keep it, it is for this run, and says why', () => {
  const folder = join(tempFolder({ file: '' }), 'file', 'data');
  expect(keepAddressHashKey(folder)).toEqual({ key: expect.stringMatching(/^[\w-]{43}$/), lostBecause: 'ENOTDIR' });
});
