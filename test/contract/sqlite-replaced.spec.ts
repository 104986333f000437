import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from '@jest/globals';
import { SqliteClient } from '../../src/crm/providers/sql/sqlite-client.js';
import { tempFolder } from '../support/temp-folder.js';

const clients: SqliteClient[] = [];
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

function makeDatabase(path: string, name: string): void {
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE customers (full_name TEXT); INSERT INTO customers VALUES ('${name}')`);
  database.close();
}

function open(path: string): () => Promise<unknown> {
  const client = new SqliteClient({ path, statements: { byEmail: 'SELECT full_name FROM customers' } });
  clients.push(client);
  return async () => (await client.query('byEmail', {}, 10, AbortSignal.timeout(20_000))).rows[0]?.['full_name'];
}

test('a database that another was renamed over is read from the next query on', async () => {
  const path = join(tempFolder(), 'customers.db');
  makeDatabase(path, 'Old');
  const ask = open(path);
  expect(await ask()).toBe('Old');
  for (const name of ['New', 'Newer']) {
    makeDatabase(`${path}.new`, name);
    renameSync(`${path}.new`, path);
    expect(await ask()).toBe(name);
    expect(await ask()).toBe(name);
  }
});

test('a database that is gone for a while answers on, and the one that comes is read', async () => {
  const path = join(tempFolder(), 'customers.db');
  makeDatabase(path, 'Old');
  const ask = open(path);
  expect(await ask()).toBe('Old');
  rmSync(path);
  expect(await ask()).toBe('Old');
  makeDatabase(path, 'New');
  expect(await ask()).toBe('New');
});

test('what is no database is refused, until a database comes', async () => {
  const path = join(tempFolder(), 'customers.db');
  makeDatabase(path, 'Old');
  const ask = open(path);
  expect(await ask()).toBe('Old');
  writeFileSync(`${path}.new`, 'not a database, but long enough to be taken for one by its size. '.repeat(20));
  renameSync(`${path}.new`, path);
  await expect(ask()).rejects.toThrow('not a database');
  await expect(ask()).rejects.toThrow('not a database');
  makeDatabase(`${path}.new`, 'New');
  renameSync(`${path}.new`, path);
  expect(await ask()).toBe('New');
});
