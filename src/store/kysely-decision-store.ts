import { hash, randomUUID } from 'node:crypto';
import { type ExpressionBuilder, type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import {
  type Claim,
  type DecisionQuery,
  type DecisionRow,
  DecisionStore,
  type DeliveryKey,
  type StoredAnswer,
} from '../decisions/decision-store.js';
import { BatchInsert } from './batch-insert.js';
import { Batcher } from './batcher.js';
import { NOT_DURABLE } from './sqlite-protocol.js';
import type { Store } from './store.js';
import type { DecisionsTable, Tables } from './tables.js';

type Row = Selectable<DecisionsTable>;

interface ClaimRequest {
  readonly key: DeliveryKey;
  readonly bodyHash: string;
  readonly owner: string;
  readonly until: number;
}

/** PostgreSQL takes 65,535 parameters a statement. */
const MAX_BATCH = 500;
const KEY = ['mailbox', 'event', 'message_id'] as const;
const MAX_KEY_PART_BYTES = 800;
const COLUMNS = [
  ...KEY,
  ...(['id', 'body_hash', 'owner', 'lease_until', 'decided_at', 'status', 'answer', 'revision'] as const),
  ...(['outcome', 'sender_hash', 'lookup_state', 'rules', 'record'] as const),
] as const;

/** Decisions in SQLite or PostgreSQL. Claims and commits of many deliveries travel in one statement each (group commit). */
export class KyselyDecisionStore extends DecisionStore {
  readonly #claims: Batcher<ClaimRequest, Claim>;
  readonly #commits: Batcher<DecisionRow, StoredAnswer>;
  readonly #insertClaims = new BatchInsert<Row, Pick<Row, 'id'>>(COLUMNS, insertClaims);
  readonly #insertDecisions = new BatchInsert<Row, Pick<Row, 'id'>>(COLUMNS, insertDecisions);

  constructor(private readonly store: Pick<Store, 'ready'>) {
    super();
    this.#claims = new Batcher((requests) => this.#claimAll(requests), MAX_BATCH);
    this.#commits = new Batcher((decisions) => this.#commitAll(decisions), MAX_BATCH);
  }

  override claim(
    key: DeliveryKey,
    bodyHash: string,
    { owner, until }: { owner: string; until: number },
  ): Promise<Claim> {
    return this.#claims.add({ key, bodyHash, owner, until });
  }

  override commit(decision: DecisionRow): Promise<StoredAnswer> {
    return this.#commits.add(decision);
  }

  override async release(key: DeliveryKey, owner: string): Promise<void> {
    const db = await this.store.ready();
    await db
      .deleteFrom('decisions')
      .where((where) => where.and({ ...toColumns(key), owner }))
      .where('status', 'is', null)
      .execute();
  }

  override async releaseAll(): Promise<number> {
    const db = await this.store.ready();
    const { numDeletedRows } = await db.deleteFrom('decisions').where('status', 'is', null).executeTakeFirst();
    return Number(numDeletedRows);
  }

  override async list(query: DecisionQuery): Promise<DecisionRow[]> {
    const { senderHash, rule, outcome, mailbox, since, until, after, limit, oldestFirst = false } = query;
    const db = await this.store.ready();
    let select = db
      .selectFrom('decisions')
      .selectAll()
      .where('status', 'is not', null)
      .orderBy('id', oldestFirst ? 'asc' : 'desc')
      .limit(limit);
    if (senderHash !== undefined) select = select.where('sender_hash', '=', senderHash);
    if (outcome !== undefined) select = select.where('outcome', '=', outcome);
    if (mailbox !== undefined) select = select.where('mailbox', '=', mailbox);
    if (rule !== undefined) select = select.where(sql<boolean>`${sql.ref('rules')} like ${likeRule(rule)} escape '\\'`);
    if (since !== undefined) select = select.where('decided_at', '>=', since);
    if (until !== undefined) select = select.where('decided_at', '<', until);
    if (after !== undefined) select = select.where('id', oldestFirst ? '>' : '<', after);
    return (await select.execute()).map(toDecision);
  }

  override async get(id: string): Promise<DecisionRow | null> {
    const db = await this.store.ready();
    const row = await db
      .selectFrom('decisions')
      .selectAll()
      .where('id', '=', id)
      .where('status', 'is not', null)
      .executeTakeFirst();
    return row === undefined ? null : toDecision(row);
  }

  override async eraseSender(senderHash: string): Promise<number> {
    const db = await this.store.ready();
    const { numDeletedRows } = await db
      .deleteFrom('decisions')
      .where('sender_hash', '=', senderHash)
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  override async purge(before: number, limit: number): Promise<number> {
    const db = await this.store.ready();
    const old = await db
      .selectFrom('decisions')
      .select('id')
      .where('decided_at', '<', before)
      .orderBy('decided_at')
      .limit(limit)
      .execute();
    if (old.length === 0) return 0;
    const ids = old.map(({ id }) => id);
    const { numDeletedRows } = await db.deleteFrom('decisions').where('id', 'in', ids).executeTakeFirst();
    return Number(numDeletedRows);
  }

  async #claimAll(requests: readonly ClaimRequest[]): Promise<Claim[]> {
    const now = Date.now();
    const db = await this.store.ready();
    const rows = requests.map((request) => openRow(request, now));
    const claimed = new Set((await this.#insertClaims.run(db, inKeyOrder(rows), now)).map(({ id }) => id));
    const isOurs = (index: number) => claimed.has(rows[index]?.id ?? '');
    if (claimed.size === rows.length) return requests.map(() => ({ kind: 'claimed' }));
    const others = requests.filter((_, index) => !isOurs(index));
    const found = new Map((await this.#readAll(others.map(({ key }) => key))).map((row) => [keyOf(row), row]));
    return requests.map(({ key }, index): Claim => {
      if (isOurs(index)) return { kind: 'claimed' };
      const row = found.get(keyOf(toColumns(key)));
      // Released between the two statements: the next try will have it.
      if (row === undefined) return { kind: 'taken', bodyHash: '', leaseUntil: now };
      const { body_hash: bodyHash, decided_at: decidedAt } = row;
      return row.status === null
        ? { kind: 'taken', bodyHash, leaseUntil: row.lease_until ?? now }
        : { kind: 'done', bodyHash, decidedAt, answer: answerOf(row) };
    });
  }

  async #commitAll(decisions: readonly DecisionRow[]): Promise<StoredAnswer[]> {
    const db = await this.store.ready();
    const kept = new Set((await this.#insertDecisions.run(db, inKeyOrder(decisions.map(toRow)))).map(({ id }) => id));
    const lost = decisions.filter(({ id }) => !kept.has(id));
    const earlier = new Map((await this.#readAll(lost)).map((row) => [keyOf(row), row]));
    return decisions.map((decision) => {
      const row = earlier.get(keyOf(toColumns(decision)));
      return row === undefined ? decision.answer : answerOf(row);
    });
  }

  async #readAll(keys: readonly DeliveryKey[]) {
    if (keys.length === 0) return [];
    const db = await this.store.ready();
    return db
      .selectFrom('decisions')
      .select([...KEY, 'body_hash', 'decided_at', 'lease_until', 'status', 'answer', 'revision'])
      .where((where) => where.or(keys.map((key) => where.and(toColumns(key)))))
      .execute();
  }
}

/** Whoever inserts first, or finds a lease that has ended, has it. A claim that goes with the power leaves nothing undone. */
function insertClaims(db: Kysely<Tables>, rows: readonly Row[], now = 0) {
  return db
    .insertInto('decisions')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns([...KEY])
        .doUpdateSet(excluded('id', 'owner', 'lease_until', 'body_hash', 'decided_at'))
        .where('decisions.status', 'is', null)
        .where('decisions.lease_until', '<', now),
    )
    .returning('id')
    .modifyEnd(sql.raw(NOT_DURABLE));
}

function insertDecisions(db: Kysely<Tables>, rows: readonly Row[]) {
  return db
    .insertInto('decisions')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns([...KEY])
        .doUpdateSet(excluded(...COLUMNS.slice(KEY.length)))
        .where(isReplaceable),
    )
    .returning('id');
}

/** Rows are locked in their order: two replicas that have the same messages in another order would lock each other out. */
function inKeyOrder(rows: readonly Row[]): Row[] {
  return rows.toSorted((one, other) => {
    const isSameId = one.message_id === other.message_id;
    if (!isSameId) return one.message_id < other.message_id ? -1 : 1;
    return one.mailbox + one.event < other.mailbox + other.event ? -1 : 1;
  });
}

/** An open one, or one of another body: that message was sent anew. */
function isReplaceable(where: ExpressionBuilder<Tables & { excluded: DecisionsTable }, 'decisions' | 'excluded'>) {
  return where.or([
    where('decisions.status', 'is', null),
    where('decisions.body_hash', '<>', where.ref('excluded.body_hash')),
  ]);
}

function excluded<Column extends keyof DecisionsTable>(...columns: readonly Column[]) {
  const values = columns.map((column) => [column, sql.ref(`excluded.${column}`)] as const);
  return Object.fromEntries(values) as unknown as { [Name in Column]: RawBuilder<DecisionsTable[Name]> };
}

function openRow({ key, bodyHash, owner, until }: ClaimRequest, now: number): Row {
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

function toRow(decision: DecisionRow): Row {
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

function toDecision(row: Row): DecisionRow {
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

function answerOf({ status, answer, revision }: Pick<Row, 'status' | 'answer' | 'revision'>): StoredAnswer {
  return { status: status ?? 200, body: answer ?? '', revision };
}

function toColumns({ mailbox, event, messageId }: DeliveryKey) {
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

function keyOf({ mailbox, event, message_id: messageId }: Pick<Row, (typeof KEY)[number]>): string {
  return JSON.stringify([mailbox, event, messageId]);
}

function likeRule(rule: string): string {
  return `%\n${rule.replace(/[\\%_]/g, String.raw`\$&`)}\n%`;
}
