/** How long deliveries in flight may take once we drain, before their look-ups are cut short. */
const DRAIN_GRACE_MS = 20_000;
/** And how long after that before we stop waiting. The whole must stay below 30 s. */
const CUT_OFF_GRACE_MS = 5_000;

/** Counts the deliveries in flight, and closes the door when the process is to stop. */
export class Intake {
  #inFlight = 0;
  #inFlightBytes = 0;
  #isDraining = false;
  readonly #cutOff = new AbortController();
  readonly #idle = Promise.withResolvers<void>();

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** What the bodies of those in flight were announced to have. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Aborts when deliveries in flight must be answered with what is known. */
  get cutOff(): AbortSignal {
    return this.#cutOff.signal;
  }

  /** Lets a delivery in; the returned function must be called once, when it was answered. Null when draining. */
  enter(bodyBytes = 0): (() => void) | null {
    if (this.#isDraining) return null;
    this.#inFlight++;
    this.#inFlightBytes += bodyBytes;
    return () => {
      this.#inFlight--;
      this.#inFlightBytes -= bodyBytes;
      if (this.#isDraining && this.#inFlight === 0) this.#idle.resolve();
    };
  }

  /** Refuses new deliveries and resolves when those in flight are answered, or the grace is over. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#inFlight === 0) return;
    const cutOff = setTimeout(() => this.#cutOff.abort(), DRAIN_GRACE_MS);
    const giveUp = setTimeout(() => this.#idle.resolve(), DRAIN_GRACE_MS + CUT_OFF_GRACE_MS);
    try {
      await this.#idle.promise;
    } finally {
      clearTimeout(cutOff);
      clearTimeout(giveUp);
    }
  }
}
