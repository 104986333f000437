import { type FSWatcher, watch } from 'node:fs';
import { listFiles } from './list-files.js';

export interface FileWatcherOptions {
  /** How often the fingerprint is taken when no event comes. */
  readonly pollMs?: number;
  /** How long two fingerprints must be equal before a change counts as finished. */
  readonly settleMs?: number;
  /** Which files below a folder count, by path relative to it. Default: all but hidden ones. */
  readonly counts?: (path: string) => boolean;
  /** Told what the callback threw, which nobody expected; watching goes on. Default: nobody is. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Calls back when a file, or a file that counts in a folder, has changed and has stopped changing.
 *
 * Watches and polls: bind mounts from other hosts and the symlink swaps of Kubernetes give no events, and polling alone
 * would make every edit wait. What counts is the fingerprint (paths, sizes, times, inodes), never the event.
 */
export class FileWatcher {
  readonly #pollMs: number;
  readonly #settleMs: number;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #lastSeen = '';
  #lastReported = '';
  #isChecking = false;
  #isClosed = false;

  constructor(
    private readonly path: string,
    private readonly onChange: () => Promise<void>,
    private readonly options: FileWatcherOptions = {},
  ) {
    this.#pollMs = options.pollMs ?? 1000;
    this.#settleMs = options.settleMs ?? 100;
  }

  /**
   * Starts watching.
   *
   * @param fingerprint of what the caller has loaded, taken before it read (see `fingerprintOf`), so that an edit made
   *   while it loaded is seen
   */
  start(fingerprint: string): void {
    // Whoever closes while the fingerprint is still being taken is not left with a watcher.
    if (this.#isClosed) return;
    this.#lastReported = fingerprint;
    this.#lastSeen = fingerprint;
    try {
      this.#watcher = watch(this.path, { recursive: true, persistent: false }, () => this.#schedule(this.#settleMs));
      // A watcher that fails (inotify limits, unmounted folder) costs speed only: polling goes on.
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
    this.#schedule(this.#pollMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
  }

  /** Plans a check, never later than one that is planned: a file that changes all the time must not put it off for ever. */
  #schedule(delayMs: number): void {
    const dueAt = performance.now() + delayMs;
    if (this.#isClosed || this.#isChecking || dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => void this.#check(), delayMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    this.#isChecking = true;
    let nextMs = this.#pollMs;
    try {
      const fingerprint = await fingerprintOf(this.path, this.options.counts);
      const isSettled = fingerprint === this.#lastSeen;
      this.#lastSeen = fingerprint;
      if (fingerprint !== this.#lastReported && !this.#isClosed) {
        if (isSettled) {
          this.#lastReported = fingerprint;
          await this.onChange();
        } else nextMs = this.#settleMs;
      }
    } catch (error) {
      this.options.onError?.(error);
    } finally {
      this.#isChecking = false;
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#schedule(nextMs);
    }
  }
}

/** One line per file that counts below the path, or of the file itself; empty when there is nothing. */
export async function fingerprintOf(path: string, counts: (path: string) => boolean = () => true): Promise<string> {
  const files = await listFiles(path);
  return files
    .filter((file) => file.path === '' || counts(file.path))
    .map((file) => `${file.path} ${file.stamp}`)
    .join('\n');
}
