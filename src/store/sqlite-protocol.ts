/** A statement for the thread that holds the database. */
export interface SqliteRequest {
  readonly id: number;
  readonly sql: string;
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

/** Why the database was closed, to be opened anew at the next statement: it may be another one then. */
export type SqliteClosing = 'replaced' | 'damaged' | 'ended';

export interface SqliteReplies {
  readonly replies: readonly SqliteReply[];
  /** Null while it is open. */
  readonly closing: SqliteClosing | null;
}

export interface SqliteThreadSetup {
  readonly path: string;
  /** The file is taken as it is, also from a disk that cannot be written. */
  readonly isReadOnly: boolean;
}
