import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { KyselyDecisionStore } from '../../src/store/kysely-decision-store.js';
import { Store } from '../../src/store/store.js';
import { tempFolder } from '../support/temp-folder.js';
import { decisionOf } from './decision-store.contract.js';

test.each([10, 10_000])('what is purged is overwritten in the SQLite file; texts of %i bytes', async (length) => {
  const file = join(tempFolder(), 'enricher.db');
  const store = new Store(`file:${file}`);
  const decisions = new KyselyDecisionStore(store);
  const body = `dana@northwind.example ${'x'.repeat(length)} dana@northwind.example`;
  for (const id of ['old', 'new']) {
    const answer = { status: 200, body: id === 'old' ? body : '{}', revision: 'r1' };
    const key = { mailbox: 'claims@insurer.example', event: 'received', messageId: id };
    await decisions.commit(decisionOf(key, { answer, decidedAt: id === 'old' ? 1 : Date.now() }));
  }
  expect(await decisions.purge(2, 500)).toBe(1);
  await store.close();
  // The last one who closes it writes the WAL back.
  const bytes = readFileSync(file).toString('latin1');
  expect([bytes.includes('dana@'), bytes.includes('new')]).toEqual([false, true]);
});
