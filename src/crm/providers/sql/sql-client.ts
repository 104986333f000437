import type { JsonValue } from '../../../facts/facts.js';

export type StatementName = 'byEmail' | 'byDomain' | 'changed';

/** The operator's SQL by name, with named parameters; what is absent was not written. */
export type SqlStatements = Readonly<Partial<Record<StatementName, string>>>;

/** What the named parameters stand for. A time is given in the form that the database compares with its own. */
export type SqlParameters = Readonly<Record<string, string | number | Date>>;

export interface SqlResult {
  /** All columns of the result, also when it has no row. */
  readonly columns: readonly string[];
  /** Cells as rules see them; one without a value is undefined or absent. */
  readonly rows: readonly Readonly<Record<string, JsonValue | undefined>>[];
}

/** A database that runs the operator's statements and can change nothing. */
export interface SqlClient {
  /**
   * The result of a statement, at most `maxRows` of it.
   *
   * @throws SqlError; the signal's reason when it aborts, and then the database is told to stop
   */
  query(statement: StatementName, parameters: SqlParameters, maxRows: number, signal: AbortSignal): Promise<SqlResult>;

  /** Whoever still waits for an answer gets an error. */
  close(): Promise<void>;
}

/**
 * `refused`: it will be so again until somebody changes something. `unavailable`: it may pass. `unknowable`: the database cannot hold such a
 * value at all, so it has nobody with it.
 */
export type SqlErrorKind = 'refused' | 'unavailable' | 'unknowable';

/** A database refused or failed a statement. The message holds no secret and nothing of a sender or a row. */
export class SqlError extends Error {
  override readonly name = 'SqlError';

  constructor(
    readonly kind: SqlErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function databaseClosed(): SqlError {
  return new SqlError('unavailable', 'the database was closed');
}
