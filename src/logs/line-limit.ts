const MOST_LINES = 10;
const WITHIN_MS = 60_000;

/** Lets ten lines a minute through, and tells at the end of it how many more there were. */
export class LineLimit {
  #told = 0;
  #more = 0;
  #end: NodeJS.Timeout | undefined;

  constructor(private readonly tellMore: (count: number) => void) {}

  tell(line: () => void): void {
    this.#end ??= setTimeout(() => this.close(), WITHIN_MS).unref();
    if (this.#told === MOST_LINES) {
      this.#more++;
      return;
    }
    this.#told++;
    line();
  }

  /** Ends the minute. */
  close(): void {
    clearTimeout(this.#end);
    this.#end = undefined;
    if (this.#more > 0) this.tellMore(this.#more);
    this.#told = 0;
    this.#more = 0;
  }
}
