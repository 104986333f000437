import { basename, extname } from 'node:path';
import type { JsonValue } from '../facts/facts.js';
import { CsvError } from '../files/csv-error.js';
import { type CsvRow, parseCsvRows } from '../files/csv.js';
import type { Fault } from '../files/fault.js';
import { JsonDocument, valueOf } from '../files/json-document.js';

/** A reference table: a list of values, or a table of rows by their key. */
export type ReferenceList = readonly JsonValue[] | Readonly<Record<string, JsonValue>>;

export type ListRead = { readonly list: ReferenceList } | { readonly faults: readonly Fault[] };

export const MAX_LIST_BYTES = 20_000_000;

/** The name under which rules know a list file: `lists/partners.csv` is `partners`. */
export function listName(path: string): string {
  return basename(path, extname(path));
}

/**
 * Reads a list: JSON (an array of texts and numbers, or an object of rows by key) or CSV with a header row, whose first
 * column is the key. A CSV of one column is a list of values.
 */
export function readReferenceList(file: string, bytes: Uint8Array): ListRead {
  if (bytes.length > MAX_LIST_BYTES)
    return { faults: [wholeFile(file, `the list is larger than ${MAX_LIST_BYTES / 1e6} MB`)] };
  return extname(file).toLowerCase() === '.csv' ? readCsvList(file, bytes) : readJsonList(file, bytes);
}

function readJsonList(file: string, bytes: Uint8Array): ListRead {
  const document = new JsonDocument(file, bytes);
  const { root } = document;
  if (root !== undefined && root.type !== 'array' && root.type !== 'object') {
    document.error(root, 'a list file holds an array of values, or an object of rows by key');
  }
  for (const entry of root?.type === 'array' ? (root.children ?? []) : []) {
    if (entry.type !== 'string' && entry.type !== 'number')
      document.error(entry, 'an entry of a list is text or a number; rows go into an object, by key');
  }
  if (document.faults.length > 0 || root === undefined) return { faults: document.faults };
  return { list: valueOf(root) as ReferenceList };
}

function readCsvList(file: string, bytes: Uint8Array): ListRead {
  let rows: readonly CsvRow[];
  try {
    rows = parseCsvRows(bytes);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { faults: [{ ...wholeFile(file, `not valid CSV: ${error.message}`), line: error.line }] };
  }
  const [first, ...records] = rows;
  if (first === undefined) return { faults: [wholeFile(file, 'the list needs a header row')] };
  const { cells: header } = first;
  if (header.length === 1) {
    if (header[0]!.includes(';')) return { faults: [wholeFile(file, 'columns are separated by commas, not by ";"')] };
    return { list: records.map(({ cells: [value = ''] }) => value) };
  }
  const byKey: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  const lines = new Map<string, number>();
  const faults: Fault[] = [];
  for (const { cells, line } of records) {
    const [key = '', ...values] = cells;
    const earlier = lines.get(key);
    if (earlier === undefined) lines.set(key, line);
    else faults.push({ ...wholeFile(file, `the key of this row is that of line ${earlier}`), line });
    byKey[key] = Object.fromEntries(values.flatMap((cell, index) => (cell === '' ? [] : [[header[index + 1]!, cell]])));
  }
  return faults.length > 0 ? { faults } : { list: byKey };
}

function wholeFile(file: string, message: string): Fault {
  return { severity: 'error', file, line: 1, column: 1, message, source: '' };
}
