import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADMIN_TOKEN, AdminClient, violationsOf } from '../support/admin-client.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp, writeRules } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';

const DANA = 'dana@northwind.example';
const rule = (name: string, all: readonly object[], more: object = {}) => ({
  name,
  conditions: { all },
  actions: [{ type: 'tag', value: { tags: [name] } }],
  ...more,
});
const NAME = 'Dana Reyes';
const NAMED = { type: 'tag', value: { tags: ['{{ sender.name }}'] } };
const found = { fact: 'lookup.state', operator: 'equal', value: 'found' };
const from = (address: string) => ({ fact: 'sender.address', operator: 'equal', value: address });
const RULES = {
  'rules.json': {
    rules: [
      rule('known', [found]),
      rule('100%_sure', [found], { mode: 'shadow' }),
      rule('from-kim', [from('kim@fabrikam.example')]),
      rule('from-lee', [from('lee@fabrikam.example'), { fact: 'customer.tier', operator: 'exists', value: true }]),
      rule('named', [found], {
        mailboxes: ['named@insurer.example'],
        actions: [NAMED, NAMED],
      }),
    ],
  },
};

let app: RunningApp;
let admin: AdminClient;
beforeAll(async () => {
  app = await RunningApp.start({
    rules: RULES,
    customers: [{ email: DANA, tier: 'gold' }],
    env: { ADMIN_TOKEN },
  });
  admin = await AdminClient.of(app);
});
afterAll(() => app.close());

interface Summary {
  readonly id: string;
  readonly messageId: string;
  readonly decidedAt: string;
}
const list = async (query: Readonly<Record<string, string | number>> = {}) => {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) text.set(name, String(value));
  return (await admin.get(`decisions?${text.toString()}`)).body as { decisions: Summary[]; next: string | null };
};
const messagesOf = async (query: Readonly<Record<string, string>>) =>
  (await list(query)).decisions.map(({ messageId }) => messageId);
const deliver = async (id: string, address: string, more: object = {}) => {
  expect((await app.deliver(sampleDelivery({ id, from: correspondent(address), ...more }))).status).toBe(200);
};
const idOf = async (query: Readonly<Record<string, string>>) => (await list(query)).decisions[0]?.id ?? '';

describe('the list of decisions', () => {
  const MAILBOX = 'many@insurer.example';
  beforeAll(async () => {
    for (let begin = 0; begin < 250; begin += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => deliver(`many-${begin + index}`, DANA, { mailbox: MAILBOX })),
      );
  });

  test.each([1, 7, 50, 125, 200])('gives 250 decisions in pages of %i, each once, newest first', async (limit) => {
    const seen: Summary[] = [];
    let query: Record<string, string | number> = { mailbox: MAILBOX, limit };
    // The first pages of one are enough.
    const wanted = limit === 1 ? 12 : 250;
    for (;;) {
      const { decisions, next } = await list(query);
      seen.push(...decisions);
      expect(decisions.length).toBe(next === null ? seen.length % limit || limit : limit);
      if (next === null || seen.length >= wanted) break;
      query = { ...query, cursor: next };
    }
    const ids = seen.map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([wanted, wanted]);
    expect(ids).toEqual(ids.toSorted().toReversed());
  });

  test('has 50 on a page by itself, and stays the same while new ones come', async () => {
    const first = await list({ mailbox: MAILBOX });
    expect(first.decisions).toHaveLength(50);
    const second = await list({ mailbox: MAILBOX, cursor: first.next ?? '' });
    await deliver('many-new', DANA, { mailbox: MAILBOX });
    expect(await list({ mailbox: MAILBOX, cursor: first.next ?? '' })).toEqual(second);
  });
});

describe('a filter', () => {
  const kim = 'kim@fabrikam.example';
  beforeAll(async () => {
    await deliver('by-kim', 'Kim@Fabrikam.Example', { mailbox: 'filter@insurer.example' });
    await deliver('by-dana', DANA, { mailbox: 'filter@insurer.example' });
    await deliver('by-nobody', 'stranger@fabrikam.example', { mailbox: 'filter@insurer.example' });
    await deliver('sent', DANA, { mailbox: 'filter@insurer.example', event: 'sent' });
  });

  test.each<[what: string, query: Record<string, string>, messages: string[]]>([
    ['a sender', { sender: kim }, ['by-kim']],
    ['a sender, however written', { sender: ' KIM@fabrikam.example' }, ['by-kim']],
    ['a rule', { rule: 'from-kim' }, ['by-kim']],
    ['a shadow rule with a name that a database could misread', { rule: '100%_sure' }, ['by-dana']],
    ['a part of the name of a rule', { rule: 'from' }, []],
    ['wildcards', { rule: '%' }, []],
    ['an outcome', { outcome: 'nothing_to_do' }, ['by-nobody']],
    ['another outcome', { outcome: 'ignored_event' }, ['sent']],
    ['two filters', { sender: kim, outcome: 'nothing_to_do' }, []],
    ['so long ago', { since: '7d', until: '0m' }, ['sent', 'by-nobody', 'by-dana', 'by-kim']],
    ['a time to come', { since: '2999-01-01' }, []],
    ['a time long gone', { until: '2020-01-01T00:00:00+01:00' }, []],
    ['a quote', { rule: `x' OR '1'='1` }, []],
  ])('by %s gives what fits', async (_what, query, messages) => {
    expect(await messagesOf({ mailbox: 'Filter@Insurer.Example', ...query })).toEqual(messages);
  });

  test('takes the hash of a sender, too', async () => {
    const [{ sender }] = (await admin.get('decisions?rule=from-kim')).body.decisions;
    expect(await messagesOf({ sender })).toEqual(['by-kim']);
  });

  test('by time is exact', async () => {
    const [decision] = (await list({ rule: 'from-kim' })).decisions;
    const at = decision?.decidedAt ?? '';
    expect(await messagesOf({ rule: 'from-kim', since: at })).toEqual(['by-kim']);
    expect(await messagesOf({ rule: 'from-kim', until: at })).toEqual([]);
  });

  const TIME = 'must be a time such as 2026-12-01T09:00:00Z, or so long ago: 30m, 12h, 7d';
  const TEXT = 'must be 1 to 500 characters, without control characters';
  const CURSOR = 'must be the "next" of an answer';
  test.each<[query: string, violations: Record<string, string>]>([
    ['limit=0', { limit: 'must be a whole number from 1 to 200' }],
    ['limit=201', { limit: 'must be a whole number from 1 to 200' }],
    ['limit=1e2', { limit: 'must be a whole number from 1 to 200' }],
    ['limit=', { limit: 'must be a whole number from 1 to 200' }],
    ['limit=1&limit=2', { limit: 'must be there once' }],
    ['cursor=', { cursor: CURSOR }],
    ['cursor=%00', { cursor: CURSOR }],
    ["cursor=' OR 1=1 --".replaceAll(' ', '%20'), { cursor: CURSOR }],
    ['cursor=open:%5B%5D', { cursor: CURSOR }],
    [`cursor=${'z'.repeat(10_000)}`, { cursor: CURSOR }],
    ['cursor[a]=b', { '': 'a key is unknown' }],
    ['rule=%00', { rule: TEXT }],
    ['rule=%0Aknown%0A', { rule: TEXT }],
    [`rule=${'r'.repeat(501)}`, { rule: TEXT }],
    ['mailbox=', { mailbox: TEXT }],
    ['outcome=acte', { outcome: 'must be acted, nothing_to_do, ignored_event, no_rule_for_mailbox, crm_unavailable' }],
    ['sender=dana', { sender: 'must be an e-mail address, or the hash of one as logs have it' }],
    ['sender=h:1', { sender: 'must be an e-mail address, or the hash of one as logs have it' }],
    ['since=yesterday&until=2026-02-31', { since: TIME, until: TIME }],
    ['since=-1d', { since: TIME }],
    ['since=999999d', { since: TIME }],
    ['sendr=x', { '': 'the key "sendr" is unknown, did you mean "sender"?' }],
    ['__proto__=x&constructor=y', { '': 'the key "constructor" is unknown' }],
  ])('that is none is refused: %s', async (query, violations) => {
    expect(violationsOf(await admin.get(`decisions?${query}`))).toEqual({ status: '400', ...violations });
  });

  test('a cursor from before all decisions ends the list', async () => {
    expect(await list({ cursor: '0'.repeat(25) })).toEqual({ decisions: [], next: null });
  });
});

describe('a decision', () => {
  const MAILBOX = 'one@insurer.example';
  const show = async (query: Readonly<Record<string, string>>) =>
    (await admin.get(`decisions/${await idOf({ mailbox: MAILBOX, ...query })}`)).body;
  beforeAll(async () => {
    await deliver('one', DANA, { mailbox: MAILBOX, bodyText: 'My secret illness' });
    await deliver('kim', 'kim@fabrikam.example', { mailbox: MAILBOX });
    await deliver('sent', DANA, { mailbox: MAILBOX, event: 'sent' });
  });

  test('is shown whole, without what is masked', async () => {
    const body = await show({ rule: 'known' });
    expect(body).toMatchObject({
      messageId: 'one',
      mailbox: MAILBOX,
      outcome: 'acted',
      lookup: 'found',
      rules: ['known', '100%_sure'],
      conversationId: '3QK7TT04M',
      answer: { status: 200, envelope: { status: 'success', actions: [{ type: 'tag', value: { tags: ['known'] } }] } },
      verdicts: [
        { rule: 'known', verdict: 'matched', why: { fact: 'lookup.state', read: 'found' } },
        { rule: '100%_sure', mode: 'shadow', verdict: 'matched' },
      ],
      facts: { customer: { tier: 'gold' }, sender: { domain: 'northwind.example' } },
    });
    expect(body.masked).toEqual(expect.arrayContaining(['/sender/address', '/message/bodyText']));
    expect(JSON.stringify(body)).not.toMatch(/dana@northwind|secret illness|Dana Reyes/i);
  });

  test('holds what is masked in its answer only, where a rule wrote it', async () => {
    await deliver('named', DANA, { mailbox: 'named@insurer.example', from: correspondent(DANA, NAME) });
    const { answer, ...rest } = (await admin.get(`decisions/${await idOf({ rule: 'named' })}`)).body;
    expect(answer.envelope.actions).toMatchObject([{ value: { tags: ['known'] } }, { value: { tags: [NAME] } }]);
    expect(rest.suppressed).toMatchObject([{ rule: 'named', part: null, isRendered: true, reason: 'set_before' }]);
    expect(JSON.stringify(rest)).not.toContain(NAME);
  });

  test('is explained by the rules that still run, but for what reads masked facts', async () => {
    const { explanation } = await show({ rule: 'known' });
    expect(explanation).toMatchObject({
      because: null,
      verdicts: [
        { rule: 'known', verdict: 'matched', isMasked: false, why: { read: 'found' } },
        { rule: '100%_sure', verdict: 'matched', isMasked: false },
        { rule: 'from-kim', verdict: 'not_matched', isMasked: true, why: null, nearMiss: null },
        { rule: 'from-lee', verdict: 'not_matched', isMasked: true, why: null, nearMiss: null },
        { rule: 'named', verdict: 'skipped' },
      ],
    });
  });

  test('that depends on what is masked is not explained', async () => {
    expect((await show({ rule: 'from-kim' })).explanation).toEqual({ because: 'masked_facts', verdicts: [] });
  });

  test('that no rule was asked about has no facts and no explanation', async () => {
    const { facts, explanation } = await show({ outcome: 'ignored_event' });
    expect([facts, explanation]).toEqual([null, { because: 'no_rule_was_asked', verdicts: [] }]);
  });

  test.each(['nothing', '0'.repeat(25), '..%2f..%2fetc', '%00', "'%20OR%201=1", 'z'.repeat(99)])(
    'with the id %s is not found',
    async (id) => {
      expect((await admin.get(`decisions/${id}`)).status).toBe(404);
    },
  );

  test('is not explained by other rules', async () => {
    writeRules(app.workspace.rulesDir, { 'more.json': { rules: [] } });
    expect((await admin.post('rules/reload?wait')).status).toBe(200);
    expect((await show({ rule: 'known' })).explanation).toEqual({ because: 'other_rules', verdicts: [] });
  });
});

test('a store that does not answer is told by the routes that need it, and by no other', async () => {
  await using broken = await RunningApp.start({
    rules: RULES,
    env: { ADMIN_TOKEN, DATABASE_URL: 'file:/dev/null/enricher.db', DATA_DIR: tempFolder() },
  });
  const client = await AdminClient.of(broken);
  for (const path of ['decisions', `decisions/${'0'.repeat(25)}`])
    expect(await client.get(path)).toMatchObject({
      status: 503,
      body: { title: 'Service Unavailable', detail: expect.stringContaining('/health/ready') },
    });
  expect((await client.get('rules')).status).toBe(200);
  expect((await client.post('rules/reload?wait')).status).toBe(200);
  expect((await client.post('simulate', { message: sampleDelivery() })).status).toBe(200);
  expect((await client.post('crm/lookup', { address: DANA })).status).toBe(200);
  expect((await client.post('crm/invalidate', { address: DANA })).status).toBe(200);
});
