import { setTimeout as pause } from 'node:timers/promises';
import { Agent } from 'node:http';
import { dice } from '../support/dice.js';
import { send } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { SenderSimulator } from '../support/sender-simulator.js';
import { ServiceProcess } from '../support/service-process.js';
import { makeWorkspace, SECRET, writeRules } from '../support/start-app.js';
import { until } from '../support/until.js';
import { CountingCrm } from './counting-crm.js';
import { DECIDED_AT } from './rules.js';

export interface SoakReport {
  /** Deliveries in a second, alone and as sent. */
  readonly capacity: number;
  readonly rate: number;
  readonly deliveries: number;
  readonly repeats: number;
  readonly reloads: number;
  readonly crmFaults: number;
  /** By outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Answers that are no 200 with an envelope, or other bytes than before; the first few. */
  readonly unexpected: readonly string[];
  readonly memory: Readonly<Record<'rss' | 'heap', MemoryReport>>;
}

export interface MemoryReport {
  /** Growth in KiB a minute. */
  readonly slope: number;
  /** The least of each minute, in MiB. */
  readonly minutes: readonly number[];
}

const SENDERS = 16;
const PEOPLE = 5_000;
const REMEMBERED = 2_000;
const CAPACITY_MS = 4_000;
const RELOAD_EVERY_MS = 5_000;
const FAULT_EVERY_MS = 30_000;
const FAULT_MS = 2_000;
const MEASURE_EVERY_MS = 1_000;
const SAMPLES_A_MINUTE = 60_000 / MEASURE_EVERY_MS;
const PATIENCE_MS = 180_000;
const MAX_SHOWN = 10;
const GAUGES = { rss: 'process_resident_memory_bytes', heap: 'nodejs_heap_size_used_bytes' };

interface Remembered {
  readonly payload: object;
  body: string | null;
}

/** Half of what the service can take, for long, while rules are edited, the CRM fails now and then, and messages come again. */
export async function runSoakTrial({ seconds, seed }: { seconds: number; seed: number }): Promise<SoakReport> {
  const roll = dice(seed);
  await using crm = await CountingCrm.start(() => roll(20));
  const workspace = makeWorkspace({
    rules: { 'rules.json': DECIDED_AT },
    crm: crm.config(),
    env: { LOG_LEVEL: 'error' },
  });
  await using service = await ServiceProcess.start(workspace.env, workspace.folder, PATIENCE_MS);
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const sender = new SenderSimulator({ url: `${service.url}/webhooks/emailgistics`, secret: SECRET, agent });
  const remembered: Remembered[] = [];
  const outcomes: Record<string, number> = {};
  const unexpected: string[] = [];
  const counts = { deliveries: 0, repeats: 0, reloads: 0, crmFaults: 0 };

  const deliver = async () => {
    const isRepeat = remembered.length > 0 && roll(4) === 0;
    const from = correspondent(`person-${roll(PEOPLE)}@people.example`, 'Somebody');
    const message = isRepeat
      ? remembered[roll(remembered.length)]!
      : { payload: sampleDelivery({ from, sender: from }), body: null };
    const { attempts, outcome } = await sender.deliver(message.payload);
    counts.deliveries += 1;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    for (const attempt of attempts) {
      if (!('status' in attempt) || attempt.status !== 200) {
        unexpected.push('status' in attempt ? String(attempt.status) : attempt.error);
        continue;
      }
      message.body ??= attempt.text;
      if (message.body !== attempt.text) unexpected.push('other bytes than before');
    }
    if (isRepeat) counts.repeats += 1;
    else remembered[remembered.length < REMEMBERED ? remembered.length : roll(REMEMBERED)] = message;
  };

  const capacity = await measureCapacity(deliver);
  const rate = capacity / 2;
  const endAt = performance.now() + seconds * 1_000;
  let due = performance.now();
  const loops = Array.from({ length: SENDERS }, async () => {
    while (performance.now() < endAt) {
      due += 1_000 / rate;
      await pause(Math.max(0, due - performance.now()));
      await deliver();
    }
  });
  const every = async (ms: number, act: () => Promise<void>) => {
    while (performance.now() < endAt) {
      await act();
      await pause(ms);
    }
  };
  const samples: Record<'rss' | 'heap', number>[] = [];
  await Promise.all([
    ...loops,
    every(RELOAD_EVERY_MS, async () => {
      const [rule] = DECIDED_AT.rules;
      writeRules(workspace.rulesDir, {
        'rules.json': { rules: [{ ...rule, description: `edit ${++counts.reloads}` }] },
      });
      await Promise.resolve();
    }),
    every(FAULT_EVERY_MS, async () => {
      crm.isDown = true;
      counts.crmFaults += 1;
      await pause(FAULT_MS);
      crm.isDown = false;
    }),
    every(MEASURE_EVERY_MS, async () => {
      const { text } = await send(`${service.url}/metrics`, { method: 'GET' });
      const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
      samples.push({ rss: read(GAUGES.rss), heap: read(GAUGES.heap) });
    }),
  ]);
  agent.destroy();
  service.signal('SIGTERM');
  await until('the process ends', () => service.ended !== null, PATIENCE_MS);
  workspace.remove();
  const memory = { rss: growth(samples.map(({ rss }) => rss)), heap: growth(samples.map(({ heap }) => heap)) };
  return {
    capacity: Math.round(capacity),
    rate: Math.round(rate),
    ...counts,
    outcomes,
    unexpected: unexpected.slice(0, MAX_SHOWN),
    memory,
  };
}

async function measureCapacity(deliver: () => Promise<void>): Promise<number> {
  const endAt = performance.now() + CAPACITY_MS;
  let count = 0;
  const loops = Array.from({ length: SENDERS }, async () => {
    for (; performance.now() < endAt; count++) await deliver();
  });
  await Promise.all(loops);
  return (count * 1_000) / CAPACITY_MS;
}

/**
 * Each minute by the least that was in use: what the collector has not fetched yet is no growth. The slope is by least squares over the last two
 * thirds.
 */
function growth(bytes: readonly number[]): MemoryReport {
  const minutes = Array.from({ length: Math.ceil(bytes.length / SAMPLES_A_MINUTE) }, (_, minute) =>
    Math.min(...bytes.slice(minute * SAMPLES_A_MINUTE, (minute + 1) * SAMPLES_A_MINUTE)),
  );
  const late = minutes.slice(Math.floor(minutes.length / 3));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middle, average] = [(late.length - 1) / 2, mean(late)];
  const slope =
    late.reduce((sum, value, index) => sum + (index - middle) * (value - average), 0) /
    late.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
  return { slope: Math.round(slope / 1_024), minutes: minutes.map((value) => Math.round(value / 1_048_576)) };
}
