import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { TestPostgres } from '../support/postgres.js';
import { ReplicaProxy } from '../support/replica-proxy.js';
import { SenderSimulator } from '../support/sender-simulator.js';
import { RunningApp, SECRET } from '../support/start-app.js';
import { until } from '../support/until.js';
import { CountingCrm } from '../trials/counting-crm.js';
import { bodiesOf, countAttempts, makeMessage, startLoad } from '../trials/deliveries.js';
import { readPostgres } from '../trials/kept-rows.js';
import { DECIDED_AT } from '../trials/rules.js';

const MESSAGES = 30;
const CRM_TAKES_MS = 50;
const SENDERS = 6;
const BETWEEN_RESTARTS = 20;

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres.close());
beforeEach(() => postgres.run('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));

const startReplica = (crm: CountingCrm) =>
  RunningApp.start({ rules: { 'rules.json': DECIDED_AT }, crm: crm.config(), env: { DATABASE_URL: postgres.url() } });

const outagesOf = ({ logs }: RunningApp) => logs.filter((line) => line.startsWith('The store does not answer'));

test('a message sent to three replicas at once is looked up once, kept once, and answered with the same bytes', async () => {
  await using crm = await CountingCrm.start(() => CRM_TAKES_MS);
  await using one = await startReplica(crm);
  await using two = await startReplica(crm);
  await using three = await startReplica(crm);
  // The first delivery of each also waits for its connections.
  const first = await Promise.all([one, two, three].map((replica) => replica.deliver(makeMessage().payload)));
  expect(first.map(({ status }) => status)).toEqual([200, 200, 200]);
  const messages = Array.from({ length: MESSAGES }, makeMessage);
  const answered = await Promise.all(
    messages.map(async ({ id, payload }) => {
      const answers = await Promise.all([one, two, three].map((replica) => replica.deliver(payload)));
      return { id, answers };
    }),
  );
  const { rows, damage } = await readPostgres(postgres);
  expect(damage).toEqual([]);
  // Who waits too long for the store answers alone: then there is nothing to compare.
  expect(outagesOf(one)).toEqual([]);
  expect(rows).toHaveLength(MESSAGES + first.length);
  for (const { id, answers } of answered) {
    const kept = rows.find(({ message_id: messageId }) => messageId === id)!.answer;
    expect(answers.map(({ status, text }) => [status, text])).toEqual(answers.map(() => [200, kept]));
    expect(answers.filter(({ headers }) => headers['x-replayed'] === undefined)).toHaveLength(1);
  }
  expect([...crm.lookups.values()]).toEqual(Array(MESSAGES + first.length).fill(1));
});

test('three replicas restarted one after the other under load lose no delivery', async () => {
  await using crm = await CountingCrm.start(() => CRM_TAKES_MS);
  await using proxy = await ReplicaProxy.start();
  const replicas = [await startReplica(crm), await startReplica(crm), await startReplica(crm)];
  const eldest = replicas[0]!;
  proxy.replicas = replicas.map(({ url }) => url);
  let turn = 0;
  const load = startLoad(new SenderSimulator({ url: `${proxy.url}/webhooks/emailgistics`, secret: SECRET }), {
    senders: SENDERS,
    roll: (sides) => turn++ % sides,
  });
  const someAreAnswered = async () => {
    const enough = load.messages.length + BETWEEN_RESTARTS;
    await until('more are answered', () => load.messages.length >= enough);
  };
  for (const index of replicas.keys()) {
    await someAreAnswered();
    await replicas[index]!.close();
    replicas[index] = await startReplica(crm);
    proxy.replicas = replicas.map(({ url }) => url);
  }
  await someAreAnswered();
  await load.stop();
  const { rows } = await readPostgres(postgres);
  expect(outagesOf(eldest)).toEqual([]);
  for (const replica of replicas) await replica.close();

  const sent = load.messages.flatMap((message) => message.sent);
  process.stdout.write(`rolling restart: ${sent.length} deliveries, ${JSON.stringify(countAttempts(load.messages))}\n`);
  expect(sent.filter(({ outcome }) => outcome !== 'applied')).toEqual([]);
  const kept = new Map(rows.map(({ message_id: id, answer }) => [id, answer]));
  for (const message of load.messages) expect(new Set(bodiesOf(message))).toEqual(new Set([kept.get(message.id)]));
  expect([...crm.lookups.values()].every((count) => count === 1)).toBe(true);
});
