import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LastKnownStore } from '../../src/crm/last-known.js';
import { KyselyLastKnown } from '../../src/store/kysely-last-known.js';
import { Store } from '../../src/store/store.js';
import { TestPostgres } from '../support/postgres.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';
import { describeLastKnownStore, MAX_AGE_DAYS } from './last-known.contract.js';

const CRM = { name: 'crm', mapping: 'm1' };
const known = (id: string, seenAt = Date.now()) => ({ id, record: { tier: 'gold' }, seenAt });
const DAY = 86_400_000;

const opened: LastKnownStore[] = [];
afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));

function open(url: string, faults: string[] = [], isReadOnly = false): LastKnownStore {
  const store = new Store(url, { isReadOnly });
  const options = { maxAgeDays: MAX_AGE_DAYS, report: (fault: string) => void faults.push(fault), isReadOnly };
  const lastKnown = new KyselyLastKnown(store, options);
  const close = lastKnown.close.bind(lastKnown);
  // Whoever opened the database closes it: here it is one for each.
  lastKnown.close = () => close().then(() => store.close());
  opened.push(lastKnown);
  return lastKnown;
}

let postgres: TestPostgres;
let databases = 0;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  for (let index = 0; index < 12; index++) await postgres.run(`CREATE DATABASE d${index}`);
});
afterAll(() => postgres.close());

describeLastKnownStore('SQLite', () => {
  const file = join(tempFolder(), 'data', 'enricher.db');
  return () => open(`file:${file}`);
});
describeLastKnownStore('PostgreSQL', () => {
  const url = postgres.url(`d${databases++}`);
  return () => open(url);
});

const rows = (file: string) => {
  if (!existsSync(file)) return 0;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return (database.prepare('SELECT count(*) AS count FROM customers').get() as { count: number }).count;
  } catch {
    return 0;
  } finally {
    database.close();
  }
};

test('is written in the background, for nobody else to read', async () => {
  const file = join(tempFolder(), 'enricher.db');
  open(`file:${file}`).put(CRM, [known('e:dana@x.example')]);
  await until('it is written', () => rows(file) === 1);
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('forgets what is too old', async () => {
  const file = join(tempFolder(), 'enricher.db');
  const first = open(`file:${file}`);
  first.put(
    CRM,
    Array.from({ length: 2_500 }, (_, index) => known(`e:old${index}@x.example`, Date.now() - 40 * DAY)),
  );
  await first.close();
  open(`file:${file}`).put(CRM, [known('e:new@x.example')]);
  await until('only the new one is left', () => rows(file) === 1);
});

test('with a file that is no database goes on from memory, and says so once', async () => {
  const file = join(tempFolder(), 'enricher.db');
  writeFileSync(file, 'not a database, but long enough to be taken for one by its size. '.repeat(20));
  const faults: string[] = [];
  const store = open(`file:${file}`, faults);
  store.put(CRM, [known('e:dana@x.example')]);
  expect(await store.get(CRM, 'e:dana@x.example')).not.toBeNull();
  expect(await store.get(CRM, 'e:kim@x.example')).toBeNull();
  expect(faults).toEqual([`${file}: file is not a database`]);
  await store.close();
  expect(readFileSync(file, 'utf8')).toMatch(/^not a database/);
});

test('that another process holds is written when it is free again', async () => {
  const file = join(tempFolder(), 'enricher.db');
  const faults: string[] = [];
  const store = open(`file:${file}`, faults);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  store.put(CRM, [known('e:dana@x.example')]);
  await until('it has tried', () => faults.length === 1);
  expect(await store.get(CRM, 'e:dana@x.example')).not.toBeNull();
  other.exec('COMMIT');
  other.close();
  await until('it is written', () => rows(file) === 1);
});

test('a place that cannot be kept is told to who wants it kept, and is kept when that can be', async () => {
  const file = join(tempFolder(), 'enricher.db');
  const store = open(`file:${file}`);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  const place = { completeUntil: null, open: { startedAt: 1, next: 'b', customers: 1 } };
  store.put(CRM, [known('e:dana@x.example')]);
  await expect(store.savePrefetchState(CRM, place)).rejects.toMatchObject({
    code: 'OUTPUT_FAILED',
    message: `the last known customers cannot be kept: ${file}: database is locked`,
  });
  other.exec('COMMIT');
  other.close();
  await store.savePrefetchState(CRM, place);
  expect([await store.prefetchState(CRM), rows(file)]).toEqual([place, 1]);
});

describe('read only', () => {
  const read = (file: string, faults: string[]) => open(`file:${file}`, faults, true);

  test('are what was kept, but for what is too old or damaged', async () => {
    const file = join(tempFolder(), 'enricher.db');
    const store = open(`file:${file}`);
    store.put(CRM, [
      known('e:dana@x.example'),
      known('e:bad@x.example'),
      known('e:old@x.example', Date.now() - 29 * DAY),
    ]);
    await store.close();
    const other = new DatabaseSync(file);
    other.exec(`UPDATE customers SET record = '{' WHERE id = 'e:bad@x.example'`);
    other.exec(`UPDATE customers SET seen_at = seen_at - ${2 * DAY} WHERE id = 'e:old@x.example'`);
    other.close();
    const faults: string[] = [];
    const reader = read(file, faults);
    const found = ['dana', 'bad', 'old', 'kim'].map(
      async (name) => (await reader.get(CRM, `e:${name}@x.example`))?.record,
    );
    expect(await Promise.all(found)).toEqual([{ tier: 'gold' }, undefined, undefined, undefined]);
    expect(await reader.get({ ...CRM, mapping: 'm2' }, 'e:dana@x.example')).toBeNull();
    expect(faults).toHaveLength(1);
    await reader.close();
  });

  test('of a file that is no database are nothing, which is told', async () => {
    const text = 'not a database, but long enough to be taken for one by its size. '.repeat(20);
    const faults: string[] = [];
    const file = join(tempFolder({ 'other.db': text }), 'other.db');
    const reader = read(file, faults);
    expect(await reader.get(CRM, 'e:dana@x.example')).toBeNull();
    expect(faults).toEqual([`${file}: file is not a database`]);
  });
});

test('a record that is no JSON any more is no record', async () => {
  const file = join(tempFolder(), 'enricher.db');
  const store = open(`file:${file}`);
  store.put(CRM, [known('e:dana@x.example')]);
  await until('it is written', () => rows(file) === 1);
  const other = new DatabaseSync(file);
  other.exec("UPDATE customers SET record = '{'");
  other.close();
  expect(await store.get(CRM, 'e:dana@x.example')).toBeNull();
});
