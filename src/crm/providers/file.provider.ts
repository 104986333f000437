import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { CsvError, parseCsv } from '../../files/csv.js';
import { FileWatcher, fingerprintOf } from '../../files/file-watcher.js';
import { JsonDocument, valueOf } from '../../files/json-document.js';
import type { ObjectReader } from '../../files/object-reader.js';
import type { CustomerRecord, JsonValue } from '../../facts/facts.js';
import { asciiDomain, type EmailAddress, parseEmailAddress } from '../../shared/email-address.js';
import { EnricherError } from '../../shared/errors.js';
import type { ProviderConfig, ProviderContext } from '../crm-config.js';
import { type CrmMatch, CrmProvider } from '../crm.provider.js';
import { type FieldMap, mapFields } from '../field-map.js';

/** Which columns hold what records are found by; null when the file has none. */
interface MatchColumns {
  readonly email: string | null;
  readonly domain: string | null;
}

export interface FileProviderOptions {
  readonly name: string;
  readonly path: string;
  readonly fields: FieldMap;
  /** Columns the author named; the defaults `email` and `domain` may be absent from the file, these may not. */
  readonly match: Partial<MatchColumns>;
  readonly pollMs?: number;
}

type Row = Readonly<Record<string, JsonValue | undefined>>;

interface Index {
  readonly byEmail: ReadonlyMap<string, readonly CustomerRecord[]>;
  readonly byDomain: ReadonlyMap<string, readonly CustomerRecord[]>;
}

const DEFAULT_MATCH = { email: 'email', domain: 'domain' } as const;

export function readFileProvider(
  { name, fields, folder, text }: ProviderContext,
  reader: ObjectReader,
): ProviderConfig | undefined {
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
  return { name, fields, create: () => new FileProvider({ name, path, fields, match }) };
}

/**
 * Customers from a CSV file with a header row, or a JSON array of objects, held in memory and read again when the file
 * changes. While a new content has a fault the old one stays, and `check` says so.
 */
export class FileProvider extends CrmProvider {
  readonly name: string;
  #index: Index | undefined;
  #fault: EnricherError | undefined;
  #loading: Promise<void> | undefined;
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

  override outdatedBecause(): string | null {
    return this.#index === undefined ? null : (this.#fault?.message ?? null);
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

  async #ready(): Promise<Index> {
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
    const { path, name } = this.options;
    try {
      this.#index = buildIndex(readRows(path, await readFile(path)), this.options);
      this.#fault = undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = error instanceof CsvError ? `line ${error.line}: ${message}` : (code ?? message);
      this.#fault = new EnricherError('CRM_MISCONFIGURED', `Provider "${name}": cannot use ${path}: ${reason}`, {
        cause: error,
      });
    }
  }
}

function toMatch(records: readonly CustomerRecord[] = []): CrmMatch {
  const [record] = records;
  if (record === undefined) return { kind: 'not_found' };
  return records.length === 1 ? { kind: 'found', record } : { kind: 'ambiguous', count: records.length };
}

function readRows(path: string, bytes: Uint8Array): Row[] {
  if (extname(path).toLowerCase() === '.json') return readJsonRows(path, bytes);
  const [header = [], ...rows] = parseCsv(bytes);
  return rows.map((cells) =>
    Object.fromEntries(cells.flatMap((cell, index) => (cell === '' ? [] : [[header[index]!, cell]]))),
  );
}

function readJsonRows(path: string, bytes: Uint8Array): Row[] {
  const document = new JsonDocument(path, bytes);
  const [fault] = document.faults;
  if (fault !== undefined) throw new Error(`line ${fault.line}, column ${fault.column}: ${fault.message}`);
  const rows: unknown = document.root && valueOf(document.root);
  const isRow = (row: unknown) => typeof row === 'object' && row !== null && !Array.isArray(row);
  if (!Array.isArray(rows) || !rows.every(isRow)) throw new Error('it must be an array of objects');
  return rows as Row[];
}

function buildIndex(rows: readonly Row[], { match, fields }: FileProviderOptions): Index {
  const columns = new Set(rows.flatMap((row) => Object.keys(row)));
  const email = columnFor('email', match, columns);
  const domain = columnFor('domain', match, columns);
  if (email === null && domain === null && rows.length > 0) {
    throw new Error('it has neither an "email" nor a "domain" column; name them in "match"');
  }
  const byEmail = new Map<string, CustomerRecord[]>();
  const byDomain = new Map<string, CustomerRecord[]>();
  for (const row of rows) {
    const record = mapFields(row, fields);
    const address = email === null ? null : parseEmailAddress(String(row[email] ?? ''));
    const domainName = domain === null ? null : asciiDomain(String(row[domain] ?? ''));
    if (address !== null) append(byEmail, address.address, record);
    if (domainName !== null) append(byDomain, domainName, record);
  }
  return { byEmail, byDomain };
}

function columnFor(
  kind: keyof MatchColumns,
  match: Partial<MatchColumns>,
  columns: ReadonlySet<string>,
): string | null {
  const named = match[kind];
  if (named === undefined || named === null) return columns.has(DEFAULT_MATCH[kind]) ? DEFAULT_MATCH[kind] : null;
  if (columns.size > 0 && !columns.has(named)) throw new Error(`it has no column "${named}", which "match" names`);
  return named;
}

function append(map: Map<string, CustomerRecord[]>, key: string, record: CustomerRecord): void {
  const records = map.get(key);
  if (records === undefined) map.set(key, [record]);
  else records.push(record);
}
