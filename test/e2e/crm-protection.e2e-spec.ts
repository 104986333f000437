import { expect, test } from '@jest/globals';
import { HTTP_FAULTS } from '../fault-matrix/faults.js';
import { answer, ScriptedServer } from '../support/scripted-server.js';
import { RunningApp } from '../support/start-app.js';

const RULES = {
  rules: [
    {
      name: 'claim',
      conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
      actions: [{ type: 'setCustomFields', name: 'Claim', value: { claimNumber: '{{ customer.claimNumber }}' } }],
    },
    {
      name: 'urgent',
      mailboxes: ['urgent@insurer.example'],
      priority: 5,
      stop: true,
      conditions: { all: [{ fact: 'message.subject', operator: 'containsText', value: 'urgent' }] },
      actions: [{ type: 'tag', name: 'Urgent', value: { tags: ['Urgent'] } }],
    },
  ],
};

const startApp = (url: string, lookup: object = {}) =>
  RunningApp.start({
    rules: { 'rules.json': RULES },
    crm: {
      providers: [
        {
          name: 'rest',
          type: 'http',
          baseUrl: url,
          auth: { type: 'none' },
          byEmail: { path: '/people', query: { email: '{{email}}' }, items: 'people' },
          check: { path: '/me' },
          fields: { claimNumber: 'claim_no' },
        },
      ],
      lookup,
    },
  });

const message = (id: number, address: string, more: object = {}) => ({
  id: `m${id}`,
  event: 'received',
  mailbox: 'claims@insurer.example',
  subject: 'Water damage',
  from: { emailAddress: { name: 'Somebody', address } },
  ...more,
});
const FOUND = answer(200, { people: [{ claim_no: 'CLM-1' }] });
const lookupsAt = (crm: ScriptedServer) => crm.seen.filter(({ path }) => path.startsWith('/people'));
const COUNT = 1_000;
const range = Array.from({ length: COUNT }, (_, index) => index);

test('a thousand deliveries at once from one sender make one call', async () => {
  await using crm = await ScriptedServer.start(FOUND);
  await using app = await startApp(crm.url);
  const answers = await Promise.all(range.map((id) => app.deliver(message(id, 'dana@gmail.com'))));
  expect(
    new Set(answers.map(({ status, text }) => `${status} ${JSON.parse(text).actions?.[0].value.claimNumber}`)),
  ).toEqual(new Set(['200 CLM-1']));
  expect(lookupsAt(crm)).toHaveLength(1);
});

test('a thousand deliveries at once from a thousand senders never make more calls at once than allowed', async () => {
  let underWay = 0;
  let mostUnderWay = 0;
  await using crm = await ScriptedServer.start((response) => {
    underWay += 1;
    mostUnderWay = Math.max(mostUnderWay, underWay);
    setTimeout(() => {
      underWay -= 1;
      FOUND(response);
    }, 10);
  });
  await using app = await startApp(crm.url, { maxConcurrent: 7 });
  const answers = await Promise.all(range.map((id) => app.deliver(message(id, `p${id}@gmail.com`))));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect([lookupsAt(crm).length, mostUnderWay]).toEqual([COUNT, 7]);
});

test.each(['503', 'connection reset', '429, Retry-After 1'] as const)(
  'a CRM that is down for good (%s) gets one call for each pause of the breaker',
  async (fault) => {
    const breakerOpenMs = 250;
    await using crm = await ScriptedServer.start(HTTP_FAULTS[fault]!);
    await using app = await startApp(crm.url, { breakerOpenMs, timeoutMs: 100 });
    const deliver = async (id: number) => {
      const { status, text } = await app.deliver(message(id, `p${id}@gmail.com`));
      expect([status, JSON.parse(text).status]).toEqual([200, 'error']);
    };
    let id = 0;
    for (; id < 10; id++) await deliver(id);
    const [before, startedAt] = [lookupsAt(crm).length, performance.now()];
    while (lookupsAt(crm).length < before + 4) await deliver(id++);
    const pauses = (performance.now() - startedAt) / breakerOpenMs;
    expect(lookupsAt(crm).length - before).toBeLessThanOrEqual(Math.ceil(pauses) + 1);
  },
);

test('a message that no rule needs the CRM for is answered without it', async () => {
  await using crm = await ScriptedServer.start(HTTP_FAULTS['never answers']!);
  await using app = await startApp(crm.url);
  const { text } = await app.deliver(
    message(1, 'dana@gmail.com', { mailbox: 'urgent@insurer.example', subject: 'Urgent: flood' }),
  );
  expect(JSON.parse(text)).toMatchObject({
    status: 'success',
    actions: [{ type: 'tag', value: { tags: ['Urgent'] } }],
  });
  expect(text).toContain('No CRM was asked');
  expect(lookupsAt(crm)).toEqual([]);
});
