import { extname } from 'node:path';
import type { JsonValue } from '../../../facts/facts.js';
import { CsvReader } from '../../../files/csv.js';
import { CsvScanner } from '../../../files/csv-scanner.js';
import { JsonElements } from '../../../files/json-elements.js';
import { setOwn } from '../../field-map.js';

export type CustomerRow = Readonly<Record<string, JsonValue | undefined>>;

/** A file of customers: its rows are gone through once, and each is read again when it is asked for. */
export interface CustomerRows {
  /** Complete after the last row: a JSON file has those of its rows. */
  readonly columns: ReadonlySet<string>;
  /** Columns are known though there is no row. */
  readonly hasHeader: boolean;
  /** How messages speak of a column. */
  readonly words: { readonly column: string; readonly where: string };
  /** Where the current row begins, in bytes. */
  readonly offset: number;
  /** Goes to the next row that has a value; false after the last. @throws CsvError or Error saying what is wrong with the file */
  next(): boolean;
  /** What the current row has in this column; empty when nothing. */
  text(column: string): string;
  /** The row that begins there. */
  rowAt(offset: number): CustomerRow;
}

/** @param needed the columns that a row is asked for; null for all. @throws as `next` does */
export function openRows(path: string, bytes: Buffer, needed: ReadonlySet<string> | null): CustomerRows {
  return extname(path).toLowerCase() === '.json' ? new JsonRows(path, bytes) : new CsvRows(bytes, needed);
}

class CsvRows implements CustomerRows {
  readonly columns: ReadonlySet<string>;
  readonly hasHeader = true;
  readonly words = { column: 'column', where: '' };
  readonly #reader: CsvReader;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #needed: readonly (readonly [column: string, position: number])[];
  /** Of the rows that are asked for. */
  readonly #asked: CsvScanner;

  constructor(bytes: Buffer, needed: ReadonlySet<string> | null) {
    this.#reader = new CsvReader(bytes);
    const { header } = this.#reader;
    if (header.length === 0) throw new Error('it is empty, without even a header row');
    this.columns = new Set(header);
    this.#positions = new Map(header.map((column, position) => [column, position]));
    this.#needed = [...this.#positions].filter(([column]) => needed?.has(column) ?? true);
    this.#asked = new CsvScanner(bytes);
  }

  get offset(): number {
    return this.#reader.row.offset;
  }

  next(): boolean {
    const { row } = this.#reader;
    while (this.#reader.next()) {
      for (let index = 0; index < row.cellCount; index++) if (!row.isEmpty(index)) return true;
    }
    return false;
  }

  text(column: string): string {
    const position = this.#positions.get(column);
    return position === undefined ? '' : this.#reader.row.cell(position);
  }

  rowAt(offset: number): CustomerRow {
    const asked = this.#asked;
    asked.moveTo(offset);
    asked.next();
    asked.decode();
    const row: Record<string, string> = {};
    for (const [column, position] of this.#needed) {
      if (!asked.isEmpty(position)) setOwn(row, column, asked.cell(position));
    }
    return row;
  }
}

class JsonRows implements CustomerRows {
  readonly columns = new Set<string>();
  readonly hasHeader = false;
  readonly words = { column: 'field', where: ' in any record' };
  readonly #elements: JsonElements;

  constructor(path: string, bytes: Buffer) {
    this.#elements = new JsonElements(path, bytes);
  }

  get offset(): number {
    return this.#elements.offset;
  }

  next(): boolean {
    if (!this.#elements.next()) return false;
    for (const column of Object.keys(this.#elements.value)) this.columns.add(column);
    return true;
  }

  text(column: string): string {
    const { value } = this.#elements;
    return Object.hasOwn(value, column) ? String(value[column] ?? '') : '';
  }

  rowAt(offset: number): CustomerRow {
    return this.#elements.valueAt(offset) as CustomerRow;
  }
}
