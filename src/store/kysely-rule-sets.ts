import { join } from 'node:path';
import { type AcceptedRules, LastGoodRules } from '../rules/last-good.js';
import { revisionOf, type SourceFile } from '../rules/rules-folder.js';
import { within } from '../shared/within.js';
import type { Store } from './store.js';

interface StoredFile extends Pick<SourceFile, 'path' | 'kind'> {
  readonly base64: string;
}

/** A start with broken rules waits for this one, and is refused without it. */
const LOAD_TIMEOUT_MS = 5_000;
const SAVE_TIMEOUT_MS = 10_000;
/** There is one row: however many replicas save at once, a whole set is in it. */
const NAME = 'last-good';

/** The last accepted rules in the store, for every replica that shares it. */
export class KyselyRuleSets extends LastGoodRules {
  constructor(private readonly store: Pick<Store, 'ready'>) {
    super();
  }

  override async load(rulesFolder: string): Promise<AcceptedRules | null> {
    const row = await within(LOAD_TIMEOUT_MS, async () => {
      const db = await this.store.ready();
      return db.selectFrom('rule_sets').selectAll().where('name', '=', NAME).executeTakeFirst();
    });
    const files = row === undefined ? null : parseFiles(row.files, rulesFolder);
    if (row === undefined || files === null || revisionOf(files) !== row.revision) return null;
    return { revision: row.revision, acceptedAt: new Date(row.accepted_at), files };
  }

  override async save({ revision, acceptedAt, files }: AcceptedRules): Promise<void> {
    const stored = files.map(({ path, kind, bytes }): StoredFile => ({
      path,
      kind,
      base64: Buffer.from(bytes).toString('base64'),
    }));
    const columns = { revision, files: JSON.stringify(stored), accepted_at: acceptedAt.getTime() };
    await within(SAVE_TIMEOUT_MS, async () => {
      const db = await this.store.ready();
      await db
        .insertInto('rule_sets')
        .values({ name: NAME, ...columns })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet(columns)
            .where((where) =>
              where.or([
                where('rule_sets.accepted_at', '<=', columns.accepted_at),
                // By a clock that was wrong: it must not keep all others out until then.
                where('rule_sets.accepted_at', '>', Date.now()),
              ]),
            ),
        )
        .execute();
    });
  }
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
