/** Times are milliseconds since the epoch; JSON is text, so that both databases keep it byte for byte. */
export interface Tables {
  decisions: DecisionsTable;
  customers: CustomersTable;
  prefetches: PrefetchesTable;
  rule_sets: RuleSetsTable;
  leases: LeasesTable;
  sends: SendsTable;
}

/** One row a delivery, by mailbox, event and message id. While it is decided, `owner` and `lease_until` say by whom. */
export interface DecisionsTable {
  mailbox: string;
  event: string;
  message_id: string;
  /** Of the decision, for people and cursors: sorts by time. */
  id: string;
  body_hash: string;
  owner: string | null;
  lease_until: number | null;
  decided_at: number;
  /** HTTP status and body, as they were sent; null while open. */
  status: number | null;
  answer: string | null;
  revision: string;
  outcome: string;
  sender_hash: string | null;
  lookup_state: string | null;
  /** Names of the rules that matched, each between line feeds. */
  rules: string;
  record: string;
}

/** Last known customers. */
export interface CustomersTable {
  provider: string;
  mapping: string;
  id: string;
  record: string;
  seen_at: number;
}

export interface PrefetchesTable {
  provider: string;
  mapping: string;
  complete_until: number | null;
  started_at: number | null;
  next: string | null;
  customers: number | null;
}

/** Rules that were accepted, and when that was last. */
export interface RuleSetsTable {
  revision: string;
  files: string;
  accepted_at: number;
}

/** What one replica does for all, until a time. */
export interface LeasesTable {
  name: string;
  owner: string;
  expires_at: number;
}

/** When a rule last sent a message into a conversation, for the guard against storms. */
export interface SendsTable {
  scope: string;
  /** Which delivery it was for. */
  taken_by: string;
  sent_at: number;
}
