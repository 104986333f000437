import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { Store } from './store.js';

const TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'kysely%' ORDER BY name";

test('a first start that ends in the middle leaves nothing in a SQLite file that the next would fall over', async () => {
  const path = join(tempFolder(), 'enricher.db');
  const database = new DatabaseSync(path);
  // The last table that is made: in its place the process ends.
  database.exec('CREATE TABLE sends (other TEXT)');
  {
    const store = new Store(`file:${path}`);
    await expect(store.ready()).rejects.toThrow('sends');
    await store.close();
  }
  expect(database.prepare(TABLES).all()).toEqual([{ name: 'sends' }].map((row) => ({ __proto__: null, ...row })));
  database.exec('DROP TABLE sends');
  const store = new Store(`file:${path}`);
  await store.ready();
  expect(database.prepare(TABLES).all()).toHaveLength(6);
  database.close();
  await store.close();
});
