import { describe, expect, test } from '@jest/globals';
import { answer, hang, reset, ScriptedServer, type Step } from './scripted-server.js';
import { type Attempt, type SenderOptions, SenderSimulator } from './sender-simulator.js';

const NOTHING = { status: 'success', message: 'Nothing to do' };
const TAGGED = { ...NOTHING, actions: [{ type: 'tag', value: { tags: ['VIP'] } }] };

/** Delivers to a server with this script, without really waiting. */
async function deliver(script: readonly Step[], options: Partial<SenderOptions> = {}) {
  await using server = await ScriptedServer.start(...script);
  const waits: number[] = [];
  const wait = (ms: number) => Promise.resolve(waits.push(ms));
  const sender = new SenderSimulator({ url: server.url, retryWaitMs: 7, wait, ...options });
  const record = await sender.deliver({ id: '1' });
  return { ...record, waits, seen: server.seen, statuses: record.attempts.map(statusOf) };
}

function statusOf(attempt: Attempt): number | string {
  return 'error' in attempt ? attempt.error : attempt.status;
}

describe('what it sends', () => {
  test('the documented headers and the payload as JSON, with the secret as bearer', async () => {
    const { seen } = await deliver([answer(200, NOTHING)], { secret: 's3cret' });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        body: '{"id":"1"}',
        headers: {
          'user-agent': expect.stringMatching(/^Emailgistics\/\d/),
          'content-type': 'application/json',
          authorization: 'Bearer s3cret',
        },
      },
    ]);
  });

  test('without a secret there is no Authorization header', async () => {
    const { seen } = await deliver([answer(200, NOTHING)]);
    expect(seen[0]?.headers).not.toHaveProperty('authorization');
  });
});

describe('what it tries again', () => {
  test('a 503 is tried again, and the answer of the second attempt counts', async () => {
    const record = await deliver([answer(503, 'busy'), answer(200, TAGGED)]);
    expect(record).toMatchObject({ statuses: [503, 200], outcome: 'applied', envelope: TAGGED, waits: [7] });
    expect(record.attempts[0]).toMatchObject({ status: 503, text: 'busy' });
  });

  test('a reset connection is tried again', async () => {
    const record = await deliver([reset, answer(200, NOTHING)]);
    expect(record).toMatchObject({ statuses: ['ECONNRESET', 200], outcome: 'nothing' });
  });

  test('an answer that does not come in time is tried again, three times in all', async () => {
    const record = await deliver([hang], { timeoutMs: 50 });
    expect(record).toMatchObject({ statuses: Array(3).fill('TimeoutError'), outcome: 'lost', envelope: null });
    expect(record.seen).toHaveLength(3);
  });

  test('a server that nobody runs is tried three times', async () => {
    const server = await ScriptedServer.start(answer(200, NOTHING));
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const record = await new SenderSimulator({ url, wait: async () => undefined }).deliver({});
    expect(record.attempts.map(statusOf)).toEqual(Array(3).fill('ECONNREFUSED'));
  });

  test('three 500s lose the message', async () => {
    expect(await deliver([answer(500)])).toMatchObject({ statuses: [500, 500, 500], outcome: 'lost', waits: [7, 7] });
  });

  test.each([400, 401, 404, 413, 415, 422])('a %i ends it at once', async (status) => {
    const record = await deliver([answer(status), answer(200, TAGGED)]);
    expect(record).toMatchObject({ statuses: [status], outcome: 'lost', waits: [] });
  });

  test('a 200 with status "error" is not tried again', async () => {
    const envelope = { status: 'error', message: 'The CRM is unavailable' };
    const record = await deliver([answer(200, envelope), answer(200, TAGGED)]);
    expect(record).toMatchObject({ statuses: [200], outcome: 'error_status', envelope });
  });
});

describe('what it makes of a 429', () => {
  const script = [answer(429, '', { 'retry-after': '3600' }), answer(200, TAGGED)];

  test('read as retried, it waits as long as asked, ten seconds at most', async () => {
    const record = await deliver(script, { tooManyRequests: 'retried' });
    expect(record).toMatchObject({ statuses: [429, 200], outcome: 'applied', waits: [10_000] });
  });

  test('read as retried, a shorter wait is kept', async () => {
    expect(await deliver([answer(429, '', { 'retry-after': '2' }), answer(200, NOTHING)])).toMatchObject({
      waits: [2000],
    });
  });

  test('read as retried, it is still three attempts at most', async () => {
    expect(await deliver([answer(429)])).toMatchObject({ statuses: [429, 429, 429], outcome: 'lost' });
  });

  test('read as terminal, it ends it', async () => {
    const record = await deliver(script, { tooManyRequests: 'terminal' });
    expect(record).toMatchObject({ statuses: [429], outcome: 'lost', waits: [] });
  });
});

describe('what it accepts as an envelope', () => {
  const dana = { emailAddress: { name: '', address: 'dana@northwind.example' } };

  test.each([
    [
      'one of each action',
      [
        { type: 'setCustomFields', name: 'Context', value: { claimNumber: 'C-1', note: '' } },
        { type: 'tag', value: { tags: ['VIP'] } },
        {
          type: 'assign',
          value: { mainAssignment: { users: ['Joe Cool'] }, backupAssignments: [{ assignToAnyUser: true }] },
        },
        { type: 'sendMessage', value: { templateName: 'Receipt', toAddresses: [dana] } },
        { type: 'sendMessage', value: { body: 'Hi', bodyType: 'text', subject: 'Hi', toAddresses: [dana] } },
        { type: 'forwardMessage', value: { toAddresses: [dana], comment: 'Please look' } },
      ],
    ],
    ['a value of a hundred astral characters', [{ type: 'setCustomFields', value: { note: '😀'.repeat(100) } }]],
  ])('%s', async (_, actions) => {
    const record = await deliver([answer(200, { ...NOTHING, actions })]);
    expect(record).toMatchObject({ outcome: 'applied', violations: [] });
  });

  test('an empty list of actions is nothing to do', async () => {
    expect(await deliver([answer(200, { ...NOTHING, actions: [] })])).toMatchObject({ outcome: 'nothing' });
  });

  test.each([
    ['invalid JSON', '{"status": "succ'],
    ['another status', { status: 'ok', message: '' }],
    ['no message', { status: 'success' }],
    ['a message that is no text', { status: 'success', message: null }],
    ['actions that are no list', { ...NOTHING, actions: {} }],
    ['an action of an unknown type', { ...NOTHING, actions: [{ type: 'archive', value: {} }] }],
    ['an action without a value', { ...NOTHING, actions: [{ type: 'tag' }] }],
    ['a field value that is a number', { ...NOTHING, actions: [{ type: 'setCustomFields', value: { age: 7 } }] }],
    [
      'a field value that is too long',
      { ...NOTHING, actions: [{ type: 'setCustomFields', value: { a: 'x'.repeat(101) } }] },
    ],
    [
      'users beside assignToAnyUser',
      { ...NOTHING, actions: [{ type: 'assign', value: { mainAssignment: { users: ['A'], assignToAnyUser: true } } }] },
    ],
    [
      'a template beside a body',
      {
        ...NOTHING,
        actions: [
          { type: 'sendMessage', value: { templateName: 'T', body: 'B', bodyType: 'text', toAddresses: [dana] } },
        ],
      },
    ],
    ['an undocumented key', { ...NOTHING, trace: {} }],
  ])('not %s', async (_, body) => {
    const record = await deliver([answer(200, body), answer(200, NOTHING)]);
    expect(record).toMatchObject({ statuses: [200], outcome: 'lost', envelope: null });
    expect(record.violations).not.toEqual([]);
  });
});
