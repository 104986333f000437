import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Delivery } from '../src/facts/delivery.js';
import { readDelivery } from '../src/facts/read-delivery.js';
import { loadRules } from '../src/rules/load-rules.js';
import type { RuleSet } from '../src/rules/rule-set.js';
import { KyselyDecisionStore } from '../src/store/kysely-decision-store.js';
import { Store } from '../src/store/store.js';
import { AnsweringProcess, type Strike } from './support/answering-process.js';
import { correspondent, sampleDelivery } from './support/sample-delivery.js';
import { tempFolder } from './support/temp-folder.js';

const MAILBOX = 'claims@insurer.example';
const MESSAGES = 3;

/** What the sender and the CRM know of a message. */
interface Message {
  readonly delivery: Delivery;
  /** Of every answer with 200 so far; null before the first. */
  body: string | null;
  /** It was answered by the process that runs now, which remembers it while the store does not say. */
  isKnownHere: boolean;
  /** It was answered while the store failed, and may wait in memory only. */
  isInMemory: boolean;
  lookups: number;
  /** One, and one more for each kill that came between a look-up and the commit: what was computed then is gone. */
  allowedLookups: number;
}

class World {
  generation = 0;
  process: AnsweringProcess;

  constructor(
    readonly messages: readonly Message[],
    private readonly store: Store,
    private readonly ruleSets: readonly RuleSet[],
    private readonly isShared: boolean,
  ) {
    this.process = this.#start();
  }

  /** @param isLeaseOver as much time has passed as a claim of the process before lasts */
  async restart(isLeaseOver: boolean): Promise<void> {
    if (isLeaseOver) {
      const db = await this.store.ready();
      await db.updateTable('decisions').set({ lease_until: 0 }).where('status', 'is', null).execute();
    }
    for (const message of this.messages) message.isKnownHere = false;
    this.process = this.#start();
  }

  /** The bytes that are kept of a message, null when none are. */
  async kept({ delivery: { id } }: Message): Promise<string | null> {
    const db = await this.store.ready();
    const rows = await db
      .selectFrom('decisions')
      .select('answer')
      .where('message_id', '=', id)
      .where('status', '=', 200)
      .execute();
    expect(rows.length).toBeLessThanOrEqual(1);
    return rows[0]?.answer ?? null;
  }

  #start(): AnsweringProcess {
    const { ruleSets, store, isShared } = this;
    const world = this as { readonly generation: number };
    return new AnsweringProcess({
      store: new KyselyDecisionStore({ ready: () => store.ready(), isShared }),
      rules: {
        get current() {
          return ruleSets[world.generation % ruleSets.length]!;
        },
      },
      lookUp: (address) => {
        const message = this.messages.find(({ delivery }) => delivery.from?.address === address)!;
        message.lookups += 1;
        return { tier: `tier-${this.generation}` };
      },
    });
  }
}

interface Model {
  readonly messages: readonly Message[];
  /** The store failed, and it is not known yet that it is back and has all. */
  isStoreDown: boolean;
}

/** Delivers as many times at once, and holds every answer against those before. */
async function deliver({ messages, isStoreDown }: Model, world: World, index: number, times: number): Promise<void> {
  const message = messages[index]!;
  const answers = await Promise.all(Array.from({ length: times }, () => world.process.deliver(message.delivery)));
  for (const answer of answers.filter((body) => body !== null)) {
    if (message.body === null) message.isInMemory = isStoreDown;
    message.body ??= answer;
    message.isKnownHere = true;
    expect(answer).toBe(message.body);
  }
}

async function check({ messages }: Model, world: World): Promise<void> {
  for (const message of messages) {
    expect(message.lookups).toBeLessThanOrEqual(message.allowedLookups);
    if (message.body !== null && !message.isInMemory) expect(await world.kept(message)).toBe(message.body);
  }
}

/**
 * After a kill the store says what is left. What was answered while the store failed and was not kept yet is gone with the process, by
 * design: messages are answered when the store is down, and both have gone then. All else must be there.
 */
async function afterKill(model: Model, world: World, isLeaseOver: boolean): Promise<void> {
  for (const message of model.messages) {
    const kept = await world.kept(message);
    if (message.isInMemory && kept === null) message.body = null;
    message.isInMemory = false;
    // Nobody may have heard it, and it counts all the same.
    message.body ??= kept;
    if (kept === null) message.allowedLookups = message.lookups + 1;
  }
  model.isStoreDown = false;
  await world.restart(isLeaseOver);
}

function allIsKept(model: Model): void {
  for (const message of model.messages) message.isInMemory = false;
  model.isStoreDown = false;
}

type Command = fc.AsyncCommand<Model, World>;

/**
 * While the store fails, a process can only know what it answered itself: a message that another answered is decided again then, and may get
 * other bytes. The first ones stay in the store. That is no part of the law.
 */
const isKnown = ({ messages }: Readonly<Model>, index: number) =>
  messages[index]!.body === null || messages[index]!.isKnownHere;

const command = (
  name: string,
  act: (model: Model, world: World) => Promise<void>,
  mayRun: (model: Readonly<Model>) => boolean = () => true,
): Command => ({
  check: mayRun,
  run: async (model, world) => {
    await act(model, world);
    await check(model, world);
  },
  toString: () => name,
});

const which = fc.nat(MESSAGES - 1);
const strikes = fc.constantFrom<Strike>(
  'before claim',
  'after claim',
  'before lookup',
  'after lookup',
  'before commit',
  'after commit',
);
const storeStrikes = fc.constantFrom<Strike>('before claim', 'after claim', 'before commit', 'after commit');

const COMMANDS = [
  fc.tuple(which, fc.integer({ min: 1, max: 5 })).map(([index, times]) =>
    command(
      `deliver ${index}, ${times} at once`,
      (model, world) => deliver(model, world, index, times),
      (model) => !model.isStoreDown || isKnown(model, index),
    ),
  ),
  fc.tuple(which, strikes, fc.integer({ min: 1, max: 3 }), fc.boolean()).map(([index, at, times, isLeaseOver]) =>
    command(
      `kill ${at} of ${index}, ${times} at once${isLeaseOver ? ', long ago' : ''}`,
      async (model, world) => {
        world.process.strike(at, true);
        await deliver(model, world, index, times);
        // It was answered from memory, or by a replay: killed all the same.
        world.process.kill();
        await afterKill(model, world, isLeaseOver);
      },
      (model) => !model.isStoreDown || isKnown(model, index),
    ),
  ),
  fc.tuple(which, storeStrikes).map(([index, at]) =>
    command(
      `the store fails ${at} of ${index}`,
      async (model, world) => {
        world.process.strike(at, false);
        model.isStoreDown = true;
        await deliver(model, world, index, 1);
        world.process.spare();
      },
      (model) => isKnown(model, index),
    ),
  ),
  fc.tuple(which, which).map(([first, second]) =>
    command(
      `the store is down for ${first} and ${second}`,
      async (model, world) => {
        world.process.storeIsDown(true);
        model.isStoreDown = true;
        for (const index of [first, second]) await deliver(model, world, index, 2);
        world.process.storeIsDown(false);
      },
      (model) => isKnown(model, first) && isKnown(model, second),
    ),
  ),
  fc.constant(
    command('all is kept', async (model, world) => {
      await world.process.settle();
      allIsKept(model);
    }),
  ),
  fc.constant(
    command('stop and start', async (model, world) => {
      await world.process.stop();
      allIsKept(model);
      await world.restart(false);
    }),
  ),
  fc.constant(
    command('rules and CRM change', (_, world) => {
      world.generation += 1;
      return Promise.resolve();
    }),
  ),
];

test.each([
  { when: 'one process has the store to itself', isShared: false },
  { when: 'others may share the store', isShared: true },
])(
  'every 200 of a message has the same bytes, from one look-up and in one record, when $when',
  async ({ isShared }) => {
    const folder = tempFolder();
    const store = new Store(`file:${join(folder, 'enricher.db')}`);
    const ruleSets = await Promise.all(['old', 'new'].map(rulesNamed));
    let run = 0;
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 25 }), async (commands) => {
        run += 1;
        const messages = Array.from({ length: MESSAGES }, (_, index) => makeMessage(`run-${run}-${index}`));
        const world = new World(messages, store, ruleSets, isShared);
        try {
          await fc.asyncModelRun(() => ({ model: { messages, isStoreDown: false }, real: world }), commands);
        } finally {
          await world.process.stop();
        }
        for (const { lookups } of messages) kinds.add(`${Math.min(lookups, 2)} look-ups`);
      }),
      { numRuns: 100 },
    );
    await store.close();
    expect([...kinds].toSorted()).toEqual(['0 look-ups', '1 look-ups', '2 look-ups']);
  },
  120_000,
);

async function rulesNamed(name: string): Promise<RuleSet> {
  const rule = {
    name,
    conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
    actions: [{ type: 'setCustomFields', value: { rule: name, tier: '{{ customer.tier }}', at: '{{ now }}' } }],
  };
  const load = await loadRules(tempFolder({ 'rules.json': JSON.stringify({ rules: [rule] }) }), {
    customerFields: null,
  });
  if (!load.ok) throw new Error('the rules have faults');
  return load.ruleSet;
}

function makeMessage(id: string): Message {
  const from = correspondent(`${id}@people.example`, 'Somebody');
  const delivery = readDelivery(sampleDelivery({ from, sender: from }), { id, event: 'received', mailbox: MAILBOX });
  return { delivery, body: null, isKnownHere: false, isInMemory: false, lookups: 0, allowedLookups: 1 };
}
