import { test } from '@jest/globals';
import { FakeMysql } from '../support/fake-mysql.js';
import { sqlProvider } from '../support/sql-provider.js';
test('x', async () => {
  const fake = await FakeMysql.start();
  const p = sqlProvider({ url: fake.url, byEmail: 'select 1 from c where e = :email' }, null);
  for (let r = 0; r < 5; r++) {
    const t = performance.now();
    for (let i = 0; i < 20; i++) await p.findByEmail({ address: 'a@b', local: 'a', domain: 'b' }, AbortSignal.timeout(20000));
    console.log((performance.now() - t) / 20);
  }
  await p.close(); await fake.close();
});
