import { didYouMean } from '../../../files/did-you-mean.js';
import { asciiDomain, parseEmailAddress } from '../../../shared/email-address.js';
import type { TimeSlices } from '../../../shared/time-slices.js';
import type { CrmMatch } from '../../crm.provider.js';
import { type FieldMap, mapFields, sourceName } from '../../field-map.js';
import { type CustomerRows, openRows } from './customer-rows.js';
import { type KeyEntry, KeyTable } from './key-table.js';

/** What of the columns the author named; the rest has defaults. */
export interface CustomerColumns {
  readonly fields: FieldMap;
  /** The defaults `email` and `domain` may be absent from the file, these may not. */
  readonly match: { readonly email?: string | null; readonly domain?: string | null };
}

/** The customers of a file, by what they are found by. It holds the file as it is; a record is made when it is asked for. */
export interface CustomerIndex {
  findByEmail(address: string): CrmMatch;
  findByDomain(domain: string): CrmMatch;
  /** What people should know though the file is usable; null when nothing. Without values. */
  readonly note: string | null;
}

/** More are a mistake, or a case for a database. */
export const MAX_ROWS = 10_000_000;
/** After so many rows it is guessed how many there are. */
const SAMPLE_ROWS = 1000;

/** @throws CsvError or Error saying what is wrong with the file, their messages hold none of its records; as `slices` does */
export async function readCustomers(
  path: string,
  bytes: Buffer,
  { match, fields }: CustomerColumns,
  slices: TimeSlices,
  maxRows = MAX_ROWS,
): Promise<CustomerIndex> {
  const sources = fields === null ? null : Object.values(fields).map(sourceName);
  const rows = openRows(path, bytes, sources && new Set(sources));
  const named = [match.email, match.domain].map((column) => [column ?? null, 'match'] as const);
  const needed = [...named, ...(sources ?? []).map((column) => [column, 'fields'] as const)];
  const byEmail = new KeyTable();
  const byDomain = new KeyTable();
  const columns = { email: match.email ?? 'email', domain: match.domain ?? 'domain' };
  let rowCount = 0;
  let unusableCount = 0;
  let firstUnusable = 0;
  while (rows.next()) {
    if (++rowCount > maxRows)
      throw new Error(`it has more than ${maxRows.toLocaleString('en')} rows; ${DATABASE_HINT}`);
    if (!addRow(rows, columns, { byEmail, byDomain }) && ++unusableCount === 1) firstUnusable = rowCount;
    if (rowCount === SAMPLE_ROWS) {
      const expected = Math.min(maxRows, (bytes.length / rows.offset) * rowCount);
      byEmail.expect((expected * byEmail.size) / rowCount);
      await slices.pause();
      byDomain.expect((expected * byDomain.size) / rowCount / 2);
    }
    if (slices.isOver()) await slices.pause();
  }
  // An empty JSON array has no columns to look at.
  if (rows.hasHeader || rowCount > 0) checkColumns(rows, needed);
  byEmail.trim();
  byDomain.trim();
  const toMatch = (entry: KeyEntry | undefined): CrmMatch => {
    if (entry === undefined) return { kind: 'not_found' };
    if (entry.count > 1) return { kind: 'ambiguous', count: entry.count };
    return { kind: 'found', record: mapFields(rows.rowAt(entry.offset), fields) };
  };
  const few = `${unusableCount} of ${rowCount} rows have no usable e-mail or domain; the first is row ${firstUnusable}`;
  return {
    findByEmail: (address) => toMatch(byEmail.get(address)),
    findByDomain: (domain) => toMatch(byDomain.get(domain)),
    note: unusableCount === 0 ? null : few,
  };
}

export const DATABASE_HINT = 'for so many use a "sql" provider, for example on a SQLite file';

/** @throws Error naming the column that is not there */
function checkColumns(
  { columns, words }: CustomerRows,
  needed: readonly (readonly [column: string | null, key: 'match' | 'fields'])[],
): void {
  const isMatched = needed.some(([column, key]) => key === 'match' && column !== null);
  if (!isMatched && !columns.has('email') && !columns.has('domain'))
    throw new Error(`it has neither an "email" nor a "domain" ${words.column}; name them in "match"`);
  for (const [column, key] of needed) {
    if (column === null || columns.has(column)) continue;
    const hint = didYouMean(column, columns);
    throw new Error(`it has no ${words.column} "${column}"${words.where}, which "${key}" names${hint}`);
  }
}

/** Whether the row can be found by all that it says. */
function addRow(
  rows: CustomerRows,
  columns: { readonly email: string; readonly domain: string },
  { byEmail, byDomain }: { readonly byEmail: KeyTable; readonly byDomain: KeyTable },
): boolean {
  const written = { email: rows.text(columns.email).trim(), domain: rows.text(columns.domain).trim() };
  const address = written.email === '' ? null : wellFormed(parseEmailAddress(written.email)?.address ?? null);
  const domain = written.domain === '' ? null : asciiDomain(written.domain);
  if (address !== null) byEmail.add(address, rows.offset);
  if (domain !== null) byDomain.add(domain, rows.offset);
  const isDropped = (address === null && written.email !== '') || (domain === null && written.domain !== '');
  return !isDropped && (address !== null || domain !== null);
}

/** JSON can write half a character, which is nobody's. */
function wellFormed(text: string | null): string | null {
  return text?.isWellFormed() ? text : null;
}
