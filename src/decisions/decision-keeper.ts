import { LRUCache } from 'lru-cache';
import { reasonOf } from '../shared/errors.js';
import { within } from '../shared/within.js';
import type { Claim, DecisionRow, DecisionStore, DeliveryKey, Lease, StoredAnswer } from './decision-store.js';

export interface KeeperOptions {
  /** Longest wait for the database where no answer waits for it, in milliseconds; after that it counts as down. */
  readonly timeoutMs: number;
  /** When one that refuses is asked again, in milliseconds: a database that is restarted does so for a moment. */
  readonly askAgainMs: number;
  /** How often a database that is down is tried again, in milliseconds. */
  readonly tryAgainMs: number;
  /** Most decisions that wait in memory for a database that is down. */
  readonly maxBuffered: number;
  /** And most characters of them. */
  readonly maxBufferedCharacters: number;
  /** Hears when the database goes down, with why, and when it is back (null). */
  readonly report: (reason: string | null) => void;
  /** Hears of decisions that were answered and will never be written, when the process ends. */
  readonly lost: (decisions: number) => void;
}

export const DEFAULT_KEEPER_OPTIONS: KeeperOptions = {
  timeoutMs: 1_000,
  askAgainMs: 100,
  tryAgainMs: 1_000,
  maxBuffered: 10_000,
  maxBufferedCharacters: 67_108_864,
  report: () => undefined,
  lost: () => undefined,
};

const WRITTEN_AT_ONCE = 200;
/** A slow line must be through with them in time. */
const CHARACTERS_WRITTEN_AT_ONCE = 500_000;
/** What a process claimed that died is free after this; one that lives renews its claims in time. */
const LEASE_MS = 3_000;
const RENEW_MS = 1_000;
const MAX_REMEMBERED = 10_000;
const MAX_REMEMBERED_CHARACTERS = 16_777_216;

type Done = Extract<Claim, { kind: 'done' }>;

export interface KeeperStatus {
  readonly state: 'ok' | 'down';
  /** Why it is down; null when it is not. */
  readonly reason: string | null;
  /** Decisions that wait to be written. */
  readonly buffered: number;
  /** Decisions that were answered and will never be written. */
  readonly dropped: number;
}

/**
 * Keeps decisions before they are answered, as long as the database answers in time. While it does not, messages are answered all the same:
 * decisions wait in memory, the oldest give way when there are too many (and are counted), and all are written when it is back.
 */
export class DecisionKeeper {
  /** By key: a later one of the same delivery replaces the earlier. */
  readonly #buffer = new Map<string, DecisionRow>();
  /** What was answered lately: while the database does not say, a delivery that comes again gets the same all the same. */
  readonly #remembered = new LRUCache<string, Done>({
    max: MAX_REMEMBERED,
    maxSize: MAX_REMEMBERED_CHARACTERS,
    sizeCalculation: ({ answer }, id) => answer.body.length + id.length,
  });
  /** What we have claimed and not decided yet, by key. */
  readonly #claims = new Map<string, DeliveryKey>();
  #renewal: NodeJS.Timeout | undefined;
  #reason: string | null = null;
  #bufferedCharacters = 0;
  #dropped = 0;
  /** Ends with the last try, which may be long after nobody waits for it any more. */
  #trying: Promise<unknown> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param owner names this process among all that share the database */
  constructor(
    private readonly store: DecisionStore,
    private readonly owner: string,
    private readonly options: KeeperOptions = DEFAULT_KEEPER_OPTIONS,
  ) {}

  get status(): KeeperStatus {
    const reason = this.#reason;
    return { state: reason === null ? 'ok' : 'down', reason, buffered: this.#buffer.size, dropped: this.#dropped };
  }

  /**
   * A claim is ours until the decision is kept or the claim given back. Null when the database does not answer and the delivery is not
   * remembered: then nobody can be asked, and it is ours.
   *
   * @param patienceMs longest wait for the database; after that it counts as down
   */
  async claim(key: DeliveryKey, bodyHash: string, patienceMs: number): Promise<Claim | null> {
    const id = idOf(key);
    const waiting = this.#buffer.get(id);
    if (waiting !== undefined) return doneOf(waiting, waiting.answer);
    if (this.#reason !== null) return this.#remembered.get(id) ?? null;
    try {
      const claim = await this.#insist(patienceMs, () => this.store.claim(key, bodyHash, this.#lease()));
      if (claim.kind === 'done') this.#remembered.set(id, claim);
      if (claim.kind === 'claimed') this.#hold(id, key);
      return claim;
    } catch {
      return this.#remembered.get(id) ?? null;
    }
  }

  /**
   * Resolves when the decision is durable, or waits in memory because the database is down; gives the answer that counts.
   *
   * @param patienceMs longest wait for the database; after that it counts as down
   */
  async keep(decision: DecisionRow, patienceMs: number): Promise<StoredAnswer> {
    const id = idOf(decision);
    try {
      if (this.#reason === null) {
        const kept = await this.#insist(patienceMs, () => this.store.commit(decision));
        this.#remembered.set(id, doneOf(decision, kept));
        return kept;
      }
    } catch {
      // Whether it was written is not known; writing it again changes nothing.
    } finally {
      this.#claims.delete(id);
    }
    this.#wait(id, decision);
    this.#remembered.set(id, doneOf(decision, decision.answer));
    return decision.answer;
  }

  /** Gives an undecided delivery back; a lease that cannot be given back ends by itself, as one that cannot be renewed does. */
  async release(key: DeliveryKey): Promise<void> {
    this.#claims.delete(idOf(key));
    if (this.#reason !== null) return;
    await within(this.options.timeoutMs, () => this.store.release(key, this.owner)).catch(() => undefined);
  }

  /** Finds out how the database is before the first message has to. */
  async probe(): Promise<void> {
    await this.#insist(this.options.timeoutMs, () => this.store.get('')).catch(() => undefined);
  }

  /** Writes what still waits, if the database lets it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#renewal);
    if (this.#buffer.size === 0) return;
    // One try at a time: the one under way may be of a database that was still down.
    await within(this.options.timeoutMs, async () => this.#trying).catch(() => undefined);
    await this.#writeBuffer();
    if (this.#buffer.size === 0) return;
    this.#dropped += this.#buffer.size;
    this.options.lost(this.#buffer.size);
  }

  #lease(): Lease {
    return { owner: this.owner, until: Date.now() + LEASE_MS };
  }

  #hold(id: string, key: DeliveryKey): void {
    this.#claims.set(id, key);
    this.#renewal ??= setInterval(() => void this.#renew(), RENEW_MS).unref();
  }

  /** Fails without a word: a lease that ends costs a second look-up, and whether the database is down those find out who wait for it. */
  async #renew(): Promise<void> {
    if (this.#claims.size === 0 || this.#reason !== null) return;
    const renewal = () => this.store.renew([...this.#claims.values()], this.#lease());
    await within(this.options.timeoutMs, renewal).catch(() => undefined);
  }

  #wait(id: string, decision: DecisionRow): void {
    const { maxBuffered, maxBufferedCharacters } = this.options;
    this.#unbuffer(id);
    this.#buffer.set(id, decision);
    this.#bufferedCharacters += sizeOf(decision);
    for (const oldest of this.#buffer.keys()) {
      if (this.#buffer.size <= maxBuffered && this.#bufferedCharacters <= maxBufferedCharacters) break;
      this.#unbuffer(oldest);
      this.#dropped += 1;
    }
    this.#tryLater();
  }

  #unbuffer(id: string): void {
    const decision = this.#buffer.get(id);
    if (decision !== undefined) this.#bufferedCharacters -= sizeOf(decision);
    this.#buffer.delete(id);
  }

  #tryLater(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#writeBuffer();
    }, this.options.tryAgainMs).unref();
  }

  /** Writes what waits, or asks whether the database is back when nothing does. */
  async #writeBuffer(): Promise<void> {
    try {
      if (this.#buffer.size === 0) await this.#within(() => this.#attempt(() => this.store.get('')));
      while (this.#buffer.size > 0) await this.#within(() => this.#attempt(() => this.#write(this.#nextOfBuffer())));
    } catch {
      this.#tryLater();
    }
  }

  #nextOfBuffer(): DecisionRow[] {
    const next: DecisionRow[] = [];
    let characters = 0;
    for (const decision of this.#buffer.values()) {
      characters += sizeOf(decision);
      if (next.length > 0 && characters > CHARACTERS_WRITTEN_AT_ONCE) break;
      if (next.push(decision) === WRITTEN_AT_ONCE) break;
    }
    return next;
  }

  /** What was written late, when nobody waited any more, was written all the same. */
  async #write(decisions: readonly DecisionRow[]): Promise<void> {
    const kept = await Promise.all(decisions.map((decision) => this.store.commit(decision)));
    for (const [index, decision] of decisions.entries()) {
      const id = idOf(decision);
      if (this.#buffer.get(id) !== decision) continue;
      this.#unbuffer(id);
      this.#remembered.set(id, doneOf(decision, kept[index] ?? decision.answer));
    }
  }

  /** One try at a time: a silent database must not be given the same again and again. */
  #attempt<T>(work: () => Promise<T>): Promise<T> {
    if (this.#trying !== undefined) return Promise.reject(new Error('it has not answered yet'));
    const attempt = work();
    const isOver = () => {
      this.#trying = undefined;
    };
    this.#trying = attempt.then(isOver, isOver);
    return attempt;
  }

  /** Asks a database that refuses again, until its time is over. */
  #insist<T>(patienceMs: number, work: () => Promise<T>): Promise<T> {
    const { askAgainMs } = this.options;
    const endsAt = performance.now() + patienceMs - askAgainMs;
    const ask = async (): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (performance.now() >= endsAt) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, askAgainMs));
      return ask();
    };
    return this.#within(ask, patienceMs);
  }

  async #within<T>(work: () => Promise<T>, timeoutMs = this.options.timeoutMs): Promise<T> {
    try {
      const result = await within(timeoutMs, work);
      this.#heard(null);
      return result;
    } catch (error) {
      this.#heard(reasonOf(error));
      throw error;
    }
  }

  #heard(reason: string | null): void {
    const hasChanged = (this.#reason === null) !== (reason === null);
    this.#reason = reason;
    if (hasChanged) this.options.report(reason);
    if (reason !== null) this.#tryLater();
  }
}

function sizeOf({ record, answer }: DecisionRow): number {
  return record.length + answer.body.length;
}

function doneOf({ bodyHash, decidedAt }: DecisionRow, answer: StoredAnswer): Done {
  return { kind: 'done', bodyHash, decidedAt, answer };
}

function idOf({ mailbox, event, messageId }: DeliveryKey): string {
  return JSON.stringify([mailbox, event, messageId]);
}
