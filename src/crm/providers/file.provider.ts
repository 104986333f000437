import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { CsvError } from '../../files/csv.js';
import { FileWatcher, fingerprintOf } from '../../files/file-watcher.js';
import type { ObjectReader } from '../../files/object-reader.js';
import type { CustomerRecord } from '../../facts/facts.js';
import type { EmailAddress } from '../../shared/email-address.js';
import { EnricherError } from '../../shared/errors.js';
import type { ProviderContext } from '../crm-config.js';
import { type CrmMatch, CrmProvider, type ProviderStanding } from '../crm.provider.js';
import { type CustomerColumns, type CustomerIndex, readCustomers } from './customer-index.js';

export interface FileProviderOptions extends CustomerColumns {
  readonly name: string;
  readonly path: string;
  readonly pollMs?: number;
}

export function readFileProvider(
  { name, fields, folder, text }: ProviderContext,
  reader: ObjectReader,
): (() => CrmProvider) | undefined {
  reader.require('path', 'a "file" provider');
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
  #index: CustomerIndex | undefined;
  #fault: EnricherError | undefined;
  #loading: Promise<void> | undefined;
  #heard: (standing: ProviderStanding) => void = () => undefined;
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
    return toMatch((await this.#ready()).byEmail.get(email.address));
  }

  override async findByDomain(domain: string): Promise<CrmMatch> {
    return toMatch((await this.#ready()).byDomain.get(domain));
  }

  override async check(): Promise<void> {
    await this.#ready();
    if (this.#fault !== undefined) throw this.#fault;
  }

  override async close(): Promise<void> {
    this.#watcher.close();
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
      this.#index = readCustomers(path, await readFile(path), this.options);
      this.#fault = undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = error instanceof CsvError ? `line ${error.line}: ${message}` : (code ?? message);
      this.#fault = new EnricherError('CRM_MISCONFIGURED', `cannot use ${path}: ${reason}`, { cause: error });
    }
    this.#heard(this.standing()!);
  }
}

function toMatch(records: readonly CustomerRecord[] = []): CrmMatch {
  const [record] = records;
  if (record === undefined) return { kind: 'not_found' };
  return records.length === 1 ? { kind: 'found', record } : { kind: 'ambiguous', count: records.length };
}
