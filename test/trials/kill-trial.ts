import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dice } from '../support/dice.js';
import { freePort } from '../support/free-port.js';
import { send } from '../support/http.js';
import type { TestPostgres } from '../support/postgres.js';
import { SenderSimulator } from '../support/sender-simulator.js';
import { ServiceProcess } from '../support/service-process.js';
import { isReady, makeWorkspace, SECRET } from '../support/start-app.js';
import { until } from '../support/until.js';
import { CountingCrm } from './counting-crm.js';
import { bodiesOf, countAttempts, type Message, startLoad } from './deliveries.js';
import { type Kept, readPostgres, readSqlite } from './kept-rows.js';
import { type Outage, readOutages } from './outages.js';
import { DECIDED_AT } from './rules.js';

export interface KillTrialOptions {
  readonly kills: number;
  readonly seed: number;
  /** Killed as well, each time; null: the store is a SQLite file. */
  readonly postgres: TestPostgres | null;
}

export interface KillTrialReport {
  readonly kills: number;
  readonly messages: number;
  readonly deliveries: number;
  /** Attempts by status or by what became of the connection. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Deliveries that had their three attempts and no answer. */
  readonly exhausted: number;
  /** Answers with 200, and how many of them were read by the sender after another of the same message. */
  readonly answers: number;
  readonly repeats: number;
  /** Longest time between the first attempt and the answer, in milliseconds. */
  readonly longestMs: number;
  /** Messages that the CRM was asked for more than once. */
  readonly lookedUpAgain: number;
  /** Answers given while the store did not answer, by the service's own account: with other bytes than those kept before, … */
  readonly differingWhileAway: number;
  /** … and kept in memory only when the process was killed. */
  readonly lostWhileAway: number;
  /** What must not be, told in sentences. */
  readonly wrong: readonly string[];
}

const SENDERS = 12;
const LONGEST_LIFE_MS = 1_500;
const CRM_TAKES_MS = 40;
const MAX_ATTEMPTS = 3;
/** A machine that is busy with other tests starts slowly. */
const PATIENCE_MS = 180_000;

/** Kills the service, and its PostgreSQL, again and again at random moments under steady load, and compares what was sent with what is kept. */
export async function runKillTrial({ kills, seed, postgres }: KillTrialOptions): Promise<KillTrialReport> {
  const roll = dice(seed);
  await using crm = await CountingCrm.start(() => roll(CRM_TAKES_MS));
  // The one that tests use is fast instead of durable.
  await postgres?.run('ALTER ROLE postgres SET synchronous_commit = on');
  const workspace = makeWorkspace({
    rules: { 'rules.json': DECIDED_AT },
    crm: crm.config(),
    env: {
      PORT: String(await freePort()),
      LOG_LEVEL: 'info',
      ...(postgres === null ? {} : { DATABASE_URL: postgres.url() }),
    },
  });
  const start = () => ServiceProcess.start(workspace.env, workspace.folder, PATIENCE_MS);
  let service = await start();
  await using running = new AsyncDisposableStack();
  running.defer(() => service[Symbol.asyncDispose]());
  const { url } = service;
  const load = startLoad(
    new SenderSimulator({
      url: `${url}/webhooks/emailgistics`,
      secret: SECRET,
      wait: async (ms) => {
        await pause(ms);
        await until('the service is back', () => isReady(url).catch(() => false), PATIENCE_MS);
      },
    }),
    { senders: SENDERS, roll },
  );
  const outages: Outage[] = [];
  const noteOutages = () => outages.push(...readOutages(service.output, Date.now()));
  for (let kill = 0; kill < kills; kill++) {
    await pause(roll(LONGEST_LIFE_MS));
    const isTogether = roll(2) === 0;
    if (postgres !== null && !isTogether) {
      await postgres.stop('immediate');
      await pause(roll(LONGEST_LIFE_MS));
      await postgres.restart();
      await until('all is kept that was answered meanwhile', () => isAllKept(url), PATIENCE_MS);
      await pause(roll(LONGEST_LIFE_MS));
    }
    service.signal('SIGKILL');
    if (postgres !== null && isTogether) {
      await postgres.stop('immediate');
      await postgres.restart();
    }
    await service[Symbol.asyncDispose]();
    noteOutages();
    service = await start();
  }
  await load.stop();
  service.signal('SIGTERM');
  await until('the process ends', () => service.ended !== null, PATIENCE_MS);
  noteOutages();
  const kept =
    postgres === null ? readSqlite(join(workspace.folder, 'data/enricher.db')) : await readPostgres(postgres);
  workspace.remove();
  return report(kills, load.messages, kept, { crm, outages, exit: service.ended });
}

async function isAllKept(url: string): Promise<boolean> {
  const { text } = await send(`${url}/health/ready`, { method: 'GET' });
  const { details } = JSON.parse(text) as { details: { store: { state: string; buffered: number } } };
  return details.store.state === 'ok' && details.store.buffered === 0;
}

function report(
  kills: number,
  messages: readonly Message[],
  { rows, damage }: Kept,
  { crm, outages, exit }: { crm: CountingCrm; outages: readonly Outage[]; exit: unknown },
): KillTrialReport {
  const sent = messages.flatMap((message) => message.sent);
  const wrong = damage.map((text) => `the database is damaged: ${text}`);
  if (exit !== 0) wrong.push(`the service ended with ${String(exit)}`);
  let differingWhileAway = 0;
  let lostWhileAway = 0;
  for (const message of messages) {
    const kept = rows.filter(({ message_id: id }) => id === message.id);
    for (const one of message.sent) {
      const isAway = outages.some(({ from, to }) => one.from < to && one.to > from);
      for (const body of bodiesOf({ sent: [one] })) {
        if (kept.length === 0 && isAway) lostWhileAway += 1;
        else if (kept.length !== 1) wrong.push(`${message.id} was answered and is kept ${kept.length} times`);
        else if (kept[0]!.answer === body) continue;
        else if (isAway) differingWhileAway += 1;
        else wrong.push(`${message.id} was answered with other bytes than those kept`);
      }
      const last = one.attempts.at(-1)!;
      const isAnswered = 'status' in last && last.status === 200;
      if (!isAnswered && one.attempts.length < MAX_ATTEMPTS) wrong.push(`${message.id} was given up early`);
    }
    const attempts = message.sent.reduce((sum, one) => sum + one.attempts.length, 0);
    if ((crm.lookups.get(message.address) ?? 0) > attempts) wrong.push(`${message.id} was looked up without a reason`);
  }
  const answers = messages.map((message) => bodiesOf(message).length);
  const total = answers.reduce((sum, count) => sum + count, 0);
  return {
    kills,
    messages: messages.length,
    deliveries: sent.length,
    attempts: countAttempts(messages),
    exhausted: sent.filter(({ outcome }) => outcome === 'lost').length,
    answers: total,
    repeats: total - answers.filter((count) => count > 0).length,
    longestMs: Math.round(Math.max(...sent.map(({ from, to }) => to - from))),
    lookedUpAgain: [...crm.lookups.values()].filter((count) => count > 1).length,
    differingWhileAway,
    lostWhileAway,
    wrong,
  };
}
