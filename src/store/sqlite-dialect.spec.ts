import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Kysely, sql } from 'kysely';
import { tempFolder } from '../../test/support/temp-folder.js';
import { SqliteThreadDialect } from './sqlite-dialect.js';

interface Database {
  words: { word: string };
}

let db: Kysely<Database>;
beforeEach(async () => {
  db = new Kysely({ dialect: new SqliteThreadDialect(join(tempFolder(), 'words.db')) });
  await sql`create table words (word text)`.execute(db);
});
afterEach(() => db.destroy());

const add = (to: Kysely<Database>, word: string) => to.insertInto('words').values({ word }).execute();
const words = async () => (await db.selectFrom('words').select('word').execute()).map(({ word }) => word);

test('what others write at the same moment is no part of a transaction', async () => {
  const before = ['a', 'b', 'c'].map((word) => add(db, word));
  const undone = db.transaction().execute(async (transaction) => {
    await add(transaction, 'undone');
    await Promise.all(['d', 'e'].map((word) => add(transaction, word)));
    throw new Error('undo it');
  });
  const after = ['f', 'g'].map((word) => add(db, word));
  await expect(undone).rejects.toThrow('undo it');
  await Promise.all([...before, ...after]);
  expect((await words()).toSorted()).toEqual(['a', 'b', 'c', 'f', 'g']);
});

test('transactions wait for each other', async () => {
  const times = Array.from({ length: 20 }, (_, index) =>
    db.transaction().execute(async (transaction) => {
      const { length } = await transaction.selectFrom('words').select('word').execute();
      await add(transaction, String(length));
      if (index % 3 === 0) throw new Error('undo it');
    }),
  );
  const ended = await Promise.allSettled(times);
  expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(7);
  expect(await words()).toEqual(Array.from({ length: 13 }, (_, index) => String(index)));
});

test('one that cannot begin leaves the way free', async () => {
  await sql`begin immediate`.execute(db);
  await expect(db.transaction().execute((transaction) => add(transaction, 'a'))).rejects.toThrow(/transaction/);
  await sql`rollback`.execute(db);
  await add(db, 'b');
  expect(await words()).toEqual(['b']);
});
