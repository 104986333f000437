import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FileWatcherOptions {
  /** How often the fingerprint is taken when no event comes. */
  readonly pollMs?: number;
  /** How long two fingerprints must be equal before a change counts as finished. */
  readonly settleMs?: number;
}

/**
 * Calls back when a file, or anything in a folder, has changed and has stopped changing.
 *
 * Watches and polls: bind mounts from other hosts and the symlink swaps of Kubernetes give no events, and polling alone
 * would make every edit wait. What counts is the fingerprint (paths, sizes, times, inodes), never the event.
 */
export class FileWatcher {
  readonly #pollMs: number;
  readonly #settleMs: number;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastSeen = '';
  #lastReported = '';
  #isChecking = false;
  #isClosed = false;

  constructor(
    private readonly path: string,
    private readonly onChange: () => Promise<void>,
    options: FileWatcherOptions = {},
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

  #schedule(delayMs: number): void {
    if (this.#isClosed || this.#isChecking) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), delayMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    this.#isChecking = true;
    const fingerprint = await fingerprintOf(this.path);
    const isSettled = fingerprint === this.#lastSeen;
    this.#lastSeen = fingerprint;
    const hasChanged = fingerprint !== this.#lastReported;
    if (isSettled && hasChanged && !this.#isClosed) {
      this.#lastReported = fingerprint;
      await this.onChange();
    }
    this.#isChecking = false;
    this.#schedule(hasChanged && !isSettled ? this.#settleMs : this.#pollMs);
  }
}

/** One line per file below the path, or of the file itself; empty when there is nothing. Follows links. */
export async function fingerprintOf(path: string): Promise<string> {
  let entries: string[];
  try {
    entries = await readdir(path, { recursive: true });
  } catch {
    entries = [''];
  }
  const lines = await Promise.all(entries.toSorted().map((entry) => fingerprintOfFile(path, entry)));
  return lines.join('\n');
}

async function fingerprintOfFile(folder: string, entry: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(join(folder, entry), { bigint: true });
    return `${entry} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return `${entry} gone`;
  }
}
