import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { Store } from '../../src/store/store.js';
import { TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres.close());

test('PostgreSQL killed in the middle of a statement fails that statement only, and the store works when it is back', async () => {
  // The server of the tests is fast instead of durable: the tables themselves would be lost.
  await postgres.run('ALTER ROLE postgres SET synchronous_commit = on');
  const store = new Store(postgres.url());
  const db = await store.ready();
  const [slow, idle] = [sql`select pg_sleep(60)`.execute(db), sql`select 1`.execute(db)];
  await idle;
  await until('the statement is under way', async () => {
    const [row] = await postgres.run(
      "select count(*)::int as n from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'",
    );
    return row?.['n'] === 1;
  });
  const failed = expect(slow).rejects.toThrow();
  await postgres.stop('immediate');
  await failed;
  await postgres.restart();
  await until('it works again', () =>
    db
      .selectFrom('decisions')
      .select('id')
      .execute()
      .then(
        () => true,
        () => false,
      ),
  );
  await store.close();
});
