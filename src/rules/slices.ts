import { setImmediate } from 'node:timers/promises';

/** Lets the event loop turn whenever it was held long enough: deliveries go on while a thousand rules are read. */
export class Slices {
  static readonly #LONGEST_MS = 8;
  #startedAt = performance.now();

  async turn(): Promise<void> {
    if (performance.now() - this.#startedAt < Slices.#LONGEST_MS) return;
    await setImmediate();
    this.#startedAt = performance.now();
  }
}
