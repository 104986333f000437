import { setImmediate as otherWork } from 'node:timers/promises';

/** How long a piece of work holds the event loop up, about. */
const SLICE_MS = 5;
/** The clock is not read for every item. */
const ITEMS_PER_LOOK = 32;

/** Divides a long piece of work, so that messages in between wait for a slice of it at most. */
export class TimeSlices {
  #endsAt = performance.now() + SLICE_MS;
  #items = 0;

  constructor(private readonly signal: AbortSignal) {}

  /** To be asked after each item: whether the slice is used up, and `pause` is due. */
  isOver(): boolean {
    return ++this.#items % ITEMS_PER_LOOK === 0 && performance.now() > this.#endsAt;
  }

  /** Lets other work go first. @throws the signal's reason when it has aborted */
  async pause(): Promise<void> {
    await otherWork();
    this.signal.throwIfAborted();
    this.#endsAt = performance.now() + SLICE_MS;
  }
}
