interface Waiting<In, Out> {
  readonly item: In;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

export interface BatcherOptions<In> {
  readonly maxItems: number;
  /** Two items of one key are never in one batch: a statement may change a row only once. */
  readonly keyOf: (item: In) => string;
}

/**
 * Makes one database call of many: what comes while a call is under way goes with the next, so that a batch is as large as the database is
 * slow. The first of a quiet time goes at once.
 */
export class Batcher<In, Out> {
  #waiting: Waiting<In, Out>[] = [];
  #isRunning = false;

  /** @param run gives one result for each item, in their order */
  constructor(
    private readonly run: (items: readonly In[]) => Promise<readonly Out[]>,
    private readonly options: BatcherOptions<In>,
  ) {}

  add(item: In): Promise<Out> {
    const { promise, resolve, reject } = Promise.withResolvers<Out>();
    this.#waiting.push({ item, resolve, reject });
    if (!this.#isRunning) {
      this.#isRunning = true;
      // What arrives in the same turn of the event loop goes together.
      setImmediate(() => void this.#drain());
    }
    return promise;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        const results = await this.run(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => resolve(results[index] as Out));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isRunning = false;
  }

  #take(): readonly Waiting<In, Out>[] {
    const { maxItems, keyOf } = this.options;
    const batch = new Map<string, Waiting<In, Out>>();
    const repeated: Waiting<In, Out>[] = [];
    let looked = 0;
    for (const waiting of this.#waiting) {
      if (batch.size === maxItems) break;
      looked++;
      const key = keyOf(waiting.item);
      if (batch.has(key)) repeated.push(waiting);
      else batch.set(key, waiting);
    }
    this.#waiting = [...repeated, ...this.#waiting.slice(looked)];
    return [...batch.values()];
  }
}
