import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answers, Sender } from './sender.ts';
import { Service } from './service.ts';

export interface TrialOptions {
  /** The project's folder. */
  readonly root: string;
  /** The built command, `dist/cli.js`. */
  readonly cli: string;
  /** How long the capacity is measured. */
  readonly capacitySeconds: number;
  /** How long the overload lasts. */
  readonly seconds: number;
  /** How many times the capacity is sent. */
  readonly times: number;
  /** Deliveries under way at once, at most. */
  readonly connections: number;
  /** Deliveries that the service takes in at once. Default: its own. */
  readonly maxInFlight?: number;
}

export interface TrialReport {
  /** Deliveries answered with 200 in a second, without overload. */
  readonly capacity: number;
  /** Deliveries sent in a second. */
  readonly offered: number;
  readonly answers: Answers;
  /** Resident memory in bytes: before, each second of the overload, and at the end. */
  readonly memory: { readonly before: number; readonly during: readonly number[]; readonly after: number };
  readonly live: { readonly asked: number; readonly answered: number };
  /** From the last answer until deliveries were all taken in; null when they were not within a minute. */
  readonly normalAgainMs: number | null;
}

/** Of some length, and nothing in it is found. */
const TEXT = 'The water came through the cellar wall on Monday, and the claim is not settled. '.repeat(50);
/** Few at a time keep its turns short, many make them cheap. */
const CAPACITY_AT_A_TIME = [32, 128];
const WARM_UP_SECONDS = 2;
const LIVE_EVERY_MS = 250;
const MEMORY_EVERY_MS = 1_000;
/** So many in a row must be taken in. */
const NORMAL_AFTER = 20;
const NORMAL_EVERY_MS = 50;
const NORMAL_WITHIN_MS = 60_000;

/** Sends several times what the service can take, and looks what becomes of the deliveries and of the service. */
export async function runTrial({
  root,
  cli,
  capacitySeconds,
  seconds,
  times,
  connections,
  maxInFlight,
}: TrialOptions): Promise<TrialReport> {
  const secret = randomBytes(24).toString('base64url');
  const payload = JSON.parse(await readFile(join(root, 'samples/known-customer.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const env = maxInFlight === undefined ? {} : { MAX_IN_FLIGHT: String(maxInFlight) };
  await using service = await Service.start(root, cli, secret, env);
  const sender = new Sender({
    url: service.url,
    secret,
    payload: { ...payload, bodyText: TEXT },
    maxConnections: connections,
  });
  try {
    let capacity = 0;
    for (const atATime of CAPACITY_AT_A_TIME) {
      await sender.closedLoop(atATime, Math.min(WARM_UP_SECONDS, capacitySeconds));
      const alone = await sender.closedLoop(atATime, capacitySeconds);
      capacity = Math.max(capacity, (alone.get(200)?.length ?? 0) / capacitySeconds);
    }
    if (capacity === 0) throw new Error('No delivery was answered with 200');
    await sender.open();
    const before = (await service.memory()) ?? Number.NaN;

    const watch = watchService(service);
    const answers = await sender.openLoop(capacity * times, seconds);
    const { live, during } = await watch.stop();
    const normalAgainMs = await untilNormal(sender);
    const after = (await service.memory()) ?? Number.NaN;
    return { capacity, offered: capacity * times, answers, memory: { before, during, after }, live, normalAgainMs };
  } finally {
    sender.close();
  }
}

function watchService(service: Service) {
  const stopped = new AbortController();
  const live = { asked: 0, answered: 0 };
  const during: number[] = [];
  const every = async (ms: number, act: () => Promise<void>) => {
    while (!stopped.signal.aborted) {
      await act();
      await pause(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const done = Promise.all([
    every(LIVE_EVERY_MS, async () => {
      live.asked++;
      if (await service.lives()) live.answered++;
    }),
    every(MEMORY_EVERY_MS, async () => {
      const bytes = await service.memory();
      if (bytes !== null) during.push(bytes);
    }),
  ]);
  return {
    async stop() {
      stopped.abort();
      await done;
      return { live, during };
    },
  };
}

async function untilNormal(sender: Sender): Promise<number | null> {
  const start = performance.now();
  let since = start;
  for (let inARow = 0; performance.now() - start < NORMAL_WITHIN_MS; await pause(NORMAL_EVERY_MS)) {
    const status = await sender.once();
    if (status !== 200) {
      inARow = 0;
      since = performance.now();
    } else if (++inARow === NORMAL_AFTER) return since - start;
  }
  return null;
}
