import { join } from 'node:path';
import { type Kysely, type Selectable, sql } from 'kysely';
import { type AcceptedRules, LastGoodRules } from '../rules/last-good.js';
import { revisionOf, type SourceFile } from '../rules/rules-folder.js';
import { within } from '../shared/within.js';
import type { Store } from './store.js';
import type { RuleSetsTable, Tables } from './tables.js';

type Row = Selectable<RuleSetsTable>;

interface StoredFile extends Pick<SourceFile, 'path' | 'kind'> {
  readonly base64: string;
}

/** A start with broken rules waits for this one, and is refused without it. */
const LOAD_TIMEOUT_MS = 5_000;
const SAVE_TIMEOUT_MS = 10_000;
/** The newest may be damaged. */
const MAX_TRIED = 5;
const DAY_MS = 86_400_000;

/** The accepted rules in the store, for every replica that shares it: the newest, and all that decided what is still kept. */
export class KyselyRuleSets extends LastGoodRules {
  /** @param keepDays how long decisions are kept */
  constructor(
    private readonly store: Pick<Store, 'ready'>,
    private readonly keepDays: number,
  ) {
    super();
  }

  override load(rulesFolder: string): Promise<AcceptedRules | null> {
    return within(LOAD_TIMEOUT_MS, async () => {
      const db = await this.store.ready();
      const rows = await db
        .selectFrom('rule_sets')
        .selectAll()
        // By a clock that was wrong: it must not go before all others until then.
        .orderBy(sql`accepted_at > ${Date.now()}`)
        .orderBy('accepted_at', 'desc')
        .limit(MAX_TRIED)
        .execute();
      return rows.map((row) => toRules(row, rulesFolder)).find((rules) => rules !== null) ?? null;
    });
  }

  /** The rules of a revision; null when they are not kept, or damaged. */
  async find(revision: string, rulesFolder: string): Promise<AcceptedRules | null> {
    const db = await this.store.ready();
    const row = await db.selectFrom('rule_sets').selectAll().where('revision', '=', revision).executeTakeFirst();
    return row === undefined ? null : toRules(row, rulesFolder);
  }

  override async save({ revision, acceptedAt, files }: AcceptedRules): Promise<void> {
    const stored = files.map(({ path, kind, bytes }): StoredFile => ({
      path,
      kind,
      base64: Buffer.from(bytes).toString('base64'),
    }));
    const columns = { files: JSON.stringify(stored), accepted_at: acceptedAt.getTime() };
    await within(SAVE_TIMEOUT_MS, async () => {
      const db = await this.store.ready();
      await db
        .insertInto('rule_sets')
        .values({ revision, ...columns })
        .onConflict((conflict) => conflict.column('revision').doUpdateSet(columns))
        .execute();
      await this.#purge(db);
    });
  }

  /** A set was used until the next one was accepted: the newest of those that are too old decided what is not. */
  async #purge(db: Kysely<Tables>): Promise<void> {
    const oldest = Date.now() - this.keepDays * DAY_MS;
    await db
      .deleteFrom('rule_sets')
      .where('accepted_at', '<', (where) =>
        where
          .selectFrom('rule_sets')
          .select(({ fn }) => fn.max('accepted_at').as('last'))
          .where('accepted_at', '<', oldest),
      )
      .execute();
  }
}

function toRules({ revision, files: text, accepted_at: acceptedAt }: Row, folder: string): AcceptedRules | null {
  const files = parseFiles(text, folder);
  return files === null || revisionOf(files) !== revision
    ? null
    : { revision, acceptedAt: new Date(acceptedAt), files };
}

/** Null when it is damaged. */
function parseFiles(text: string, rulesFolder: string): SourceFile[] | null {
  try {
    return (JSON.parse(text) as StoredFile[]).map(({ path, kind, base64 }) => ({
      file: join(rulesFolder, path),
      path,
      kind,
      bytes: Buffer.from(base64, 'base64'),
    }));
  } catch {
    return null;
  }
}
