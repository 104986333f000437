import { orAborted } from '../shared/or-aborted.js';

/** What may go on for longer than its first caller waits. */
interface Flight<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  /** How many wait for it; a flight without is cancelled, unless it was sent off for its own sake. */
  waiting: number;
  readonly isRefresh: boolean;
}

/** @param isCurrent false once the answer is out of date although it has not come yet */
export type Call<T> = (signal: AbortSignal, isCurrent: () => boolean) => Promise<T>;

/** One call at a time for each key: who asks meanwhile gets the same answer. A call that nobody waits for any more is cancelled. */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>();

  has(id: string): boolean {
    return this.#flights.has(id);
  }

  /**
   * The answer of the call that is under way for this key, or of a new one.
   *
   * @throws what the call throws, or the signal's reason as soon as it aborts
   */
  async join(id: string, call: Call<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const flight = this.#flights.get(id) ?? this.#launch(id, call, false);
    flight.waiting += 1;
    try {
      return await orAborted(flight.promise, signal);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && !flight.isRefresh) this.#end(id, flight);
    }
  }

  /** Makes the call for its own sake, unless one is under way; what it throws is for the call itself to tell. */
  refresh(id: string, call: Call<T>): void {
    if (!this.#flights.has(id)) this.#launch(id, call, true);
  }

  /** Whoever asks from now on gets a new call; those who wait get the old one's answer. */
  detach(id: string): void {
    this.#flights.delete(id);
  }

  /** Cancels all. */
  close(): void {
    for (const [id, flight] of this.#flights) this.#end(id, flight);
  }

  #launch(id: string, call: Call<T>, isRefresh: boolean): Flight<T> {
    const controller = new AbortController();
    const isCurrent = () => this.#flights.get(id) === flight;
    const flight: Flight<T> = { promise: call(controller.signal, isCurrent), controller, waiting: 0, isRefresh };
    this.#flights.set(id, flight);
    const land = () => {
      if (isCurrent()) this.#flights.delete(id);
    };
    flight.promise.then(land, land);
    return flight;
  }

  #end(id: string, flight: Flight<T>): void {
    if (this.#flights.get(id) === flight) this.#flights.delete(id);
    flight.controller.abort();
  }
}
