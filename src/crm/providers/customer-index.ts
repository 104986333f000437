import { extname } from 'node:path';
import type { CustomerRecord, JsonValue } from '../../facts/facts.js';
import { parseCsv } from '../../files/csv.js';
import { didYouMean } from '../../files/did-you-mean.js';
import { JsonDocument, valueOf } from '../../files/json-document.js';
import { asciiDomain, parseEmailAddress } from '../../shared/email-address.js';
import { type FieldMap, mapFields, sourceName } from '../field-map.js';

/** What of the columns the author named; the rest has defaults. */
export interface CustomerColumns {
  readonly fields: FieldMap;
  /** The defaults `email` and `domain` may be absent from the file, these may not. */
  readonly match: { readonly email?: string | null; readonly domain?: string | null };
}

/** The customers of a file, by what they are found by. */
export interface CustomerIndex {
  readonly byEmail: ReadonlyMap<string, readonly CustomerRecord[]>;
  readonly byDomain: ReadonlyMap<string, readonly CustomerRecord[]>;
  /** What people should know though the file is usable; null when nothing. Without values. */
  readonly note: string | null;
}

type Row = Readonly<Record<string, JsonValue | undefined>>;

interface Table {
  readonly columns: ReadonlySet<string>;
  readonly rows: readonly Row[];
  /** How messages speak of a missing column. */
  readonly words: { readonly column: string; readonly where: string };
}

/** @throws CsvError or Error saying what is wrong with the file; their messages hold none of its records */
export function readCustomers(path: string, bytes: Uint8Array, { match, fields }: CustomerColumns): CustomerIndex {
  const table = extname(path).toLowerCase() === '.json' ? readJsonTable(path, bytes) : readCsvTable(bytes);
  const email = columnFor('email', match, table);
  const domain = columnFor('domain', match, table);
  const { columns, rows, words } = table;
  // An empty JSON array has no columns to look at; a CSV file has its header row.
  const isKnown = words === CSV || rows.length > 0;
  if (isKnown && email === null && domain === null)
    throw new Error(`it has neither an "email" nor a "domain" ${words.column}; name them in "match"`);
  const needed = [...[email, domain].map((column) => [column, 'match'] as const), ...mapped(fields)];
  for (const [column, key] of isKnown ? needed : []) {
    if (column === null || columns.has(column)) continue;
    const hint = didYouMean(column, columns);
    throw new Error(`it has no ${words.column} "${column}"${words.where}, which "${key}" names${hint}`);
  }
  return indexRows(rows, { email, domain }, fields);
}

function mapped(fields: FieldMap): (readonly [column: string, key: string])[] {
  return Object.values(fields ?? {}).map((source) => [sourceName(source), 'fields']);
}

const CSV = { column: 'column', where: '' };
const JSON_FILE = { column: 'field', where: ' in any record' };

function readCsvTable(bytes: Uint8Array): Table {
  const [header, ...lines] = parseCsv(bytes);
  if (header === undefined) throw new Error('it is empty, without even a header row');
  const rows = lines
    .map((cells) => Object.fromEntries(cells.flatMap((cell, at) => (cell === '' ? [] : [[header[at]!, cell]]))))
    .filter((row) => Object.keys(row).length > 0);
  return { columns: new Set(header), rows, words: CSV };
}

function readJsonTable(path: string, bytes: Uint8Array): Table {
  const document = new JsonDocument(path, bytes);
  const [fault] = document.faults;
  if (fault !== undefined) throw new Error(`line ${fault.line}, column ${fault.column}: ${fault.message}`);
  const rows: unknown = document.root && valueOf(document.root);
  const isRow = (row: unknown) => typeof row === 'object' && row !== null && !Array.isArray(row);
  if (!Array.isArray(rows) || !rows.every(isRow)) throw new Error('it must be an array of objects');
  const columns = new Set((rows as Row[]).flatMap((row) => Object.keys(row)));
  return { columns, rows: rows as Row[], words: JSON_FILE };
}

function columnFor(kind: 'email' | 'domain', match: CustomerColumns['match'], { columns }: Table): string | null {
  return match[kind] ?? (columns.has(kind) ? kind : null);
}

function indexRows(
  rows: readonly Row[],
  { email, domain }: { readonly email: string | null; readonly domain: string | null },
  fields: FieldMap,
): CustomerIndex {
  const byEmail = new Map<string, CustomerRecord[]>();
  const byDomain = new Map<string, CustomerRecord[]>();
  const unusable: number[] = [];
  for (const [index, row] of rows.entries()) {
    const record = mapFields(row, fields);
    const written = { email: textAt(row, email), domain: textAt(row, domain) };
    const address = parseEmailAddress(written.email);
    const domainName = asciiDomain(written.domain);
    if (address !== null) append(byEmail, address.address, record);
    if (domainName !== null) append(byDomain, domainName, record);
    const isDropped = (address === null && written.email !== '') || (domainName === null && written.domain !== '');
    if (isDropped || (address === null && domainName === null)) unusable.push(index + 1);
  }
  const [first] = unusable;
  const count = `${unusable.length} of ${rows.length} rows`;
  const note = first === undefined ? null : `${count} have no usable e-mail or domain; the first is row ${first}`;
  return { byEmail, byDomain, note };
}

function textAt(row: Row, column: string | null): string {
  return column === null ? '' : String(row[column] ?? '').trim();
}

function append(map: Map<string, CustomerRecord[]>, key: string, record: CustomerRecord): void {
  const records = map.get(key);
  if (records === undefined) map.set(key, [record]);
  else records.push(record);
}
