import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../files/replace-file.js';
import { revisionOf, type SourceFile } from './rules-folder.js';

/** A set of rule files that was accepted once. */
export interface AcceptedRules {
  readonly revision: string;
  readonly acceptedAt: Date;
  readonly files: readonly SourceFile[];
}

/** Keeps the last accepted rule files over a restart, in which the folder may hold broken ones. */
export abstract class LastGoodRules {
  /** Null when none was kept, or what was kept is damaged. */
  abstract load(rulesFolder: string): Promise<AcceptedRules | null>;

  abstract save(accepted: AcceptedRules): Promise<void>;
}

interface StoredRules {
  readonly revision: string;
  readonly acceptedAt: string;
  readonly files: readonly { readonly path: string; readonly kind: SourceFile['kind']; readonly base64: string }[];
}

const POINTER = 'rules-last-good';

/** In a folder: the files in `rules-<revision>.json`, and which it is in `rules-last-good`. */
export class LastGoodRulesFolder extends LastGoodRules {
  constructor(private readonly folder: string) {
    super();
  }

  override async load(rulesFolder: string): Promise<AcceptedRules | null> {
    try {
      const revision = await this.#pointer();
      const stored = JSON.parse(await readFile(this.#path(revision), 'utf8')) as StoredRules;
      const files = stored.files.map(({ path, kind, base64 }) => ({
        file: join(rulesFolder, path),
        path,
        kind,
        bytes: Buffer.from(base64, 'base64'),
      }));
      if (revisionOf(files) !== revision) return null;
      return { revision, acceptedAt: new Date(stored.acceptedAt), files };
    } catch {
      return null;
    }
  }

  override async save({ revision, acceptedAt, files }: AcceptedRules): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const kept = files.map(({ path, kind, bytes }) => ({ path, kind, base64: Buffer.from(bytes).toString('base64') }));
    const stored: StoredRules = { revision, acceptedAt: acceptedAt.toISOString(), files: kept };
    // The pointer last: whenever the process ends in between, it names a set that is whole.
    await replaceFile(this.#path(revision), JSON.stringify(stored));
    await replaceFile(join(this.folder, POINTER), `${revision}\n`);
    for (const name of await readdir(this.folder)) {
      if (/^rules-[\da-f]{12}\.json$/.test(name) && name !== `rules-${revision}.json`)
        await rm(join(this.folder, name), { force: true });
    }
  }

  async #pointer(): Promise<string> {
    return (await readFile(join(this.folder, POINTER), 'utf8')).trim();
  }

  #path(revision: string): string {
    return join(this.folder, `rules-${revision}.json`);
  }
}
