import { chmodSync, cpSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from '@jest/globals';
import { Store } from '../../src/store/store.js';
import { tempFolder } from '../support/temp-folder.js';

let path: string;
beforeEach(async () => {
  path = join(tempFolder(), 'enricher.db');
  const store = new Store(`file:${path}`);
  await store.ready();
  await store.close();
  run('PRAGMA journal_mode = DELETE');
});

/** Statements of another process, which leaves as the service does. */
function run(statements: string): void {
  const database = new DatabaseSync(path);
  database.exec(statements);
  database.close();
}
const insert = (name: string) => `INSERT INTO leases VALUES ('${name}', 'us', 1);`;

async function readNames(): Promise<string[]> {
  const store = new Store(`file:${path}`, { isReadOnly: true });
  try {
    const db = await store.ready();
    return (await db.selectFrom('leases').select('name').orderBy('name').execute()).map(({ name }) => name);
  } finally {
    await store.close();
  }
}

/** SQLite cannot read a WAL then, as on a disk that is read-only; here for root too. */
const refuseSharedMemory = () => symlinkSync(path, `${path}-shm`);

test('a file that is only read stays as it is', async () => {
  run(insert('a'));
  chmodSync(path, 0o640);
  expect(await readNames()).toEqual(['a']);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(dirname(path))).toEqual(['enricher.db']);
  const database = new DatabaseSync(path);
  expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
  database.close();
});

test('nothing can be written to it', async () => {
  const store = new Store(`file:${path}`, { isReadOnly: true });
  const db = await store.ready();
  await expect(db.deleteFrom('leases').execute()).rejects.toThrow(`${path}: attempt to write a readonly database`);
  await store.close();
});

test('what a running service has in its WAL is read', async () => {
  const service = new DatabaseSync(path);
  service.exec(`PRAGMA journal_mode = WAL; ${insert('a')}`);
  expect(await readNames()).toEqual(['a']);
  service.close();
});

test('a file of a service that stopped is read where nothing can be written', async () => {
  run(`PRAGMA journal_mode = WAL; ${insert('a')}`);
  refuseSharedMemory();
  expect(await readNames()).toEqual(['a']);
});

test('it is refused there when the service was killed', async () => {
  const service = new DatabaseSync(path);
  service.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; ${insert('a')}`);
  const copied = join(tempFolder(), 'enricher.db');
  for (const suffix of ['', '-wal']) cpSync(`${path}${suffix}`, `${copied}${suffix}`);
  service.close();
  path = copied;
  refuseSharedMemory();
  await expect(readNames()).rejects.toThrow(
    `${path}: its folder cannot be written, and enricher.db-wal holds what is not in it yet; copy both to where they can be written`,
  );
});

test('one that is not there is not made', async () => {
  path = join(tempFolder(), 'data', 'enricher.db');
  await expect(readNames()).rejects.toThrow(`${path}: unable to open database file`);
  expect(readdirSync(dirname(dirname(path)))).toEqual([]);
});
