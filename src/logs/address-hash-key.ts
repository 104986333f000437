import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In the data folder. */
export const KEY_FILE = 'address-hash.key';

const KEY_BYTES = 32;
const MIN_KEY_LENGTH = 32;

export interface AddressHashKey {
  readonly key: string;
  /** Why it is lost when the process ends, for the log; null when it is kept. */
  readonly lostBecause: string | null;
}

/** The key of earlier runs, or a new one that is kept for later ones when the folder can be written. */
export function keepAddressHashKey(folder: string): AddressHashKey {
  const path = join(folder, KEY_FILE);
  const kept = readAddressHashKey(folder);
  if (kept !== null) return { key: kept, lostBecause: null };
  const key = randomBytes(KEY_BYTES).toString('base64url');
  const own = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(own, `${key}\n`, { mode: 0o600 });
    return {
      key: publish(own, path) ? key : (readAddressHashKey(folder) ?? replace(own, path, key)),
      lostBecause: null,
    };
  } catch (error) {
    return { key, lostBecause: (error as NodeJS.ErrnoException).code ?? 'it cannot be written' };
  } finally {
    if (existsSync(own)) rmSync(own);
  }
}

/** Gives the file its name; false when there is one already, as when another process started at the same moment. */
function publish(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Puts ours in the place of one that is damaged. */
function replace(own: string, path: string, key: string): string {
  renameSync(own, path);
  return key;
}

/** The key in a data folder; null when there is none that can be used. */
export function readAddressHashKey(folder: string): string | null {
  try {
    const key = readFileSync(join(folder, KEY_FILE), 'utf8').trim();
    return key.length >= MIN_KEY_LENGTH ? key : null;
  } catch {
    return null;
  }
}
