import type { DecisionStore } from './decision-store.js';
import type { SendStore } from './send-store.js';

const DAY_MS = 86_400_000;
/** As long as the longest window that can be set. */
const MAX_SEND_WINDOW_MS = 7 * DAY_MS;
const EVERY_MS = 10 * 60_000;
const BETWEEN_SLICES_MS = 200;
const SLICE = 500;

/** Takes decisions away when they are old enough, a slice at a time, so that nobody who writes waits long. */
export class Retention {
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly store: DecisionStore,
    private readonly sends: SendStore,
    private readonly days: number,
  ) {}

  start(): void {
    this.#later(EVERY_MS);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** @returns whether more is left */
  async purgeSlice(now = Date.now()): Promise<boolean> {
    await this.sends.purgeSends(now - MAX_SEND_WINDOW_MS);
    return (await this.store.purge(now - this.days * DAY_MS, SLICE)) === SLICE;
  }

  #later(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      // A store that does not answer is told of by those who write; the next round is soon enough.
      void this.purgeSlice().then(
        (isMore) => this.#later(isMore ? BETWEEN_SLICES_MS : EVERY_MS),
        () => this.#later(EVERY_MS),
      );
    }, delayMs).unref();
  }
}
