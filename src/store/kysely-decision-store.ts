import { type ExpressionBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import {
  type Claim,
  type DecisionQuery,
  type DecisionRow,
  DecisionStore,
  type DeliveryKey,
  type Lease,
  type StoredAnswer,
} from '../decisions/decision-store.js';
import { BatchStatement } from './batch-statement.js';
import { Batcher } from './batcher.js';
import {
  answerOf,
  type ClaimRequest,
  claimOf,
  COLUMNS,
  KEY,
  type Key,
  keyOf,
  KNOWN,
  type Known,
  openRow,
  type Row,
  rowKeyOf,
  toColumns,
  toDecision,
  toRow,
} from './decision-rows.js';
import type { Store } from './store.js';
import type { DecisionsTable, Tables } from './tables.js';

/** PostgreSQL takes 65,535 parameters a statement. */
const MAX_BATCH = 500;

/**
 * Decisions in SQLite or PostgreSQL. Claims and commits of many deliveries travel in one statement each (group commit).
 *
 * Where one process has the database to itself, nobody else can decide what it decides: there a claim only reads whether that was done before.
 */
export class KyselyDecisionStore extends DecisionStore {
  readonly #claims: Batcher<ClaimRequest, Claim>;
  readonly #commits: Batcher<DecisionRow, StoredAnswer>;
  readonly #insertClaims = new BatchStatement<Row, Pick<Row, 'id'>>(COLUMNS, insertClaims);
  readonly #insertDecisions = new BatchStatement<Row, Pick<Row, 'id'>>(COLUMNS, insertDecisions);
  readonly #select = new BatchStatement<Key, Known>(KEY, selectKnown);

  constructor(private readonly store: Pick<Store, 'ready' | 'isShared'>) {
    super();
    const claimAll = (requests: readonly ClaimRequest[]) =>
      store.isShared ? this.#claimAll(requests) : this.#findAll(requests);
    this.#claims = new Batcher(claimAll, { maxItems: MAX_BATCH, keyOf: ({ key }) => keyOf(key) });
    this.#commits = new Batcher((decisions: readonly DecisionRow[]) => this.#commitAll(decisions), {
      maxItems: MAX_BATCH,
      keyOf,
    });
  }

  override claim(key: DeliveryKey, bodyHash: string, { owner, until }: Lease): Promise<Claim> {
    return this.#claims.add({ key, bodyHash, owner, until });
  }

  /** What is locked is being kept at this moment. Waiting for it would lock it out: rows are locked in another order here. */
  override async renew(keys: readonly DeliveryKey[], { owner, until }: Lease): Promise<void> {
    if (!this.store.isShared) return;
    const db = await this.store.ready();
    for (let at = 0; at < keys.length; at += MAX_BATCH) {
      const open = db
        .selectFrom('decisions')
        .select(KEY)
        .where('owner', '=', owner)
        .where('status', 'is', null)
        .where((where) => where.or(keys.slice(at, at + MAX_BATCH).map((key) => where.and(toColumns(key)))))
        .forUpdate()
        .skipLocked();
      await db
        .updateTable('decisions')
        .set({ lease_until: until })
        .where((where) => where(where.refTuple(...KEY), 'in', open.$asTuple(...KEY)))
        .execute();
    }
  }

  override commit(decision: DecisionRow): Promise<StoredAnswer> {
    return this.#commits.add(decision);
  }

  override async release(key: DeliveryKey, owner: string): Promise<void> {
    if (!this.store.isShared) return;
    const db = await this.store.ready();
    await db
      .deleteFrom('decisions')
      .where((where) => where.and({ ...toColumns(key), owner }))
      .where('status', 'is', null)
      .execute();
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
    // Both databases tell upper case from lower here; in a pattern, SQLite does not.
    if (rule !== undefined)
      select = select.where(sql<boolean>`replace(${sql.ref('rules')}, ${`\n${rule}\n`}, '') <> ${sql.ref('rules')}`);
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

  async #findAll(requests: readonly ClaimRequest[]): Promise<Claim[]> {
    const found = await this.#known(requests.map(({ key }) => key));
    // As nearly always.
    if (found.size === 0) return requests.map(() => ({ kind: 'claimed' }));
    return requests.map(({ key }): Claim => {
      const row = found.get(keyOf(key));
      return row === undefined ? { kind: 'claimed' } : claimOf(row);
    });
  }

  async #claimAll(requests: readonly ClaimRequest[]): Promise<Claim[]> {
    const now = Date.now();
    const db = await this.store.ready();
    const rows = requests.map((request) => openRow(request, now));
    const claimed = new Set((await this.#insertClaims.run(db, inKeyOrder(rows), now)).map(({ id }) => id));
    const isOurs = (index: number) => claimed.has(rows[index]?.id ?? '');
    const found = await this.#known(requests.filter((_, index) => !isOurs(index)).map(({ key }) => key));
    return requests.map(({ key, bodyHash }, index): Claim => {
      if (isOurs(index)) return { kind: 'claimed' };
      const row = found.get(keyOf(key));
      // Released between the two statements: the next try will have it.
      return row === undefined ? { kind: 'taken', bodyHash } : claimOf(row);
    });
  }

  async #commitAll(decisions: readonly DecisionRow[]): Promise<StoredAnswer[]> {
    const db = await this.store.ready();
    const kept = new Set((await this.#insertDecisions.run(db, inKeyOrder(decisions.map(toRow)))).map(({ id }) => id));
    if (kept.size === decisions.length) return decisions.map(({ answer }) => answer);
    const earlier = await this.#known(decisions.filter(({ id }) => !kept.has(id)));
    return decisions.map((decision) => {
      const row = earlier.get(keyOf(decision));
      return row === undefined ? decision.answer : answerOf(row);
    });
  }

  /** What there is of these, by `keyOf`. */
  async #known(keys: readonly DeliveryKey[]): Promise<ReadonlyMap<string, Known>> {
    if (keys.length === 0) return new Map();
    const rows = await this.#select.run(await this.store.ready(), keys.map(toColumns));
    return new Map(rows.map((row) => [rowKeyOf(row), row]));
  }
}

function selectKnown(db: Kysely<Tables>, keys: readonly Key[]) {
  return db
    .selectFrom('decisions')
    .select(KNOWN)
    .where((where) => where.or(keys.map((key) => where.and(key))));
}

/** Whoever inserts first, or finds a lease that has ended, has it. */
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
    .returning('id');
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
