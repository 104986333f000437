import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { sampleDelivery } from '../support/sample-delivery.js';
import { answer, ScriptedServer } from '../support/scripted-server.js';
import { readiness, RunningApp } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

const RULES = {
  rules: [
    {
      name: 'tier',
      conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
      actions: [{ type: 'setCustomFields', name: 'Tier', value: { tier: '{{ customer.tier }}' } }],
    },
  ],
};
const CUSTOMERS = [{ email: 'dana@northwind.example', tier: 'gold' }];

interface Row {
  readonly message_id: string;
  readonly answer: string;
  readonly record: string;
}

const rowsOf = (file: string): Row[] => {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT message_id, answer, record FROM decisions ORDER BY id').all();
  database.close();
  return rows as unknown as Row[];
};

const startApp = (file: string, more: Partial<Parameters<typeof RunningApp.start>[0]> = {}) =>
  RunningApp.start({
    rules: { 'rules.json': RULES },
    customers: CUSTOMERS,
    ...more,
    env: { DATABASE_URL: `file:${file}`, ...more.env },
  });
const delivery = (id: string, more: object = {}) =>
  sampleDelivery({ id, from: { emailAddress: { name: 'Dana', address: 'dana@northwind.example' } }, ...more });

const FOUND = answer(200, { people: [{ tier: 'gold' }] });
const restCrm = ({ url }: ScriptedServer) => ({
  providers: [
    {
      name: 'rest',
      type: 'http',
      baseUrl: url,
      byEmail: { path: '/people', query: { email: '{{email}}' }, items: 'people' },
      check: { path: '/me' },
      fields: { tier: 'tier' },
    },
  ],
});

describe('a delivery', () => {
  test('is in the store when it is answered, with the bytes that were sent', async () => {
    const file = join(tempFolder(), 'enricher.db');
    await using app = await startApp(file);
    const { status, text, headers } = await app.deliver(delivery('m1'));
    expect([status, headers['x-replayed']]).toEqual([200, undefined]);
    expect(rowsOf(file)).toMatchObject([{ message_id: 'm1', answer: text }]);
  });

  test('that comes again gets the same bytes, after a restart and under other rules too', async () => {
    const file = join(tempFolder(), 'enricher.db');
    let first;
    {
      await using app = await startApp(file);
      first = await app.deliver(delivery('m1'));
      const again = await app.deliver(delivery('m1'));
      expect([again.text, again.headers['x-replayed']]).toEqual([first.text, 'true']);
    }
    await using app = await startApp(file, { rules: { 'rules.json': { rules: [] } }, customers: [] });
    const again = await app.deliver(delivery('m1'));
    expect([again.text, again.headers['x-replayed']]).toEqual([first.text, 'true']);
    expect(again.headers['x-rules-revision']).toBe(first.headers['x-rules-revision']);
    expect(rowsOf(file)).toHaveLength(1);
  });

  test('that comes many times at once is decided once, with one look-up', async () => {
    const file = join(tempFolder(), 'enricher.db');
    await using crm = await ScriptedServer.start(FOUND);
    await using app = await startApp(file, { crm: restCrm(crm) });
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.deliver(delivery('m1'))));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['x-replayed'] === undefined)).toHaveLength(1);
    expect(crm.seen.filter(({ path }) => path.startsWith('/people'))).toHaveLength(1);
    expect(rowsOf(file)).toHaveLength(1);
  });

  test('that comes again with another content is decided afresh, and that is told', async () => {
    const file = join(tempFolder(), 'enricher.db');
    await using app = await startApp(file);
    await app.deliver(delivery('m1'));
    const stranger = { from: { emailAddress: { name: 'Kim', address: 'kim@fabrikam.example' } } };
    const { text, headers } = await app.deliver(delivery('m1', stranger));
    expect(JSON.parse(text)).toEqual({ status: 'success', message: expect.stringContaining('No CRM record') });
    expect(headers['x-replayed']).toBeUndefined();
    expect(app.logs.some((line) => line.includes('came again with another content'))).toBe(true);
    expect(rowsOf(file)).toMatchObject([{ message_id: 'm1', answer: text }]);
  });

  test('that comes with another content while the first is decided is decided once beside it, and that is told', async () => {
    const file = join(tempFolder(), 'enricher.db');
    const held = Promise.withResolvers<void>();
    await using crm = await ScriptedServer.start((response) => void held.promise.then(() => FOUND(response)));
    await using app = await startApp(file, { crm: restCrm(crm) });
    const first = app.deliver(delivery('m1'));
    await until('the first is decided', () => crm.seen.some(({ path }) => path.startsWith('/people')));
    const others = Array.from({ length: 5 }, () => app.deliver(delivery('m1', { subject: 'Another' })));
    await until('the others came', async () => (await readiness(app.url)).intake.inFlight === 6);
    held.resolve();
    expect((await first).headers['x-replayed']).toBeUndefined();
    const replayed = (await Promise.all(others)).filter(({ headers }) => headers['x-replayed'] === 'true');
    expect(replayed).toHaveLength(4);
    expect(app.logs.filter((line) => line.includes('is being decided came again with another content'))).toHaveLength(
      1,
    );
    expect(rowsOf(file)).toHaveLength(1);
  });

  test('for another mailbox, or of another event, is another', async () => {
    const file = join(tempFolder(), 'enricher.db');
    await using app = await startApp(file);
    for (const more of [{}, { mailbox: 'sales@insurer.example' }, { event: 'sent' }])
      expect((await app.deliver(delivery('m1', more))).headers['x-replayed']).toBeUndefined();
    expect(rowsOf(file)).toHaveLength(3);
  });

  test('that shall be tried again is not kept, and is decided when it comes again', async () => {
    const file = join(tempFolder(), 'enricher.db');
    await using crm = await ScriptedServer.start(answer(503), answer(503), answer(503), answer(200, { people: [] }));
    const provider = {
      name: 'rest',
      type: 'http',
      baseUrl: crm.url,
      byEmail: { path: '/people', query: { email: '{{email}}' }, items: 'people' },
      check: { path: '/me' },
      fields: { tier: 'tier' },
    };
    await using app = await startApp(file, { crm: { providers: [provider], lookup: { onUnavailable: 'retry' } } });
    expect((await app.deliver(delivery('m1', { from: { emailAddress: { address: 'a@gmail.com' } } }))).status).toBe(
      503,
    );
    expect(rowsOf(file)).toEqual([]);
    expect((await app.deliver(delivery('m1', { from: { emailAddress: { address: 'a@gmail.com' } } }))).status).toBe(
      200,
    );
  });

  test('leaves no address and no text of the message in the store, but for the answer', async () => {
    const file = join(tempFolder(), 'enricher.db');
    await using app = await startApp(file);
    await app.deliver(delivery('m1', { bodyText: 'My secret illness' }));
    const [{ record }] = rowsOf(file) as [Row];
    expect(record).not.toMatch(/dana@northwind|secret illness/);
    expect(JSON.parse(record)).toMatchObject({
      verdicts: [{ rule: 'tier', verdict: 'matched', why: { fact: 'lookup.state', read: 'found' } }],
      facts: {
        customer: { tier: 'gold' },
        sender: { address: expect.stringMatching(/^h:/), domain: 'northwind.example' },
      },
      masked: expect.arrayContaining(['/sender/address', '/message/bodyText']),
    });
  });

  test('is kept with the addresses, the text and the masks that the environment wants', async () => {
    const file = join(tempFolder(), 'enricher.db');
    const env = {
      DECISION_ADDRESSES: 'plain',
      DECISION_BODY: 'true',
      DECISION_MASKS: '/customer/tier,/message/subject',
    };
    await using app = await startApp(file, { env });
    await app.deliver(delivery('m1', { subject: 'Water in the cellar', bodyText: 'My secret illness' }));
    const [{ record }] = rowsOf(file) as [Row];
    expect(JSON.parse(record)).toMatchObject({
      facts: {
        customer: { tier: null },
        sender: { address: 'dana@northwind.example', local: 'dana', name: 'Dana' },
        message: { subject: null, bodyText: 'My secret illness' },
      },
      masked: ['/customer/tier', '/message/subject'],
    });
  });
});

test('a store that cannot be used holds no message up, and health tells', async () => {
  await using app = await startApp('/dev/null/enricher.db', { env: { DATA_DIR: tempFolder() } });
  const first = await app.deliver(delivery('m1'));
  expect([first.status, JSON.parse(first.text).status]).toEqual([200, 'success']);
  const again = await app.deliver(delivery('m1'));
  expect([again.text, again.headers['x-replayed']]).toEqual([first.text, 'true']);
  const { text } = await fetch(`${app.url}/health/ready`).then(async (response) => ({ text: await response.text() }));
  expect(JSON.parse(text).details.store).toMatchObject({ status: 'up', state: 'down', buffered: 1, dropped: 0 });
});
