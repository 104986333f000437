import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { replaceFile } from './replace-file.js';

test('a file has the new content and its old mode, whatever the mode of new files', async () => {
  const path = join(tempFolder({ file: 'old' }), 'file');
  const before = process.umask(0o077);
  try {
    await chmod(path, 0o664);
    await replaceFile(path, 'new');
  } finally {
    process.umask(before);
  }
  expect(await readFile(path, 'utf8')).toBe('new');
  expect((await stat(path)).mode & 0o777).toBe(0o664);
});

test('a missing file is made', async () => {
  const path = join(tempFolder(), 'file');
  await replaceFile(path, 'new');
  expect(await readFile(path, 'utf8')).toBe('new');
});

test('what cannot be replaced stays, and nothing is left beside it', async () => {
  const folder = tempFolder({ 'taken/file': '' });
  await expect(replaceFile(join(folder, 'taken'), 'new')).rejects.toMatchObject({ code: 'EISDIR' });
  expect(await readdir(folder)).toEqual(['taken']);
});
