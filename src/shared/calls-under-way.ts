/**
 * Calls that can be ended all at once. AbortSignal.any would do it too, but each signal that it makes of one that never aborts, and is
 * listened to, is kept for good: about 1 kB a call (Node 24).
 */
export class CallsUnderWay {
  readonly #cuts = new Set<AbortController>();
  #ended: Error | undefined;

  /** Runs a call that ends with the given signal, or with all others. */
  async run<T>(given: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    given.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended;
    const cut = new AbortController();
    const abort = () => cut.abort(given.reason);
    given.addEventListener('abort', abort, { once: true });
    this.#cuts.add(cut);
    try {
      return await call(cut.signal);
    } finally {
      given.removeEventListener('abort', abort);
      this.#cuts.delete(cut);
    }
  }

  /** Ends all, and those to come. */
  end(reason: Error): void {
    this.#ended = reason;
    for (const cut of this.#cuts) cut.abort(reason);
  }
}
