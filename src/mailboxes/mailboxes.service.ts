import { type Fault, formatFault } from '../files/fault.js';
import { FileWatcher, type FileWatcherOptions, fingerprintOf } from '../files/file-watcher.js';
import { EnricherError } from '../shared/errors.js';
import type { MailboxCatalogue } from './mailbox-catalogue.js';
import { type MailboxesFile, readMailboxes } from './read-mailboxes.js';

/** What happened to the catalogue, for logs. */
export type MailboxesEvent =
  | { readonly kind: 'loaded'; readonly catalogue: MailboxCatalogue }
  | { readonly kind: 'rejected'; readonly faults: readonly Fault[] }
  /** Looking at the changed file failed in a way that nobody expected; the content stays. */
  | { readonly kind: 'reload_failed'; readonly reason: string };

/** What is in use, for the health page. */
export interface MailboxesStatus {
  readonly mailboxes: number;
  /** The file as it is now, when it is not what is in use. */
  readonly lastRejected: { readonly at: Date; readonly faults: readonly Fault[] } | null;
}

export interface MailboxesServiceOptions extends MailboxesFile {
  readonly report?: (event: MailboxesEvent) => void;
  readonly watching?: FileWatcherOptions;
}

/** Holds the mailbox catalogue and replaces it when the file changes; while the file has a fault, the old content stays. */
export class MailboxesService {
  #catalogue: MailboxCatalogue;
  #lastRejected: MailboxesStatus['lastRejected'] = null;
  readonly #watcher: FileWatcher;

  private constructor(
    private readonly options: MailboxesServiceOptions,
    catalogue: MailboxCatalogue,
  ) {
    this.#catalogue = catalogue;
    this.#watcher = new FileWatcher(options.path, () => this.#reload(), {
      onError: (error) => options.report?.({ kind: 'reload_failed', reason: String(error) }),
      ...options.watching,
    });
  }

  /**
   * Reads the file and watches it.
   *
   * @throws EnricherError `MAILBOXES_INVALID` with every fault
   */
  static async start(options: MailboxesServiceOptions): Promise<MailboxesService> {
    const fingerprint = await fingerprintOf(options.path);
    const catalogue = await requireMailboxes(options);
    const service = new MailboxesService(options, catalogue);
    options.report?.({ kind: 'loaded', catalogue });
    service.#watcher.start(fingerprint);
    return service;
  }

  get current(): MailboxCatalogue {
    return this.#catalogue;
  }

  get status(): MailboxesStatus {
    return { mailboxes: this.#catalogue.mailboxes.length, lastRejected: this.#lastRejected };
  }

  close(): void {
    this.#watcher.close();
  }

  async #reload(): Promise<void> {
    const read = await readMailboxes(this.options);
    if (read.ok) {
      this.#catalogue = read.catalogue;
      this.#lastRejected = null;
      this.options.report?.({ kind: 'loaded', catalogue: read.catalogue });
    } else {
      this.#lastRejected = { at: new Date(), faults: read.faults };
      this.options.report?.({ kind: 'rejected', faults: read.faults });
    }
  }
}

/** @throws EnricherError `MAILBOXES_INVALID` with every fault */
export async function requireMailboxes(file: MailboxesFile): Promise<MailboxCatalogue> {
  const read = await readMailboxes(file);
  if (read.ok) return read.catalogue;
  const list = read.faults.map(formatFault).join('\n');
  throw new EnricherError('MAILBOXES_INVALID', `The mailbox catalogue has ${read.faults.length} fault(s):\n${list}`);
}
