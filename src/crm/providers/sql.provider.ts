import { resolve } from 'node:path';
import type { JsonValue } from '../../facts/facts.js';
import { didYouMean } from '../../files/did-you-mean.js';
import type { ObjectReader } from '../../files/object-reader.js';
import type { EmailAddress } from '../../shared/email-address.js';
import { EnricherError } from '../../shared/errors.js';
import type { ProviderContext } from '../crm-config.js';
import { type CrmMatch, CrmProvider } from '../crm.provider.js';
import { type FieldMap, mapFields, sourceName } from '../field-map.js';
import { checkQuery } from './sql-query.js';
import { SqliteClient, SqliteError } from './sqlite-client.js';
import type { SqliteResult } from './sqlite-protocol.js';

export interface SqlProviderOptions {
  readonly name: string;
  /** Absolute path of the SQLite file. */
  readonly path: string;
  /** A query with the named parameters `:email`, `:domain`, `:local`. */
  readonly byEmail: string;
  /** A query with `:domain`. */
  readonly byDomain: string | null;
  readonly fields: FieldMap;
}

/** More rows than these are only counted as "at least". */
const MAX_ROWS = 10;

export function readSqlProvider(
  { name, fields, folder, text }: ProviderContext,
  reader: ObjectReader,
): (() => CrmProvider) | undefined {
  reader.require('url', 'a "sql" provider');
  reader.require('byEmail', 'a "sql" provider');
  const url = text(reader, 'url');
  const byEmail = checkQuery(reader, 'byEmail');
  const byDomain = checkQuery(reader, 'byDomain') ?? null;
  if (url === undefined || byEmail === undefined) return undefined;
  if (!url.startsWith('file:')) {
    reader.document.error(reader.get('url')!, 'the database must be a SQLite file for now: "file:./customers.db"');
    return undefined;
  }
  const path = resolve(folder, url.slice('file:'.length));
  return () => new SqlProvider({ name, path, byEmail, byDomain, fields });
}

/** Customers by the operator's own queries. Values are only ever bound, and the database is opened read-only. */
export class SqlProvider extends CrmProvider {
  readonly name: string;
  override readonly findByDomain?: (domain: string, signal: AbortSignal) => Promise<CrmMatch>;
  readonly #client: SqliteClient;

  constructor(private readonly options: SqlProviderOptions) {
    super();
    this.name = options.name;
    const { path, byEmail, byDomain } = options;
    this.#client = new SqliteClient({
      path,
      statements: { byEmail, ...(byDomain === null ? {} : { byDomain }) },
    });
    if (byDomain !== null) this.findByDomain = (domain, signal) => this.#find('byDomain', { domain }, signal);
  }

  override findByEmail({ address, domain, local }: EmailAddress, signal: AbortSignal): Promise<CrmMatch> {
    return this.#find('byEmail', { email: address, domain, local }, signal);
  }

  override async check(signal: AbortSignal): Promise<void> {
    const probe = { email: 'check@enricher.example', domain: 'enricher.example', local: 'check' };
    await this.#find('byEmail', probe, signal);
    if (this.options.byDomain !== null) await this.#find('byDomain', probe, signal);
  }

  override close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  async #find(
    statement: 'byEmail' | 'byDomain',
    parameters: Record<string, string>,
    signal: AbortSignal,
  ): Promise<CrmMatch> {
    const { columns, rows } = await this.#query(statement, parameters, signal);
    this.#checkColumns(statement, columns);
    const [row] = rows;
    if (row === undefined) return { kind: 'not_found' };
    if (rows.length > 1) return { kind: 'ambiguous', count: rows.length };
    const cells = Object.entries(row).map(([column, value]) => [column, toJson(value)] as const);
    return { kind: 'found', record: mapFields(Object.fromEntries(cells), this.options.fields) };
  }

  #checkColumns(statement: string, columns: readonly string[]): void {
    const missing = Object.values(this.options.fields ?? {})
      .map(sourceName)
      .find((column) => !columns.includes(column));
    if (missing === undefined) return;
    const what = `the result has no column "${missing}", which "fields" names${didYouMean(missing, columns)}`;
    throw new EnricherError('CRM_MISCONFIGURED', `${statement}: ${what}`);
  }

  async #query(
    statement: 'byEmail' | 'byDomain',
    parameters: Record<string, string>,
    signal: AbortSignal,
  ): Promise<SqliteResult> {
    try {
      return await this.#client.query(statement, parameters, MAX_ROWS, signal);
    } catch (error) {
      if (!(error instanceof SqliteError)) throw error;
      const code = isPassing(error.code) ? 'CRM_UNAVAILABLE' : 'CRM_MISCONFIGURED';
      throw new EnricherError(code, `${statement}: ${error.message}`, { cause: error });
    }
  }
}

/** @source sqlite.org/rescode.html: 0 the process, 5 BUSY, 6 LOCKED, 7 NOMEM, 9 INTERRUPT, 10 IOERR, 17 SCHEMA; low byte of the extended code */
function isPassing(code: number): boolean {
  return [0, 5, 6, 7, 9, 10, 17].includes(code & 0xff);
}

/** NULL is no value; integers beyond 2^53 become text, so that no digit is lost; blobs have no meaning for rules. */
function toJson(value: unknown): JsonValue | undefined {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  return value === null || value instanceof Uint8Array ? undefined : (value as JsonValue);
}
