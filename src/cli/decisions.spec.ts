import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { decisionOf } from '../../test/contract/decision-store.contract.js';
import { dice } from '../../test/support/dice.js';
import { tempFolder } from '../../test/support/temp-folder.js';
import { AddressHash } from '../shared/address-hash.js';
import { KyselyDecisionStore } from '../store/kysely-decision-store.js';
import { KyselyLastKnown } from '../store/kysely-last-known.js';
import { Store } from '../store/store.js';
import { eraseDecisions } from './decisions.js';

const DANA = 'dana@northwind.example';
const KEY = 'a-key-of-these-tests-only';
const hash = new AddressHash(KEY);
const OTHERS = Array.from({ length: 30 }, (_, at) => `other-${at}@fabrikam.example`);
const ROUNDS = 40;
const AT_ONCE = 15;

/** A database that has lived: decisions of Dana and of others came, some others were erased, so that rows have moved between pages. */
async function fill(store: Store, longest: number, seed: number): Promise<void> {
  const roll = dice(seed);
  const text = () => 'x'.repeat(roll(longest));
  const decisions = new KyselyDecisionStore(store);
  for (let round = 0; round < ROUNDS; round++) {
    const rows = Array.from({ length: AT_ONCE }, (_, at) => {
      const sender = at === 0 || roll(6) === 0 ? DANA : OTHERS[roll(OTHERS.length)]!;
      const id = `${roll(1_000_000)}-${round}-${at}`;
      const body = `{"to":"${sender}","text":"${text()}","cc":"${sender}"}`;
      const key = { mailbox: 'claims@insurer.example', event: 'received', messageId: id };
      return decisionOf(key, { id, answer: { status: 200, body, revision: 'r1' }, senderHash: hash.of(sender) });
    });
    await Promise.all(rows.map((row) => decisions.commit(row)));
    await decisions.eraseSender(hash.of(OTHERS[roll(OTHERS.length)]!));
  }
  const report = (message: string) => {
    throw new Error(message);
  };
  const lastKnown = new KyselyLastKnown(store, { maxAgeDays: 30, report });
  for (const name of ['crm', 'other'])
    lastKnown.put(
      { name, mapping: 'm' },
      [DANA, ...OTHERS].map((sender) => ({ id: `e:${sender}`, record: { sender, text: text() }, seenAt: Date.now() })),
    );
  await lastKnown.close();
}

test.each([
  [200, 8],
  [500, 4],
  [1_000, 5],
  [1_400, 3],
  [9_000, 1],
])(
  'what is erased has left the file, also while the service runs; texts of up to %i bytes, seed %i',
  async (longest, seed) => {
    const file = join(tempFolder(), 'enricher.db');
    const url = `file:${file}`;
    const counts = () =>
      [file, `${file}-wal`].map((path) => readFileSync(path).toString('latin1').split(DANA).length - 1);
    const service = new Store(url);
    await fill(service, longest, seed);
    expect(Math.max(...counts())).toBeGreaterThan(ROUNDS);
    const out = new PassThrough();
    await eraseDecisions({ sender: DANA }, { DATABASE_URL: url, ADDRESS_HASH_KEY: KEY }, out, (message) => {
      throw new Error(message);
    });
    expect(counts()).toEqual([0, 0]);
    expect(String(out.read())).toMatch(/^[1-9]\d* decisions erased\n2 last known customer records erased\n/);
    expect((await new KyselyDecisionStore(service).list({ limit: 1_000 })).length).toBeGreaterThan(ROUNDS);
    await service.close();
  },
);
