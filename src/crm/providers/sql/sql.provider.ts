import { didYouMean } from '../../../files/did-you-mean.js';
import type { EmailAddress } from '../../../shared/email-address.js';
import { EnricherError } from '../../../shared/errors.js';
import { type CrmMatch, CrmProvider, type CustomerPage } from '../../crm.provider.js';
import { type FieldMap, mapFields, sourceName } from '../../field-map.js';
import { type CustomerMatch, toCustomers } from './sql-changes.js';
import { type SqlClient, SqlError, type SqlParameters, type SqlResult, type StatementName } from './sql-client.js';

export interface SqlProviderOptions {
  readonly name: string;
  readonly fields: FieldMap;
  /** Which queries the client has. */
  readonly statements: ReadonlySet<StatementName>;
  /** Which columns of `changed` hold what customers are found by. */
  readonly match: CustomerMatch;
  readonly client: SqlClient;
}

/** More rows than these are only counted as "at least". */
const MAX_ROWS = 10;
/** Customers that are fetched ahead at once. */
export const PAGE_SIZE = 500;

const PROBE = { email: 'check@enricher.example', domain: 'enricher.example', local: 'check' };

/** Customers by the operator's own queries. Values are only ever bound, and the database is opened read-only. */
export class SqlProvider extends CrmProvider {
  readonly name: string;
  override readonly findByDomain?: NonNullable<CrmProvider['findByDomain']>;
  override readonly changedSince?: NonNullable<CrmProvider['changedSince']>;

  constructor(private readonly options: SqlProviderOptions) {
    super();
    this.name = options.name;
    const { statements } = options;
    if (statements.has('byDomain')) this.findByDomain = (domain, signal) => this.#find('byDomain', { domain }, signal);
    if (statements.has('changed')) this.changedSince = (since, from, signal) => this.#changed(since, from, signal);
  }

  override findByEmail({ address, domain, local }: EmailAddress, signal: AbortSignal): Promise<CrmMatch> {
    return this.#find('byEmail', { email: address, domain, local }, signal);
  }

  override async check(signal: AbortSignal): Promise<void> {
    await this.#find('byEmail', PROBE, signal);
    if (this.findByDomain !== undefined) await this.findByDomain(PROBE.domain, signal);
    if (this.changedSince !== undefined) await this.#page(new Date(), 0, 1, signal);
  }

  override close(): Promise<void> {
    return this.options.client.close();
  }

  async #find(
    statement: 'byEmail' | 'byDomain',
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<CrmMatch> {
    if (!Object.values(parameters).every(isText)) return { kind: 'not_found' };
    const result = await this.#query(statement, parameters, MAX_ROWS, signal);
    if (result === 'unknowable') return { kind: 'not_found' };
    this.#checkColumns(statement, result.columns);
    const [row] = result.rows;
    if (row === undefined) return { kind: 'not_found' };
    if (result.rows.length > 1) return { kind: 'ambiguous', count: result.rows.length };
    return { kind: 'found', record: mapFields(row, this.options.fields) };
  }

  async *#changed(since: Date | null, from: string | null, signal: AbortSignal): AsyncGenerator<CustomerPage> {
    for (let offset: number | null = Number(from ?? 0); offset !== null;) {
      const { columns, rows } = await this.#page(since ?? new Date(0), offset, PAGE_SIZE, signal);
      const { match, fields } = this.options;
      offset = rows.length < PAGE_SIZE ? null : offset + PAGE_SIZE;
      yield { customers: toCustomers({ columns, rows }, match, fields), next: offset === null ? null : String(offset) };
    }
  }

  async #page(since: Date, offset: number, limit: number, signal: AbortSignal): Promise<SqlResult> {
    const page = await this.#query('changed', { since, limit, offset }, limit + 1, signal);
    if (page === 'unknowable') throw misconfigured('changed', 'the database does not take its parameters');
    this.#checkColumns('changed', page.columns);
    const { match } = this.options;
    const wanted = [match.email ?? 'email', match.domain ?? 'domain'];
    if (!wanted.some((column) => page.columns.includes(column)))
      throw misconfigured('changed', `the result has neither a column "${wanted[0]}" nor "${wanted[1]}"`);
    if (page.rows.length > limit)
      throw misconfigured(
        'changed',
        'it gives more rows than :limit; the query must end in LIMIT :limit OFFSET :offset',
      );
    return page;
  }

  #checkColumns(statement: StatementName, columns: readonly string[]): void {
    const { match, fields } = this.options;
    const named = Object.values(fields ?? {}).map((source) => [sourceName(source), 'fields'] as const);
    const matched = (statement === 'changed' ? columnsOf(match) : []).map((column) => [column, 'match'] as const);
    const missing = [...named, ...matched].find(([column]) => !columns.includes(column));
    if (missing === undefined) return;
    const [column, key] = missing;
    throw misconfigured(
      statement,
      `the result has no column "${column}", which "${key}" names${didYouMean(column, columns)}`,
    );
  }

  async #query(
    statement: StatementName,
    parameters: SqlParameters,
    maxRows: number,
    signal: AbortSignal,
  ): Promise<SqlResult | 'unknowable'> {
    try {
      return await this.options.client.query(statement, parameters, maxRows, signal);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      if (error.kind === 'unknowable') return 'unknowable';
      const code = error.kind === 'unavailable' ? 'CRM_UNAVAILABLE' : 'CRM_MISCONFIGURED';
      throw new EnricherError(code, `${statement}: ${error.message}`, { cause: error });
    }
  }
}

function columnsOf({ email, domain }: CustomerMatch): string[] {
  return [email, domain].filter((column) => column !== undefined);
}

/** Whether every database could hold it: PostgreSQL refuses U+0000, and half a character would be sent as another. */
function isText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

function misconfigured(statement: StatementName, what: string): EnricherError {
  return new EnricherError('CRM_MISCONFIGURED', `${statement}: ${what}`);
}
