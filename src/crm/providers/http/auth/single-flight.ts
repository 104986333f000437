/** One call for all who ask while it is under way. It is cut off when nobody waits for it any more. */
export class SingleFlight<T> {
  #flight: { readonly result: Promise<T>; readonly stop: AbortController; waiting: number } | undefined;

  /** @param limit how long the call may take, and what it then fails with */
  constructor(
    private readonly call: (signal: AbortSignal) => Promise<T>,
    private readonly limit: { readonly ms: number; readonly error: () => Error },
  ) {}

  /** @throws the signal's reason when it aborts, whatever becomes of the call */
  async run(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const flight = (this.#flight ??= this.#start());
    flight.waiting++;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([flight.result, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
      if (--flight.waiting === 0) this.#end(flight);
    }
  }

  #start() {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(this.limit.error()), this.limit.ms);
    const flight = { result: this.call(stop.signal), stop, waiting: 0 };
    const end = () => {
      clearTimeout(timer);
      this.#end(flight);
    };
    flight.result.then(end, end);
    return flight;
  }

  /** Who asks from now on starts anew. */
  #end(flight: object & { readonly stop: AbortController }): void {
    if (this.#flight === flight) this.#flight = undefined;
    flight.stop.abort();
  }
}
