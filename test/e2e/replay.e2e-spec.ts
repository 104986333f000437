import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KyselyLastKnown } from '../../src/store/kysely-last-known.js';
import { Store } from '../../src/store/store.js';
import { TestPostgres } from '../support/postgres.js';
import { runCli } from '../support/run-cli.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp, writeRules } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

const FOUND = { fact: 'lookup.state', operator: 'equal', value: 'found' };
const region = (value: string, conditions: readonly object[] = [FOUND]) => ({
  name: 'region',
  conditions: { all: conditions },
  actions: [{ type: 'setCustomFields', name: 'Region', value: { region: value } }],
});
const TAGGED = {
  name: 'vip',
  conditions: { all: [{ fact: 'customer.tier', operator: 'equal', value: 'gold' }] },
  actions: [{ type: 'tag', name: 'VIP', value: { tags: ['VIP'] } }],
};
const RULES = { 'rules.json': { rules: [region('{{ customer.region }}'), TAGGED] } };
const PEOPLE = ['dana', 'kim', 'lee'];
const CUSTOMERS = PEOPLE.map((name, at) => ({
  email: `${name}@northwind.example`,
  region: 'north',
  tier: at === 0 ? 'gold' : 'silver',
}));

const startApp = (env: Readonly<Record<string, string>> = {}) =>
  RunningApp.start({ rules: RULES, customers: CUSTOMERS, env });

async function deliverAll(app: RunningApp): Promise<void> {
  for (const name of [...PEOPLE, 'stranger']) {
    const from = { emailAddress: { name, address: `${name}@northwind.example` } };
    expect((await app.deliver(sampleDelivery({ id: `of-${name}`, from }))).status).toBe(200);
  }
}

const run = (app: RunningApp, ...args: string[]) => runCli(args, { ...app.workspace.env }, app.workspace.folder);

async function replay(app: RunningApp, rules: object, ...args: string[]) {
  const folder = tempFolder();
  writeRules(folder, { 'rules.json': rules });
  const { code, stdout, stderr } = await run(app, 'replay', '--rules', folder, ...args);
  return { code, stderr, stdout: stdout.replaceAll(folder, 'edited') };
}

const MESSAGE = expect.stringMatching(/^[\da-z]{9}[\da-f]{16}$/);

describe('enricher replay', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp();
    await deliverAll(app);
  });
  afterAll(() => app.close());

  test('says that nothing would change, while the service runs', async () => {
    const { code, stdout } = await run(app, 'replay', '--since', '1h');
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([
      0,
      '0 messages would have been answered or matched otherwise, 4 not',
    ]);
  });

  test('says what an edit would have changed, by rule and by action, with examples', async () => {
    const edited = { rules: [region('{{ customer.region | upcase }}'), { ...TAGGED, conditions: { all: [FOUND] } }] };
    const { code, stdout } = await replay(app, edited, '--format', 'json');
    const example = { id: MESSAGE, at: expect.any(String), mailbox: 'claims@insurer.example' };
    const none = { messages: 0, examples: [] };
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      folder: 'edited',
      until: null,
      messages: 4,
      same: 1,
      changed: 3,
      open: 0,
      withoutFacts: 0,
      rules: [
        {
          rule: 'vip',
          isRemoved: false,
          newlyMatches: { messages: 2, examples: [example, example] },
          noLongerMatches: none,
          open: none,
        },
      ],
      actions: [
        { type: 'setCustomFields', field: 'region', added: none, changed: { messages: 3 }, removed: none },
        { type: 'tag', field: null, added: { messages: 2 }, changed: none, removed: none },
      ],
      reordered: none,
    });
    expect(stdout).not.toContain('northwind');
  });

  test('is told in words as the docs have it', async () => {
    const edited = { rules: [region('{{ customer.region }}'), { ...TAGGED, conditions: { all: [FOUND] } }] };
    const { code, stdout } = await replay(app, edited);
    const shown = stdout
      .replace(/revision \w+/, 'revision 4f1c0a9d27b6')
      .replace(/since \S+/, 'since 2026-11-17T09:00:00.000Z')
      .replaceAll(/^ {4}\S+ {2}\S+ /gm, '    0mhh8x2k1d41c2a90b7e35f68  2026-11-23T14:02:11.480Z ');
    expect(code).toBe(1);
    expect(readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8')).toContain(shown);
  });

  test('says what it cannot tell: addresses are kept as hashes', async () => {
    const dana = { fact: 'sender.address', operator: 'equal', value: 'dana@northwind.example' };
    const { code, stdout } = await replay(app, { rules: [region('{{ customer.region }}', [FOUND, dana]), TAGGED] });
    // The stranger was not found, so that no address could make the rule match.
    expect([code, stdout]).toEqual([0, expect.stringContaining('\n3 cannot be told: what a rule reads was masked')]);
    expect(stdout).toMatch(/\n {2}region +cannot be told 3 times\n/);
  });

  test.each<[string, string[], messages: number]>([
    ['--limit', ['--limit', '2'], 2],
    ['--until', ['--since', '30d', '--until', '29d'], 0],
    ['--mailbox', ['--mailbox', 'Claims@insurer.example'], 4],
    ['--mailbox of another', ['--mailbox', 'sales@insurer.example'], 0],
  ])('replays only what %s says', async (_, args, messages) => {
    const { stdout } = await run(app, 'replay', '--format', 'json', ...args);
    expect(JSON.parse(stdout)).toMatchObject({ messages });
  });

  test.each<[string, string[]]>([
    ['no time', ['--since', 'yesterday']],
    ['no number', ['--limit', '0']],
    ['a time before the week that is the default', ['--until', '2026-01-01']],
    ['an option that is none', ['--rulez', '.']],
  ])('ends with 2 for %s', async (_, args) => {
    expect(await run(app, 'replay', ...args)).toMatchObject({ code: 2, stdout: '' });
  });

  test('ends with 3 for rules with faults, and says where they are', async () => {
    const { code, stderr } = await replay(app, { rules: [{ ...TAGGED, conditions: { all: [{ fact: 'custmer' }] } }] });
    expect([code, stderr]).toEqual([3, expect.stringMatching(/rules\.json:\d+:\d+ {2}.*custmer/)]);
  });

  test('ends with 3 without a database, and makes none', async () => {
    const file = join(tempFolder(), 'none.db');
    const env = { ...app.workspace.env, DATABASE_URL: `file:${file}` };
    expect(await runCli(['replay'], env, app.workspace.folder)).toEqual({
      code: 3,
      stdout: '',
      stderr: `There is no database at file:${file} (DATABASE_URL); start the service once\n`,
    });
  });
});

describe.each(['SQLite', 'PostgreSQL'] as const)('decisions in %s', (kind) => {
  let postgres: TestPostgres | undefined;
  let app: RunningApp;
  beforeAll(async () => {
    if (kind === 'PostgreSQL') postgres = await TestPostgres.start();
    app = await startApp(
      postgres === undefined
        ? undefined
        : { DATABASE_URL: postgres.url(), ADDRESS_HASH_KEY: 'a-key-of-these-tests-only' },
    );
    await deliverAll(app);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await postgres?.close();
  });

  test('are listed, the newest first', async () => {
    const { stdout } = await run(app, 'decisions', 'list', '--rule', 'region', '--format', 'json');
    const ids = (JSON.parse(stdout) as { messageId: string }[]).map(({ messageId }) => messageId);
    expect(ids).toEqual(['of-lee', 'of-kim', 'of-dana']);
    const { stdout: text } = await run(app, 'decisions', 'list', '--sender', 'Dana@Northwind.example', '--since', '1h');
    expect(text).toMatch(/^\w{25} {2}\S+ {2}claims@insurer\.example {2}acted {2}region, vip\n$/);
  });

  test('are shown whole', async () => {
    const { stdout } = await run(app, 'decisions', 'list', '--rule', 'vip', '--format', 'json');
    const [{ id }] = JSON.parse(stdout) as [{ id: string }];
    const shown = await run(app, 'decisions', 'show', id);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      id,
      outcome: 'acted',
      answer: { status: 200, envelope: { status: 'success' } },
      facts: { customer: { tier: 'gold' } },
    });
    expect(await run(app, 'decisions', 'show', 'none')).toMatchObject({ code: 3 });
  });

  test('are replayed, while the service runs', async () => {
    const { code, stdout } = await replay(app, { rules: [TAGGED] });
    expect([code, stdout]).toEqual([1, expect.stringContaining('region (not in these rules)  no longer matches 3')]);
  });

  test('are erased by sender, with what was last known of this customer', async () => {
    const url = app.workspace.env['DATABASE_URL']!;
    const store = new Store(url);
    const report = (message: string) => {
      throw new Error(message);
    };
    const lastKnown = new KyselyLastKnown(store, { maxAgeDays: 30, report });
    const known = (id: string) => ({ id, record: { tier: 'gold' }, seenAt: Date.now() });
    for (const name of ['crm', 'other'])
      lastKnown.put({ name, mapping: 'm' }, ['e:dana@northwind.example', 'e:kim@northwind.example'].map(known));
    await lastKnown.close();
    const customers = (await store.ready()).selectFrom('customers').select('provider');
    for (const name of ['dana', 'kim'])
      await until('the service has kept the customer as well', async () => {
        const kept = await customers.where('id', '=', `e:${name}@northwind.example`).execute();
        return kept.length === 3;
      });
    await store.close();
    const erased = await run(app, 'decisions', 'erase', '--sender', 'DANA@northwind.example');
    expect(erased).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 decision erased\n3 last known customer records erased\n/),
    });
    // Without its tag it is the address of one who is known.
    const again = await run(app, 'decisions', 'erase', '--sender', 'kim+news@northwind.example');
    expect(again.stdout).toContain('0 decisions erased\n3 last known customer records erased\n');
    const { stdout } = await run(app, 'decisions', 'list', '--format', 'json');
    expect(JSON.parse(stdout)).toHaveLength(3);
  });
});

test('nobody is erased by a key that is not the service’s', async () => {
  await using app = await startApp();
  await deliverAll(app);
  const env = { ...app.workspace.env, DATA_DIR: tempFolder() };
  const { code, stderr } = await runCli(['decisions', 'erase', '--sender', 'dana@northwind.example'], env, '.');
  expect([code, stderr]).toEqual([3, expect.stringContaining('set ADDRESS_HASH_KEY or DATA_DIR')]);
});

test('what rules of masked facts did then is known as long as their rules are kept', async () => {
  const toDesk = {
    name: 'to-desk',
    priority: 5,
    stop: true,
    conditions: { all: [{ fact: 'message.to', operator: 'contains', value: 'desk@insurer.example' }] },
    actions: [{ type: 'tag', value: { tags: ['Desk'] } }],
  };
  await using app = await RunningApp.start({
    rules: { 'rules.json': { rules: [toDesk, TAGGED] } },
    customers: CUSTOMERS,
  });
  await deliverAll(app);
  const edited = { rules: [toDesk, { ...TAGGED, actions: [{ type: 'tag', name: 'VIP', value: { tags: ['Gold'] } }] }] };
  const { code, stdout } = await replay(app, edited, '--format', 'json');
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { messages: 4, same: 3, changed: 1, open: 0 }]);
});
