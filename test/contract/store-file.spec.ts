import { cpSync, mkdirSync, openSync, closeSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Store } from '../../src/store/store.js';
import { tempFolder } from '../support/temp-folder.js';

let path: string;
let replaced: number;
let store: Store;
beforeEach(() => {
  path = join(tempFolder(), 'data', 'enricher.db');
  replaced = 0;
  store = new Store(`file:${path}`, { replaced: () => (replaced += 1) });
});
afterEach(() => store.close());

async function write(name: string): Promise<void> {
  const db = await store.ready();
  await db
    .insertInto('leases')
    .values({ name, owner: 'us', expires_at: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
/** What was written to a file, as another process finds it. */
function namesIn(file: string): unknown[] {
  const database = new DatabaseSync(file);
  try {
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    return database
      .prepare('SELECT name FROM leases ORDER BY name')
      .all()
      .map(({ name }) => name);
  } finally {
    database.close();
  }
}

const files = () => [path, `${path}-wal`, `${path}-shm`];
const aside = () => join(dirname(dirname(path)), 'aside');
function moveAside(moved: readonly string[]): void {
  mkdirSync(aside());
  for (const file of moved) renameSync(file, file.replace(dirname(path), aside()));
}
/** As `VACUUM INTO` makes it. */
function backup(): string {
  const to = join(tempFolder(), 'backup.db');
  const database = new DatabaseSync(path);
  database.exec(`VACUUM INTO '${to}'; PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
  return to;
}

test.each<
  [what: string, happens: (backup: string) => void, after: readonly string[], asideHas: readonly string[] | null]
>([
  ['is deleted', () => rmSync(path), ['new'], null],
  ['is deleted with what is beside it', () => files().forEach((file) => rmSync(file)), ['new'], null],
  ['is deleted with its folder', () => rmSync(dirname(path), { recursive: true }), ['new'], null],
  ['is moved aside', () => moveAside([path]), ['new'], ['old', 'recent']],
  ['is moved aside with what is beside it', () => moveAside(files()), ['new'], ['old', 'recent']],
  ['gets a backup renamed over it', (made) => renameSync(made, path), ['new', 'old'], null],
  [
    'gives way to a backup',
    (made) => {
      moveAside(files());
      cpSync(made, path);
    },
    ['new', 'old'],
    ['old', 'recent'],
  ],
])(
  'a file that %s fails one statement, and the next is kept where others see it',
  async (_what, happens, after, had) => {
    await write('old');
    const made = backup();
    await write('recent');
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    happens(made);
    await expect(write('new')).rejects.toThrow(`${path}: the database file was deleted or replaced`);
    await write('new');
    expect(replaced).toBe(1);
    expect(namesIn(path)).toEqual(after);
    if (had !== null) expect(namesIn(join(aside(), 'enricher.db')).slice(-had.length)).toEqual(had);
  },
);

test('a WAL that is moved away alone takes nothing with it', async () => {
  await write('old');
  renameSync(`${path}-wal`, `${path}-wal.aside`);
  await expect(write('new')).rejects.toThrow('deleted or replaced');
  await write('new');
  expect(namesIn(path)).toEqual(['new', 'old']);
});

test('what another process still reads of the old file does not get into the new one', async () => {
  await write('old');
  const made = backup();
  await write('recent');
  const reader = new DatabaseSync(path);
  reader.exec('BEGIN; SELECT * FROM leases');
  renameSync(made, path);
  await expect(write('new')).rejects.toThrow('deleted or replaced');
  await write('new');
  expect(namesIn(path)).toEqual(['new', 'old']);
  reader.close();
});

test('of what is under way at that moment all fails or is in the new file', async () => {
  await write('old');
  rmSync(path);
  const names = Array.from({ length: 40 }, (_, index) => `new-${String(index).padStart(2, '0')}`);
  const written = await Promise.allSettled(names.map(write));
  await write('new');
  expect(written.some(({ status }) => status === 'rejected')).toBe(true);
  expect(namesIn(path)).toEqual(['new', ...names.filter((_, index) => written[index]?.status === 'fulfilled')]);
});

/** Leaves the first page, so that it is still opened. */
function spoil(): void {
  const { size } = statSync(path);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(size - 4096, 0xff), 0, size - 4096, 4096);
  closeSync(file);
}

test('a malformed file can be moved aside meanwhile, and a new one is begun', async () => {
  await write('old');
  await store.close();
  spoil();
  store = new Store(`file:${path}`);
  for (const name of ['one', 'two'])
    await expect(write(name)).rejects.toThrow(`${path}: database disk image is malformed`);
  moveAside([path]);
  await write('new');
  expect(namesIn(path)).toEqual(['new']);
});

test('a file that became malformed can be mended meanwhile', async () => {
  await write('old');
  const made = backup();
  spoil();
  await expect(write('new')).rejects.toThrow(`${path}: database disk image is malformed`);
  renameSync(made, path);
  await write('new');
  expect(namesIn(path)).toEqual(['new', 'old']);
});

test('what is no database is refused until one is there', async () => {
  await write('old');
  const made = backup();
  await store.close();
  store = new Store(`file:${path}`);
  const file = openSync(path, 'r+');
  writeSync(file, 'not a database', 0);
  closeSync(file);
  for (const name of ['one', 'two']) await expect(write(name)).rejects.toThrow(`${path}: file is not a database`);
  renameSync(made, path);
  await write('new');
  expect(namesIn(path)).toEqual(['new', 'old']);
});
