import type { LastKnown, LastKnownStore, PrefetchState, StoredProvider } from '../crm/last-known.js';
import type { CustomerRecord } from '../facts/facts.js';
import { EnricherError, reasonOf } from '../shared/errors.js';
import type { Store } from './store.js';
import { within } from '../shared/within.js';

export interface LastKnownOptions {
  /** How old a record may be to stand in, in days. */
  readonly maxAgeDays: number;
  /** Hears what goes wrong, once until it is well again. */
  readonly report: (message: string) => void;
  /** For somebody who only looks: nothing is written. */
  readonly isReadOnly?: boolean;
}

interface Write {
  readonly provider: StoredProvider;
  readonly id: string;
  /** Null drops it. */
  readonly known: LastKnown | null;
}

const DAY_MS = 86_400_000;
/** A message waits for this one when its CRM gave no answer. */
const READ_TIMEOUT_MS = 1_000;
const READ_AGAIN_MS = 1_000;
/** Writes are collected so long and kept together. */
const WRITE_EVERY_MS = 200;
const TRY_AGAIN_MS = 2_000;
const MAX_WRITES_AT_ONCE = 200;
/** More than these that cannot be written are forgotten, the oldest first. */
const MAX_WAITING = 20_000;
const PURGE_EVERY_MS = 3_600_000;
const PURGED_AT_ONCE = 1_000;

/**
 * The last known customers in the store. Writes are collected in memory, where reads see them, and kept a moment later; a database that cannot
 * be used costs the memory of last time, never a message.
 */
export class KyselyLastKnown implements LastKnownStore {
  readonly #waiting = new Map<string, Write>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<boolean> = Promise.resolve(true);
  #purgeAt = 0;
  /** What went wrong last; null when all is well. */
  readonly #faults: { read: string | null; write: string | null } = { read: null, write: null };
  #readAgainAt = 0;
  #isClosed = false;

  constructor(
    private readonly store: Pick<Store, 'ready'>,
    private readonly options: LastKnownOptions,
  ) {
    this.#schedule(WRITE_EVERY_MS);
  }

  async get(provider: StoredProvider, id: string): Promise<LastKnown | null> {
    const waiting = this.#waiting.get(keyOf(provider, id));
    const known = waiting === undefined ? await this.#read(provider, id) : waiting.known;
    const oldest = Date.now() - this.options.maxAgeDays * DAY_MS;
    return known !== null && known.seenAt >= oldest ? known : null;
  }

  put(provider: StoredProvider, records: readonly LastKnown[]): void {
    for (const known of records) this.#wait({ provider, id: known.id, known });
  }

  drop(provider: StoredProvider, ids: readonly string[]): void {
    for (const id of ids) this.#wait({ provider, id, known: null });
  }

  async prefetchState({ name, mapping }: StoredProvider): Promise<PrefetchState> {
    const row = await this.#try('write', async () => {
      const db = await this.store.ready();
      return db
        .selectFrom('prefetches')
        .selectAll()
        .where('provider', '=', name)
        .where('mapping', '=', mapping)
        .executeTakeFirst();
    });
    if (row === undefined) return { completeUntil: null, open: null };
    const { complete_until: completeUntil, next, started_at: startedAt, customers } = row;
    return {
      completeUntil,
      open: next === null ? null : { startedAt: startedAt ?? 0, next, customers: customers ?? 0 },
    };
  }

  async savePrefetchState({ name, mapping }: StoredProvider, { completeUntil, open }: PrefetchState): Promise<void> {
    while (this.#waiting.size > 0) if (!(await this.#writeSome())) throw this.#notKept();
    const columns = {
      mapping,
      complete_until: completeUntil,
      started_at: open?.startedAt ?? null,
      next: open?.next ?? null,
      customers: open?.customers ?? null,
    };
    const isKept = await this.#try('write', async () => {
      const db = await this.store.ready();
      await db
        .insertInto('prefetches')
        .values({ provider: name, ...columns })
        .onConflict((conflict) => conflict.column('provider').doUpdateSet(columns))
        .execute();
      return true;
    });
    if (isKept === undefined) throw this.#notKept();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    while (this.#waiting.size > 0 && (await this.#writeSome()));
  }

  #wait(write: Write): void {
    if (this.#isClosed || this.options.isReadOnly === true) return;
    const key = keyOf(write.provider, write.id);
    this.#waiting.delete(key);
    this.#waiting.set(key, write);
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_WAITING) break;
      this.#waiting.delete(oldest);
    }
    this.#schedule(WRITE_EVERY_MS);
  }

  #schedule(delayMs: number): void {
    if (!this.#isClosed && this.options.isReadOnly !== true)
      this.#timer ??= setTimeout(() => void this.#work(), delayMs).unref();
  }

  async #work(): Promise<void> {
    const isWell = await this.#writeSome();
    const isPurged = !isWell || (await this.#purgeSome());
    this.#timer = undefined;
    if (!isWell) this.#schedule(TRY_AGAIN_MS);
    else if (this.#waiting.size > 0 || !isPurged) this.#schedule(0);
  }

  /** One batch at a time, so that a later write of a record never comes before an earlier one. */
  #writeSome(): Promise<boolean> {
    this.#writing = this.#writing.then(async () => {
      const some = [...this.#waiting].slice(0, MAX_WRITES_AT_ONCE);
      if (some.length === 0) return true;
      const writes = some.map(([, write]) => write);
      const isWritten = await this.#try('write', async () => {
        await this.#insert(writes);
        await this.#delete(writes);
        return true;
      });
      if (isWritten === undefined) return false;
      for (const [key, write] of some) if (this.#waiting.get(key) === write) this.#waiting.delete(key);
      return true;
    });
    return this.#writing;
  }

  async #insert(writes: readonly Write[]): Promise<void> {
    const rows = writes.flatMap(({ provider: { name, mapping }, id, known }) =>
      known === null
        ? []
        : { provider: name, mapping, id, record: JSON.stringify(known.record), seen_at: known.seenAt },
    );
    if (rows.length === 0) return;
    const db = await this.store.ready();
    await db
      .insertInto('customers')
      // In one order, or two replicas that bring the same customers would lock each other out.
      .values(rows.toSorted((one, other) => (one.provider + one.id < other.provider + other.id ? -1 : 1)))
      .onConflict((conflict) =>
        conflict.columns(['provider', 'id']).doUpdateSet((where) => ({
          mapping: where.ref('excluded.mapping'),
          record: where.ref('excluded.record'),
          seen_at: where.ref('excluded.seen_at'),
        })),
      )
      .execute();
  }

  async #delete(writes: readonly Write[]): Promise<void> {
    const dropped = writes.filter(({ known }) => known === null);
    for (const name of new Set(dropped.map(({ provider }) => provider.name))) {
      const ids = dropped.filter(({ provider }) => provider.name === name).map(({ id }) => id);
      const db = await this.store.ready();
      await db.deleteFrom('customers').where('provider', '=', name).where('id', 'in', ids).execute();
    }
  }

  async #read({ name, mapping }: StoredProvider, id: string): Promise<LastKnown | null> {
    // A message with several providers and steps waits once for a database that does not answer.
    if (performance.now() < this.#readAgainAt) return null;
    const startedAt = performance.now();
    const known = await this.#try('read', () =>
      within(READ_TIMEOUT_MS, async () => {
        const db = await this.store.ready();
        const row = await db
          .selectFrom('customers')
          .select(['record', 'seen_at'])
          .where((where) => where.and({ provider: name, id, mapping }))
          .executeTakeFirst();
        if (row === undefined) return null;
        return { id, record: parseRecord(row.record), seenAt: row.seen_at };
      }),
    );
    const endedAt = performance.now();
    if (known === undefined && endedAt - startedAt >= READ_TIMEOUT_MS) this.#readAgainAt = endedAt + READ_AGAIN_MS;
    return known ?? null;
  }

  /** False when more is left to purge. */
  async #purgeSome(): Promise<boolean> {
    const now = Date.now();
    if (now < this.#purgeAt) return true;
    const oldest = now - this.options.maxAgeDays * DAY_MS;
    const purged = await this.#try('write', async () => {
      const db = await this.store.ready();
      const old = await db
        .selectFrom('customers')
        .select(['provider', 'id'])
        .where('seen_at', '<', oldest)
        .limit(PURGED_AT_ONCE)
        .execute();
      for (const name of new Set(old.map(({ provider }) => provider))) {
        const ids = old.filter(({ provider }) => provider === name).map(({ id }) => id);
        const purge = db.deleteFrom('customers').where('provider', '=', name).where('id', 'in', ids);
        await purge.where('seen_at', '<', oldest).execute();
      }
      return old.length;
    });
    if (purged === PURGED_AT_ONCE) return false;
    this.#purgeAt = now + PURGE_EVERY_MS;
    return true;
  }

  async #try<T>(what: 'read' | 'write', work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#faults[what] = null;
      return result;
    } catch (error) {
      const message = reasonOf(error);
      if (Object.values(this.#faults).every((fault) => fault === null)) this.options.report(message);
      this.#faults[what] = message;
      return undefined;
    }
  }

  #notKept(): EnricherError {
    return new EnricherError(
      'OUTPUT_FAILED',
      `the last known customers cannot be kept: ${this.#faults.write ?? 'unknown why'}`,
    );
  }
}

function keyOf({ name }: StoredProvider, id: string): string {
  return `${name}\n${id}`;
}

/** @throws Error that does not repeat what is in the record */
function parseRecord(text: string): CustomerRecord {
  try {
    return Object.freeze(JSON.parse(text) as CustomerRecord);
  } catch {
    throw new Error('a record is no JSON');
  }
}
