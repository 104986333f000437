import { reasonOf } from '../shared/errors.js';
import type { DecisionStore } from './decision-store.js';
import type { SendStore } from './send-store.js';

const DAY_MS = 86_400_000;
/** As long as the longest window that can be set. */
const MAX_SEND_WINDOW_MS = 7 * DAY_MS;
/** After a start, which has enough to do. */
const FIRST_MS = 60_000;
const EVERY_MS = 10 * 60_000;
const BETWEEN_SLICES_MS = 200;
const SLICE = 500;

export interface RetentionOptions {
  /** How long decisions are kept. */
  readonly days: number;
  /** Hears once why something stays that should be gone, and when all is well again (null). */
  readonly report: (reason: string | null) => void;
}

/** Takes decisions away when they are old enough, a slice at a time, so that nobody who writes waits long. */
export class Retention {
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** What went wrong last; null when it was well. */
  readonly #faults: { sends: string | null; decisions: string | null } = { sends: null, decisions: null };

  constructor(
    private readonly store: DecisionStore,
    private readonly sends: SendStore,
    private readonly options: RetentionOptions,
  ) {}

  start(): void {
    this.#later(FIRST_MS, () => this.#purge());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #purge(): Promise<void> {
    await this.#try('sends', () => this.sends.purgeSends(Date.now() - MAX_SEND_WINDOW_MS));
    await this.#purgeSlice();
  }

  async #purgeSlice(): Promise<void> {
    const before = Date.now() - this.options.days * DAY_MS;
    const purged = await this.#try('decisions', () => this.store.purge(before, SLICE));
    if (purged === SLICE) this.#later(BETWEEN_SLICES_MS, () => this.#purgeSlice());
    else this.#later(EVERY_MS, () => this.#purge());
  }

  #later(delayMs: number, work: () => Promise<void>): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void work(), delayMs).unref();
  }

  async #try(what: 'sends' | 'decisions', work: () => Promise<number>): Promise<number | null> {
    try {
      const purged = await work();
      this.#note(what, null);
      return purged;
    } catch (error) {
      this.#note(what, reasonOf(error));
      return null;
    }
  }

  #note(what: 'sends' | 'decisions', fault: string | null): void {
    const wasWell = this.#isWell;
    this.#faults[what] = fault;
    if (this.#isWell !== wasWell) this.options.report(fault);
  }

  get #isWell(): boolean {
    return Object.values(this.#faults).every((fault) => fault === null);
  }
}
