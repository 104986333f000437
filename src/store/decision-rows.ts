import { hash, randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Claim, DecisionRow, DeliveryKey, Lease, StoredAnswer } from '../decisions/decision-store.js';
import type { DecisionsTable } from './tables.js';

export interface ClaimRequest extends Lease {
  readonly key: DeliveryKey;
  readonly bodyHash: string;
}

export type Row = Selectable<DecisionsTable>;
export type Key = Pick<Row, (typeof KEY)[number]>;
/** What a delivery that comes again needs of it. */
export type Known = Pick<Row, (typeof KNOWN)[number]>;

export const KEY = ['mailbox', 'event', 'message_id'] as const;
export const KNOWN = [...KEY, 'body_hash', 'decided_at', 'status', 'answer', 'revision'] as const;
const MAX_KEY_PART_BYTES = 800;
export const COLUMNS = [
  ...KEY,
  ...(['id', 'body_hash', 'owner', 'lease_until', 'decided_at', 'status', 'answer', 'revision'] as const),
  ...(['outcome', 'sender_hash', 'lookup_state', 'rules', 'record'] as const),
] as const;

export function openRow({ key, bodyHash, owner, until }: ClaimRequest, now: number): Row {
  return {
    ...toColumns(key),
    // Of this claim alone: two of one key at the same moment must meet at the key, which an index of its own would not let them.
    id: `open:${randomUUID()}`,
    body_hash: bodyHash,
    owner,
    lease_until: until,
    decided_at: now,
    status: null,
    answer: null,
    revision: '',
    outcome: '',
    sender_hash: null,
    lookup_state: null,
    rules: '',
    record: '',
  };
}

export function toRow(decision: DecisionRow): Row {
  const { id, bodyHash, decidedAt, answer, outcome, senderHash, lookupState, rules, record } = decision;
  return {
    ...toColumns(decision),
    id,
    body_hash: bodyHash,
    owner: null,
    lease_until: null,
    decided_at: decidedAt,
    status: answer.status,
    answer: answer.body,
    revision: answer.revision,
    outcome,
    sender_hash: senderHash,
    lookup_state: lookupState,
    rules: rules.length === 0 ? '' : `\n${rules.map(storable).join('\n')}\n`,
    record,
  };
}

export function toDecision(row: Row): DecisionRow {
  return {
    mailbox: row.mailbox,
    event: row.event,
    messageId: row.message_id,
    id: row.id,
    bodyHash: row.body_hash,
    decidedAt: row.decided_at,
    answer: answerOf(row),
    outcome: row.outcome,
    senderHash: row.sender_hash,
    lookupState: row.lookup_state,
    rules: row.rules.split('\n').filter((name) => name !== ''),
    record: row.record,
  };
}

export function claimOf(row: Known): Claim {
  const { body_hash: bodyHash, decided_at: decidedAt, status } = row;
  if (status === null) return { kind: 'taken', bodyHash };
  return { kind: 'done', bodyHash, decidedAt, answer: answerOf(row) };
}

export function answerOf({ status, answer, revision }: Pick<Row, 'status' | 'answer' | 'revision'>): StoredAnswer {
  return { status: status ?? 200, body: answer ?? '', revision };
}

export function toColumns({ mailbox, event, messageId }: DeliveryKey) {
  return { mailbox: keyPart(mailbox), event: keyPart(event), message_id: keyPart(messageId) };
}

/** PostgreSQL takes no row of an index above 2,704 bytes: a longer part stands for itself by its hash. */
function keyPart(text: string): string {
  const part = storable(text);
  if (part.length <= MAX_KEY_PART_BYTES / 3 || Buffer.byteLength(part) <= MAX_KEY_PART_BYTES) return part;
  return `sha256:${hash('sha256', part, 'base64url')}`;
}

/** PostgreSQL holds no NUL in text, and UTF-8 no half of a surrogate pair. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** Two of the same are one delivery. */
export function keyOf(delivery: DeliveryKey): string {
  return rowKeyOf(toColumns(delivery));
}

export function rowKeyOf({ mailbox, event, message_id: messageId }: Key): string {
  // None of the three holds a NUL.
  return `${mailbox}\0${event}\0${messageId}`;
}
