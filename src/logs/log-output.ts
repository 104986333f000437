import { write, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const NOTHING = Buffer.alloc(0);
/** Some 10 s of a busy service. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;
/** When a disk or a pipe is full, or nobody reads. */
const AGAIN_MS = 20;
/** When the process ends, whoever reads has so long to take the rest. */
const LAST_MS = 1_000;

/**
 * Where log lines go. They wait in memory, in order, until they are written: a full disk, and a reader that is gone or does not
 * read, hold nobody up and throw nothing. A line for which there is no room is dropped and counted.
 */
export class LogOutput {
  #dropped = 0;
  #lines: string[] = [];
  #waitingCharacters = 0;
  /** Taken out of the lines: under way, or to be tried again. */
  #chunk: Buffer = NOTHING;
  #isWriting = false;
  #again: NodeJS.Timeout | undefined;

  /** @param fd of a pipe, one that does not block: Node sets that where `process.stdout` was looked at */
  constructor(private readonly fd: number) {}

  /** Lines that nobody will ever see. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#waitingCharacters + line.length > MAX_WAITING_CHARACTERS) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#waitingCharacters += line.length;
    if (!this.#isBusy) this.#writeNext();
  }

  /** Resolves when all is written, or nobody takes it. */
  async flush(): Promise<void> {
    const giveUpAt = performance.now() + LAST_MS;
    while (this.#isBusy && performance.now() < giveUpAt) await pause(AGAIN_MS);
  }

  /** The same where the process ends and nothing is waited for any more. */
  flushSync(): void {
    clearTimeout(this.#again);
    if (this.#isWriting) {
      // A thread has it, and nobody will hear what became of it.
      pauseSync();
      this.#chunk = NOTHING;
    }
    let rest = Buffer.concat([this.#chunk, this.#takeLines()]);
    const giveUpAt = performance.now() + LAST_MS;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(this.fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > giveUpAt) return;
        pauseSync();
      }
    }
  }

  get #isBusy(): boolean {
    return this.#isWriting || this.#again !== undefined;
  }

  #writeNext(): void {
    if (this.#chunk.length === 0) this.#chunk = this.#takeLines();
    if (this.#chunk.length === 0) return;
    this.#isWriting = true;
    write(this.fd, this.#chunk, (error, count) => {
      this.#isWriting = false;
      if (error !== null) this.#tryAgain();
      else {
        this.#chunk = this.#chunk.subarray(count);
        this.#writeNext();
      }
    });
  }

  #tryAgain(): void {
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#writeNext();
    }, AGAIN_MS).unref();
  }

  #takeLines(): Buffer {
    const text = this.#lines.join('');
    this.#lines = [];
    this.#waitingCharacters = 0;
    return Buffer.from(text);
  }
}

function pauseSync(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
}
