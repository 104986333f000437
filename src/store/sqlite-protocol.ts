/** Ends a statement that need not survive the power: SQLite does not wait for the disk; other databases take it for a comment. */
export const NOT_DURABLE = '/* not durable */';

/** A statement for the thread that holds the database. */
export interface SqliteRequest {
  readonly id: number;
  readonly sql: string;
  /** Whether what it writes must survive the power. */
  readonly isDurable: boolean;
  readonly parameters: readonly (null | number | bigint | string | Uint8Array)[];
}

export type SqliteReply =
  | {
      readonly id: number;
      readonly ok: true;
      readonly rows: readonly Readonly<Record<string, unknown>>[];
      readonly changes: number;
    }
  | { readonly id: number; readonly ok: false; readonly message: string; readonly code: number };

export interface SqliteThreadSetup {
  readonly path: string;
}
