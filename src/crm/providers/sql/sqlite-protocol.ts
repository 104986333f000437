/** What the client and the process of a database tell each other. */
export interface SqliteSetup {
  readonly path: string;
  /** The operator's SQL by name. */
  readonly statements: Readonly<Record<string, string>>;
  /** The process that is served; the database's ends with it. */
  readonly parentPid: number;
}

export interface SqliteQuery {
  readonly id: number;
  readonly statement: string;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly maxRows: number;
}

/** Values as SQLite gives them. */
export interface SqliteResult {
  readonly columns: readonly string[];
  readonly rows: readonly Record<string, unknown>[];
}

export type SqliteAnswer =
  | { readonly id: number; readonly ok: true; readonly result: SqliteResult }
  /** `code` is SQLite's extended result code, 0 when the error is not SQLite's. */
  | { readonly id: number; readonly ok: false; readonly message: string; readonly code: number };

/** The first message of the process. */
export type SqliteReady = 'ready';
