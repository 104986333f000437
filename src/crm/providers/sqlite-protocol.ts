/** What the client and the process of a database tell each other. */
export interface SqliteSetup {
  readonly path: string;
  /** The operator's SQL by name. */
  readonly statements: Readonly<Record<string, string>>;
}

export interface SqliteQuery {
  readonly id: number;
  readonly statement: string;
  readonly parameters: Record<string, string>;
  readonly maxRows: number;
}

export type SqliteAnswer =
  | { readonly id: number; readonly ok: true; readonly rows: readonly Record<string, unknown>[] }
  /** `code` is SQLite's extended result code, 0 when the error is not SQLite's. */
  | { readonly id: number; readonly ok: false; readonly message: string; readonly code: number };
