import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RunningApp } from '../support/start-app.js';
import { SenderSimulator } from '../support/sender-simulator.js';
import { SECRET } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';
import type { FaultName } from './faults.js';
import type { Kind, Rig } from './rig.js';

/** What is known of the sender when the CRM breaks. */
export const STATES = ['cold', 'warm', 'stale', 'last month'] as const;
export type State = (typeof STATES)[number];

export interface Cell {
  readonly state: State;
  /** Of the first attempt. */
  readonly status: number | null;
  readonly envelope: string | null;
  readonly claimNumber: string | null;
  readonly attempts: number;
  readonly milliseconds: number;
  /** That reached the CRM for this delivery; null when they cannot be counted. */
  readonly calls: number | null;
}

export interface Limits {
  readonly timeoutMs: number;
  readonly deadlineMs: number;
}

const RULES = {
  rules: [
    {
      name: 'claim',
      conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
      actions: [{ type: 'setCustomFields', name: 'Claim', value: { claimNumber: '{{ customer.claimNumber }}' } }],
    },
  ],
};
const MONTH_AGO_MS = 29 * 86_400_000;
const KNOWN = { warm: 'kim@fabrikam.example', lastMonth: 'dana.reyes@northwind.example', cold: 'new@nowhere.example' };

/** A service that knew a sender stopped; since then a month has gone by. Its data is left in the folder. */
export async function makeLastMonth(kind: Kind, rig: Rig, limits: Limits, folder: string): Promise<void> {
  const service = new Service(rig, limits, folder);
  await service.run({}, (deliver) => known(deliver, KNOWN.lastMonth));
  const database = new DatabaseSync(service.database);
  const { changes } = database.prepare('UPDATE customers SET seen_at = seen_at - ?').run(MONTH_AGO_MS);
  database.close();
  if (changes === 0) throw new Error(`${kind.name}: nothing was remembered`);
}

/**
 * One fault at one provider, over all that may be known of the sender: each cell is a delivery to the real service.
 *
 * @param lastMonth a folder that `makeLastMonth` left data in; it stays as it is
 */
export async function runRow(
  kind: Kind,
  rig: Rig,
  fault: FaultName,
  limits: Limits,
  lastMonth: string,
): Promise<Cell[]> {
  const folder = tempFolder();
  cpSync(lastMonth, folder, { recursive: true });
  const service = new Service(rig, limits, folder);
  const mends: (() => void | Promise<void>)[] = [];
  const breakIt = async () => void mends.push(await rig.faults[fault]!());
  const mend = async () => {
    for (const each of mends.splice(0)) await each();
  };
  try {
    return [
      ...(await service.run({}, async (deliver) => {
        await known(deliver, KNOWN.warm);
        if (kind.isInMemory !== true) await breakIt();
        const warm = await deliver('warm', KNOWN.warm);
        if (kind.isInMemory === true) return [warm];
        return [await deliver('cold', KNOWN.cold), warm, await deliver('last month', KNOWN.lastMonth)];
      })),
      ...(await service.run({ cache: { foundSeconds: 0 } }, async (deliver) => {
        await mend();
        await known(deliver, KNOWN.warm);
        await breakIt();
        return [await deliver('stale', KNOWN.warm)];
      })),
      ...(kind.isInMemory === true
        ? await service.run({}, async (deliver) => [
            await deliver('cold', KNOWN.cold),
            await deliver('last month', KNOWN.lastMonth),
          ])
        : []),
    ];
  } finally {
    await mend();
  }
}

type Deliver = (state: State, address: string) => Promise<Cell>;

/** Delivers while the CRM is well; it may be slow at first on a busy machine. */
async function known(deliver: Deliver, address: string): Promise<void> {
  await until('the sender is known', async () => (await deliver('warm', address)).envelope === 'success');
}

/** One after the other on the same data. */
class Service {
  readonly database: string;

  constructor(
    private readonly rig: Rig,
    private readonly limits: Limits,
    folder: string,
  ) {
    this.database = join(folder, 'enricher.db');
  }

  async run<T>(lookup: object, work: (deliver: Deliver) => Promise<T>): Promise<T> {
    const { timeoutMs, deadlineMs } = this.limits;
    await using app = await RunningApp.start({
      rules: { 'rules.json': RULES },
      crm: { providers: [this.rig.provider], lookup: { timeoutMs, ...lookup } },
      env: { DATABASE_URL: `file:${this.database}`, ANSWER_DEADLINE_MS: String(deadlineMs) },
    });
    const simulator = new SenderSimulator({ url: app.webhookUrl, secret: SECRET, retryWaitMs: 1 });
    return await work((state, address) => this.#deliver(simulator, state, address));
  }

  async #deliver(simulator: SenderSimulator, state: State, address: string): Promise<Cell> {
    const before = this.rig.calls();
    const startedAt = performance.now();
    const { attempts, envelope } = await simulator.deliver({
      id: `m${Math.random()}`,
      event: 'received',
      mailbox: 'claims@insurer.example',
      from: { emailAddress: { name: 'Somebody', address } },
    });
    const milliseconds = Math.round(performance.now() - startedAt);
    const after = this.rig.calls();
    const [first] = attempts;
    const action = envelope?.actions?.find(({ type }) => type === 'setCustomFields');
    return {
      state,
      status: first !== undefined && 'status' in first ? first.status : null,
      envelope: envelope?.status ?? null,
      claimNumber: (action?.value as { claimNumber?: string } | undefined)?.claimNumber ?? null,
      attempts: attempts.length,
      milliseconds,
      calls: before === null || after === null ? null : after - before,
    };
  }
}
