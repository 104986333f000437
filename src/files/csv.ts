import { isUtf8 } from 'node:buffer';
import { CsvError } from './csv-error.js';
import { CsvScanner } from './csv-scanner.js';

const LINE_FEED = 10;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const CHECKED_AT_ONCE = 1 << 20;

/** A row, and the line that it ends in, 1-based. */
export interface CsvRow {
  readonly cells: string[];
  readonly line: number;
}

/** The rows of a CSV file with a header row, gone through one by one. */
export class CsvReader {
  /** The names of the columns; empty when the file is. Columns without a name may be there. */
  readonly header: readonly string[];
  /** The current row; at first the header's. */
  readonly row: CsvScanner;
  #checkedTo = 0;

  /** @throws CsvError of the header row */
  constructor(private readonly bytes: Buffer) {
    const hasMark = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    this.row = new CsvScanner(bytes, hasMark ? BYTE_ORDER_MARK.length : 0);
    this.#checkUtf8();
    this.header = this.row.next() ? cellsOf(this.row) : [];
    const { header } = this;
    const second = header.findIndex((name, index) => name !== '' && header.indexOf(name) < index);
    if (second <= 0) return;
    const columns = `${header.indexOf(header[second]!) + 1} and ${second + 1}`;
    throw new CsvError(`columns ${columns} of the header row have the same name`, this.row.line);
  }

  /** Goes to the next row; false after the last. @throws CsvError */
  next(): boolean {
    const { row, header } = this;
    if (!row.next()) {
      while (this.#checkedTo < this.bytes.length) this.#checkUtf8();
      return false;
    }
    if (row.offset >= this.#checkedTo) this.#checkUtf8();
    if (row.cellCount === header.length) return true;
    const counts = `expect ${header.length}, got ${row.cellCount}`;
    throw new CsvError(`Invalid Record Length: ${counts} on line ${row.line}`, row.line);
  }

  /** Checks a piece of the file, so that a large one is not checked in one go. */
  #checkUtf8(): void {
    const { bytes } = this;
    const start = this.#checkedTo;
    let end = Math.min(start + CHECKED_AT_ONCE, bytes.length);
    // A piece ends before the first byte of a character.
    while (end < bytes.length && end > start && (bytes[end]! & 0xc0) === 0x80) end--;
    if (end === start) end = bytes.length;
    if (!isUtf8(bytes.subarray(start, end))) throw notUtf8(bytes, start);
    this.#checkedTo = end;
  }
}

/**
 * The rows of a CSV file (RFC 4180 in UTF-8, a byte order mark allowed), cells trimmed, the header row first. Empty lines
 * are left out; columns without a name may be there.
 *
 * @throws CsvError
 */
export function parseCsvRows(bytes: Uint8Array): CsvRow[] {
  const reader = new CsvReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (reader.header.length === 0) return [];
  const rows: CsvRow[] = [{ cells: [...reader.header], line: reader.row.line }];
  while (reader.next()) rows.push({ cells: cellsOf(reader.row), line: reader.row.line });
  return rows;
}

function cellsOf(row: CsvScanner): string[] {
  return Array.from({ length: row.cellCount }, (_, index) => row.cell(index));
}

/** @param from all before it is UTF-8 */
function notUtf8(bytes: Buffer, from: number): CsvError {
  const mark = `${bytes[0]?.toString(16)} ${bytes[1]?.toString(16)}`;
  if (mark === 'ff fe' || mark === 'fe ff') return new CsvError('the file is UTF-16 text, not UTF-8', 1);
  let line = 1;
  // A line feed is never part of another character, so each line stands for itself.
  for (let start = 0, end: number; (end = bytes.indexOf(LINE_FEED, start)) >= 0; start = end + 1, line++) {
    if (end >= from && !isUtf8(bytes.subarray(start, end))) break;
  }
  return new CsvError('the file is not UTF-8 text', line);
}
