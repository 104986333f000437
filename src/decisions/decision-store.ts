/** What makes two deliveries the same. */
export interface DeliveryKey {
  readonly mailbox: string;
  readonly event: string;
  readonly messageId: string;
}

/** What the sender got, to be given again byte for byte. */
export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
  readonly revision: string;
}

/** A decision as it is kept. */
export interface DecisionRow extends DeliveryKey {
  /** Sorts by time. */
  readonly id: string;
  /** SHA-256 of all that is read of the payload. */
  readonly bodyHash: string;
  /** Milliseconds since the epoch. */
  readonly decidedAt: number;
  readonly answer: StoredAnswer;
  readonly outcome: string;
  readonly senderHash: string | null;
  readonly lookupState: string | null;
  /** Names of the rules that matched, shadow rules included. */
  readonly rules: readonly string[];
  /** `DecisionRecord` as JSON. */
  readonly record: string;
}

/** How long a claim keeps others off. */
export interface Lease {
  /** Names the process among all that share the store. */
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export type Claim =
  /** It is ours to decide, until the lease ends. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'done'; readonly bodyHash: string; readonly decidedAt: number; readonly answer: StoredAnswer }
  /** Another replica decides it. */
  | { readonly kind: 'taken'; readonly bodyHash: string };

export interface DecisionQuery {
  readonly senderHash?: string;
  readonly rule?: string;
  readonly outcome?: string;
  readonly mailbox?: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly since?: number;
  /** Exclusive. */
  readonly until?: number;
  /** The id of the last decision of the page before: the next older ones follow, or newer ones with `oldestFirst`. */
  readonly after?: string;
  readonly limit: number;
  readonly oldestFirst?: boolean;
}

/**
 * Deliveries and what was decided of each, once per key. Every method throws when the database does not answer; nothing is retried here.
 */
export abstract class DecisionStore {
  abstract claim(key: DeliveryKey, bodyHash: string, lease: Lease): Promise<Claim>;
  /** Prolongs those of these claims that its owner still has. */
  abstract renew(keys: readonly DeliveryKey[], lease: Lease): Promise<void>;
  /**
   * Keeps a decision; durable when it resolves. An earlier one of the same key and body stays.
   *
   * @returns the answer that counts: the earlier one's, if there is one
   */
  abstract commit(decision: DecisionRow): Promise<StoredAnswer>;
  /** Gives a claim back undecided. */
  abstract release(key: DeliveryKey, owner: string): Promise<void>;
  /** Newest first, unless asked otherwise. */
  abstract list(query: DecisionQuery): Promise<DecisionRow[]>;
  abstract get(id: string): Promise<DecisionRow | null>;
  /** @returns how many were erased */
  abstract eraseSender(senderHash: string): Promise<number>;
  /** Takes away at most `limit` that were decided before a time, the oldest first. @returns how many */
  abstract purge(before: number, limit: number): Promise<number>;
}
