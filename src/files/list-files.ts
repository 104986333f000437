import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file below a folder. */
export interface ListedFile {
  /** Relative to the folder, with `/`; empty when the folder itself is a file, or gone. */
  readonly path: string;
  readonly isRegular: boolean;
  /** Changes whenever the file does: inode, size and times. */
  readonly stamp: string;
}

const MAX_DEPTH = 20;

/**
 * All files below a folder, or the file itself, in path order. Links are followed, a folder within itself is not. Hidden files
 * and folders are left out: editors and Kubernetes put theirs there.
 */
export async function listFiles(path: string): Promise<ListedFile[]> {
  const files: ListedFile[] = [];
  await walk(path, '', [], files);
  return files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

async function walk(root: string, below: string, parents: readonly string[], files: ListedFile[]): Promise<void> {
  const path = join(root, below);
  const stats = await stat(path, { bigint: true }).catch(() => null);
  if (stats === null) {
    files.push({ path: below, isRegular: false, stamp: 'gone' });
    return;
  }
  if (!stats.isDirectory()) {
    const stamp = `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    files.push({ path: below, isRegular: stats.isFile(), stamp });
    return;
  }
  const real = await realpath(path);
  if (parents.includes(real) || parents.length > MAX_DEPTH) return;
  for (const name of await readdir(path).catch(() => [])) {
    if (!name.startsWith('.')) await walk(root, below === '' ? name : `${below}/${name}`, [...parents, real], files);
  }
}
