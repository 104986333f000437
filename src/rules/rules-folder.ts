import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import type { Fault } from '../files/fault.js';
import { JsonDocument } from '../files/json-document.js';
import { type ListedFile, listFiles } from '../files/list-files.js';

/** One file of the rules folder as it was read. */
export interface SourceFile {
  /** What messages call it: the folder as given, then the path below it. */
  readonly file: string;
  /** Relative to the rules folder, with `/`. */
  readonly path: string;
  readonly kind: 'rules' | 'list' | 'tests';
  readonly bytes: Uint8Array;
}

const MAX_FILE_BYTES = 5_000_000;

export type FolderRead =
  | { readonly ok: true; readonly files: readonly SourceFile[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Reads every file of the folder that counts, in path order; one that cannot be read fails the whole. */
export async function readRulesFolder(folder: string): Promise<FolderRead> {
  try {
    await readdir(folder);
  } catch (error) {
    return { ok: false, faults: [wholeFile(folder, `cannot read the rules folder (${reasonOf(error)})`)] };
  }
  const listed = await listFiles(folder);
  const reads = await Promise.all(listed.flatMap((file) => readSource(folder, file) ?? []));
  const faults = reads.filter((read) => 'message' in read);
  if (faults.length > 0) return { ok: false, faults };
  const files = reads.filter((read) => 'bytes' in read);
  if (files.some(({ kind }) => kind === 'rules')) return { ok: true, files };
  return { ok: false, faults: [wholeFile(folder, 'no rule file (*.json) in the rules folder')] };
}

/** Whether a change of this file, by its path below the folder, is a change of the rules. */
export function isOfRules(path: string): boolean {
  return kindOf(path) !== null;
}

/** Short hash of the content of all files that decide; tests do not. */
export function revisionOf(files: readonly SourceFile[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes } of files.filter(({ kind }) => kind !== 'tests'))
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex').slice(0, 12);
}

/** A JSON file of the folder. One that is too large is a fault, and is not read. */
export function readDocument(file: string, bytes: Uint8Array): JsonDocument {
  if (bytes.length <= MAX_FILE_BYTES) return new JsonDocument(file, bytes);
  const document = new JsonDocument(file, Buffer.from('null'));
  document.error(0, `the file is larger than ${MAX_FILE_BYTES / 1e6} MB`);
  return document;
}

/** A fault of a file or folder as a whole. */
export function wholeFile(path: string, message: string): Fault {
  return { severity: 'error', file: normalize(path), line: 1, column: 1, message, source: '' };
}

function readSource(folder: string, { path, isRegular }: ListedFile): Promise<SourceFile | Fault> | undefined {
  const kind = kindOf(path);
  if (kind === null) return undefined;
  const file = join(folder, path);
  // A pipe or device with such a name would be read for ever.
  if (!isRegular)
    return Promise.resolve(wholeFile(file, 'cannot read the file: it is none, or its link leads nowhere'));
  return readFile(file).then(
    (bytes) => ({ file, path, kind, bytes }),
    (error: unknown) => wholeFile(file, `cannot read the file (${reasonOf(error)})`),
  );
}

function kindOf(path: string): SourceFile['kind'] | null {
  if (path.startsWith('schema/')) return null;
  if (path.startsWith('lists/')) return /\.(json|csv)$/.test(path) ? 'list' : null;
  if (path.endsWith('.test.json')) return 'tests';
  return path.endsWith('.json') ? 'rules' : null;
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unreadable';
}
