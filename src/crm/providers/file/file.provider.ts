import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { CsvError } from '../../../files/csv-error.js';
import { FileWatcher, fingerprintOf } from '../../../files/file-watcher.js';
import type { ObjectReader } from '../../../files/object-reader.js';
import type { EmailAddress } from '../../../shared/email-address.js';
import { EnricherError } from '../../../shared/errors.js';
import { TimeSlices } from '../../../shared/time-slices.js';
import type { ProviderContext } from '../../provider-context.js';
import { type CrmMatch, CrmProvider, type ProviderStanding } from '../../crm.provider.js';
import { ASKING_KEYS, refuseKey } from '../../refuse-key.js';
import { type CustomerColumns, type CustomerIndex, DATABASE_HINT, readCustomers } from './customer-index.js';

export interface FileProviderOptions extends CustomerColumns {
  readonly name: string;
  readonly path: string;
  readonly pollMs?: number;
  /** Larger files are refused, in bytes. */
  readonly maxBytes?: number;
  /** Files with more rows are refused. */
  readonly maxRows?: number;
}

/** All of the file is held, and the new one beside the old while it is read. */
const MAX_BYTES = 2_000_000_000;
const NOT_NEEDED = 'has no effect on a "file" provider: all of the file is in memory, and read again when it changes';

export function readFileProvider(
  { name, fields, folder, text }: ProviderContext,
  reader: ObjectReader,
): (() => CrmProvider) | undefined {
  reader.require('path', 'a "file" provider');
  for (const key of ASKING_KEYS) refuseKey(reader, key, NOT_NEEDED);
  const written = text(reader, 'path');
  const matchReader = reader.object('match');
  matchReader?.allow(['email', 'domain'], '"match"');
  const match = Object.fromEntries((matchReader?.keys ?? []).map((key) => [key, matchReader?.string(key)]));
  if (written === undefined) return undefined;
  if (!['.csv', '.json'].includes(extname(written).toLowerCase())) {
    reader.document.error(
      reader.get('path')!,
      'the file must be .csv (with a header row) or .json (an array of objects)',
    );
    return undefined;
  }
  const path = resolve(folder, written);
  return () => new FileProvider({ name, path, fields, match });
}

/**
 * Customers from a CSV file with a header row, or a JSON array of objects, held in memory and read again when the file
 * changes. While a new content has a fault the old one stays, and `standing` says so.
 */
export class FileProvider extends CrmProvider {
  readonly name: string;
  override readonly isInMemory = true;
  #index: CustomerIndex | undefined;
  #fault: EnricherError | undefined;
  #loading: Promise<void> | undefined;
  #heard: (standing: ProviderStanding) => void = () => undefined;
  readonly #closed = new AbortController();
  readonly #watcher: FileWatcher;

  constructor(private readonly options: FileProviderOptions) {
    super();
    this.name = options.name;
    this.#watcher = new FileWatcher(
      options.path,
      () => this.#load(),
      options.pollMs === undefined ? {} : { pollMs: options.pollMs },
    );
  }

  override standing(): ProviderStanding | null {
    if (this.#fault === undefined) return this.#index === undefined ? null : { state: 'ok', message: this.#index.note };
    return { state: this.#index === undefined ? 'misconfigured' : 'outdated', message: this.#fault.message };
  }

  override onStanding(heard: (standing: ProviderStanding) => void): void {
    this.#heard = heard;
  }

  override async findByEmail(email: EmailAddress): Promise<CrmMatch> {
    return (this.#index ?? (await this.#ready())).findByEmail(email.address);
  }

  override async findByDomain(domain: string): Promise<CrmMatch> {
    return (this.#index ?? (await this.#ready())).findByDomain(domain);
  }

  override async check(): Promise<void> {
    await this.#ready();
    if (this.#fault !== undefined) throw this.#fault;
  }

  override async close(): Promise<void> {
    this.#watcher.close();
    this.#closed.abort(new EnricherError('CRM_UNAVAILABLE', 'the provider was closed'));
    await this.#loading;
  }

  async #ready(): Promise<CustomerIndex> {
    this.#loading ??= this.#start();
    await this.#loading;
    if (this.#index === undefined) throw this.#fault!;
    return this.#index;
  }

  async #start(): Promise<void> {
    const fingerprint = await fingerprintOf(this.options.path);
    await this.#load();
    this.#watcher.start(fingerprint);
  }

  async #load(): Promise<void> {
    const { path } = this.options;
    try {
      this.#index = await this.#read();
      this.#fault = undefined;
    } catch (error) {
      if (this.#closed.signal.aborted) {
        this.#fault = this.#closed.signal.reason as EnricherError;
        return;
      }
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = error instanceof CsvError ? `line ${error.line}: ${message}` : (code ?? message);
      this.#fault = new EnricherError('CRM_MISCONFIGURED', `cannot use ${path}: ${reason}`, { cause: error });
    }
    this.#heard(this.standing()!);
  }

  async #read(): Promise<CustomerIndex> {
    const { path, maxBytes = MAX_BYTES, maxRows } = this.options;
    const { size } = await stat(path);
    if (size > maxBytes) {
      const sizes = `it has ${size.toLocaleString('en')} bytes, more than ${maxBytes.toLocaleString('en')}`;
      throw new Error(`${sizes}; ${DATABASE_HINT}`);
    }
    const { signal } = this.#closed;
    return readCustomers(path, await readFile(path, { signal }), this.options, new TimeSlices(signal), maxRows);
  }
}
