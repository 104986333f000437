import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from '@jest/globals';
import { SqliteLastKnown } from '../../src/crm/stores/sqlite-last-known.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';
import { describeLastKnownStore, MAX_AGE_DAYS } from './last-known.contract.js';

const CRM = { name: 'crm', mapping: 'm1' };
const known = (id: string, seenAt = Date.now()) => ({ id, record: { tier: 'gold' }, seenAt });
const DAY = 86_400_000;

const opened: SqliteLastKnown[] = [];
afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));

function open(path: string, faults: string[] = []): SqliteLastKnown {
  const store = new SqliteLastKnown({ path, maxAgeDays: MAX_AGE_DAYS, report: (fault) => void faults.push(fault) });
  opened.push(store);
  return store;
}

describeLastKnownStore('SQLite', () => {
  const file = join(tempFolder(), 'data', 'enricher.db');
  return () => open(file);
});

const rows = (file: string) => {
  const database = new DatabaseSync(file, { readOnly: true });
  const { count } = database.prepare('SELECT count(*) AS count FROM customers').get() as { count: number };
  database.close();
  return count;
};

test('is written in the background, for nobody else to read', async () => {
  const file = join(tempFolder(), 'enricher.db');
  open(file).put(CRM, [known('e:dana@x.example')]);
  await until('it is written', () => rows(file) === 1);
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('forgets what is too old', async () => {
  const file = join(tempFolder(), 'enricher.db');
  const first = open(file);
  first.put(
    CRM,
    Array.from({ length: 2_500 }, (_, index) => known(`e:old${index}@x.example`, Date.now() - 40 * DAY)),
  );
  await first.close();
  open(file).put(CRM, [known('e:new@x.example')]);
  await until('only the new one is left', () => rows(file) === 1);
});

test('with a file that is no database goes on from memory, and says so once', async () => {
  const file = join(tempFolder(), 'enricher.db');
  writeFileSync(file, 'not a database, but long enough to be taken for one by its size. '.repeat(20));
  const faults: string[] = [];
  const store = open(file, faults);
  store.put(CRM, [known('e:dana@x.example')]);
  expect(await store.get(CRM, 'e:dana@x.example')).not.toBeNull();
  expect(await store.get(CRM, 'e:kim@x.example')).toBeNull();
  expect(faults).toEqual(['file is not a database']);
  await store.close();
  expect(readFileSync(file, 'utf8')).toMatch(/^not a database/);
});

test('that another process holds is written when it is free again', async () => {
  const file = join(tempFolder(), 'enricher.db');
  const faults: string[] = [];
  const store = open(file, faults);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  store.put(CRM, [known('e:dana@x.example')]);
  await until('it has tried', () => faults.length === 1);
  expect(await store.get(CRM, 'e:dana@x.example')).not.toBeNull();
  other.exec('COMMIT');
  other.close();
  await until('it is written', () => rows(file) === 1);
});

test('a record that is no JSON any more is no record', async () => {
  const file = join(tempFolder(), 'enricher.db');
  const store = open(file);
  store.put(CRM, [known('e:dana@x.example')]);
  await until('it is written', () => rows(file) === 1);
  const other = new DatabaseSync(file);
  other.exec("UPDATE customers SET record = '{'");
  other.close();
  expect(await store.get(CRM, 'e:dana@x.example')).toBeNull();
});
