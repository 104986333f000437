import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { revisionOf } from '../../src/rules/rules-folder.js';
import { KyselyRuleSets } from '../../src/store/kysely-rule-sets.js';
import { Store } from '../../src/store/store.js';
import { onBothDatabases } from '../support/both-databases.js';
import { freePort } from '../support/free-port.js';
import { describeRuleSets } from './rule-sets.contract.js';

const RULES = { revision: revisionOf([]), acceptedAt: new Date(), files: [] };

onBothDatabases(describeRuleSets);

test.each([
  ['that cannot be opened', () => 'file:/dev/null/enricher.db'],
  ['that nobody answers for', async () => `postgres://enricher@127.0.0.1:${await freePort()}/enricher`],
])('a store %s fails both, which is another thing than no rules', async (_, url) => {
  const store = new Store(await url());
  const rules = new KyselyRuleSets(store, 30);
  await expect(rules.load('rules')).rejects.toThrow();
  await expect(rules.save(RULES)).rejects.toThrow();
  await store.close();
});

describe('a store that stays silent', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test.each([
    ['load', (rules: KyselyRuleSets) => rules.load('rules'), 5_000],
    ['save', (rules: KyselyRuleSets) => rules.save(RULES), 10_000],
  ])('is given up on by a %s', async (_, ask, limitMs) => {
    const asked = ask(new KyselyRuleSets({ ready: () => new Promise(() => undefined) }, 30));
    const failed = expect(asked).rejects.toThrow(`no answer within ${limitMs} ms`);
    await jest.advanceTimersByTimeAsync(limitMs);
    await failed;
  });
});
