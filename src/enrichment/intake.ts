/** How long deliveries in flight may take once we drain, before their look-ups are cut short. */
const DRAIN_GRACE_MS = 20_000;
/** And how long after that before we stop waiting. The whole must stay below 30 s. */
const CUT_OFF_GRACE_MS = 5_000;

interface Visit {
  readonly bodyBytes: number;
  /** Its answer was handed over, or its sender went away. */
  isOver: boolean;
  /** What works on it. */
  works: number;
}

/** Counts the deliveries in flight, and closes the door when the process is to stop. */
export class Intake {
  /** By what stands for the request. */
  readonly #visits = new Map<object, Visit>();
  #inFlightBytes = 0;
  #isDraining = false;
  readonly #cutOff = new AbortController();
  readonly #idle = Promise.withResolvers<void>();

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get inFlight(): number {
    return this.#visits.size;
  }

  /** What the bodies of those in flight were announced to have. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Aborts when deliveries in flight must be answered with what is known. */
  get cutOff(): AbortSignal {
    return this.#cutOff.signal;
  }

  /** Lets a delivery in, until `leave` is called and nothing works on it any more. Nobody is to come in while it drains. */
  enter(request: object, bodyBytes = 0): void {
    this.#visits.set(request, { bodyBytes, isOver: false, works: 0 });
    this.#inFlightBytes += bodyBytes;
  }

  /** Its answer was handed over, or its sender went away; may be called again. */
  leave(request: object): void {
    const visit = this.#visits.get(request);
    if (visit === undefined) return;
    visit.isOver = true;
    this.#endWhenDone(request, visit);
  }

  /** Works on a delivery, which is in flight meanwhile, also when its sender went away. */
  async during<T>(request: object, work: () => Promise<T>): Promise<T> {
    const visit = this.#visits.get(request) ?? { bodyBytes: 0, isOver: true, works: 0 };
    this.#visits.set(request, visit);
    visit.works++;
    try {
      return await work();
    } finally {
      visit.works--;
      this.#endWhenDone(request, visit);
    }
  }

  /** Refuses new deliveries and resolves when those in flight are done, or the grace is over. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    if (this.inFlight === 0) return;
    const cutOff = setTimeout(() => this.#cutOff.abort(), DRAIN_GRACE_MS);
    const giveUp = setTimeout(() => this.#idle.resolve(), DRAIN_GRACE_MS + CUT_OFF_GRACE_MS);
    try {
      await this.#idle.promise;
    } finally {
      clearTimeout(cutOff);
      clearTimeout(giveUp);
    }
  }

  #endWhenDone(request: object, { isOver, works, bodyBytes }: Visit): void {
    if (!isOver || works > 0) return;
    this.#visits.delete(request);
    this.#inFlightBytes -= bodyBytes;
    if (this.#isDraining && this.inFlight === 0) this.#idle.resolve();
  }
}
