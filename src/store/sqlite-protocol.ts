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

export interface SqliteThreadSetup {
  readonly path: string;
}
