import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { send } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp } from '../support/start-app.js';

const RULES = {
  'a.json': { rules: [{ name: 'any', conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: ['VIP'] } }] }] },
};

const storeOf = async (app: RunningApp): Promise<unknown> => {
  const { text } = await send(`${app.url}/health/ready`, { method: 'GET' });
  return (JSON.parse(text) as { details: { store: unknown } }).details.store;
};

test.each<[what: string, happens: (file: string, folder: string) => void]>([
  ['is deleted', (file) => rmSync(file)],
  [
    'is moved aside with its folder',
    (_file, folder) => {
      renameSync(join(folder, 'data'), join(folder, 'aside'));
      mkdirSync(join(folder, 'data'));
    },
  ],
  [
    'gives way to an empty one',
    (file) => {
      rmSync(file);
      writeFileSync(file, '');
    },
  ],
])('when the database file %s, messages are answered, and kept in a new one', async (_what, happens) => {
  await using app = await RunningApp.start({ rules: RULES, customers: [] });
  const file = join(app.workspace.folder, 'data', 'enricher.db');
  const deliver = async (id: string) =>
    (await app.deliver(sampleDelivery({ id, from: correspondent('dana@northwind.example') }))).status;
  expect(await deliver('1')).toBe(200);
  happens(file, app.workspace.folder);
  expect([await deliver('2'), await deliver('3')]).toEqual([200, 200]);
  const database = new DatabaseSync(file);
  expect(database.prepare('SELECT message_id FROM decisions ORDER BY message_id').all()).toEqual([
    { message_id: '2' },
    { message_id: '3' },
  ]);
  database.close();
  expect(await storeOf(app)).toMatchObject({ state: 'ok', buffered: 0, dropped: 0 });
  expect(app.logs.filter((line) => line.includes('deleted or replaced'))).toEqual([
    `${file}: the database file was deleted or replaced; decisions are kept in what is there now, or in a new one`,
  ]);
});
