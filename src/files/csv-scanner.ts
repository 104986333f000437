import { CsvError } from './csv-error.js';

/**
 * Goes through CSV (RFC 4180) row by row without making anything of them: a row is where its cells begin and end, and a cell
 * becomes text when it is asked for. Lines may end with CRLF, LF or CR, mixed; empty ones are passed over; white space around a cell is
 * no part of it, unless in quotes.
 *
 * The bytes must be UTF-8, which is not checked here. docs/decisions/0008 says why this is no library.
 */
export class CsvScanner {
  /** Where the current row begins, in bytes. */
  offset = 0;
  /** The line that the current row ends in, 1-based. */
  line = 1;
  /** How many cells the current row has. */
  cellCount = 0;
  #next: number;
  #nextLine = 1;
  /** Of the current row; empty unless its characters are as many as its bytes. */
  #text = '';
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #forms: Form[] = [];

  constructor(
    private readonly bytes: Buffer,
    start = 0,
  ) {
    this.#next = start;
  }

  /** Makes the row that begins there the next one; lines are counted from 1 again. */
  moveTo(offset: number): void {
    this.#next = offset;
    this.#nextLine = 1;
  }

  /** Goes to the next row that is no empty line; false after the last. @throws CsvError */
  next(): boolean {
    const { bytes } = this;
    const { length } = bytes;
    while (this.#next < length) {
      this.offset = this.#next;
      this.#text = '';
      let at = this.#scanCell(this.offset, 0);
      let count = 1;
      while (at < length && bytes[at] === COMMA) at = this.#scanCell(at + 1, count++);
      this.cellCount = count;
      this.line = this.#nextLine;
      if (at < length) this.#nextLine++;
      this.#next = at + (bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1);
      if (count > 1 || this.#forms[0] !== PLAIN || !this.isEmpty(0)) return true;
    }
    return false;
  }

  /** Nothing is written in this cell of the current row. */
  isEmpty(index: number): boolean {
    return this.#starts[index] === this.#ends[index];
  }

  /** Makes all of the current row text at once, which is faster when most of its cells are asked for. */
  decode(): void {
    const end = this.#ends[this.cellCount - 1]!;
    const text = this.bytes.toString('utf8', this.offset, end);
    if (text.length === end - this.offset) this.#text = text;
  }

  /** The text of this cell of the current row. */
  cell(index: number): string {
    const { offset } = this;
    const start = this.#starts[index]!;
    const end = this.#ends[index]!;
    const text =
      this.#text === '' ? this.bytes.toString('utf8', start, end) : this.#text.slice(start - offset, end - offset);
    if (this.#forms[index] === ESCAPED) return text.replaceAll('""', '"');
    const last = this.bytes[end - 1]!;
    return this.#forms[index] === PLAIN && (last <= SPACE || last >= 0x80) ? text.trimEnd() : text;
  }

  /** Notes the cell that begins there; where its comma, line end or the end of the file is. */
  #scanCell(begin: number, index: number): number {
    const { bytes } = this;
    const { length } = bytes;
    const start = this.#afterSpace(begin);
    if (bytes[start] === QUOTE) return this.#scanQuoted(start, index);
    let at = start;
    while (at < length && ENDS_PLAIN[bytes[at]!] === 0) at++;
    if (at < length && bytes[at] === QUOTE) throw this.#openingQuote(index);
    this.#note(index, start, at, PLAIN);
    return at;
  }

  #scanQuoted(quote: number, index: number): number {
    const { bytes } = this;
    const openedIn = this.#nextLine;
    let form: Form = QUOTED;
    let end = quote + 1;
    for (; ; end++) {
      const byte = bytes[end];
      if (byte === undefined) {
        const message = `Quote Not Closed: the parsing is finished with an opening quote at line ${openedIn}`;
        throw new CsvError(message, openedIn);
      }
      if (byte === LF || (byte === CR && bytes[end + 1] !== LF)) this.#nextLine++;
      if (byte !== QUOTE) continue;
      if (bytes[end + 1] !== QUOTE) break;
      form = ESCAPED;
      end++;
    }
    const after = this.#afterSpace(end + 1);
    if (after >= bytes.length || ENDS_CELL[bytes[after]!] === 1) {
      this.#note(index, quote + 1, end, form);
      return after;
    }
    if (bytes[after] === QUOTE) throw this.#openingQuote(index);
    const message = `Invalid Closing Quote: found non trimable byte after quote at line ${this.#nextLine}`;
    throw new CsvError(message, this.#nextLine);
  }

  #note(index: number, start: number, end: number, form: Form): void {
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.#forms[index] = form;
  }

  #afterSpace(start: number): number {
    const { bytes } = this;
    let at = start;
    while (at < bytes.length) {
      const byte = bytes[at]!;
      if (byte > SPACE && byte < 0x80) break;
      const length = byte <= SPACE ? SPACES[byte]! : wideSpaceLength(bytes, at);
      if (length === 0) break;
      at += length;
    }
    return at;
  }

  #openingQuote(index: number): CsvError {
    const line = this.#nextLine;
    return new CsvError(`Invalid Opening Quote: a quote is found on field ${index} at line ${line}`, line);
  }
}

const [PLAIN, QUOTED, ESCAPED] = [0, 1, 2] as const;
type Form = typeof PLAIN | typeof QUOTED | typeof ESCAPED;

const [LF, CR, SPACE, QUOTE, COMMA] = [10, 13, 32, 34, 44] as const;

const ENDS_CELL = tableOf([LF, CR, COMMA]);
const ENDS_PLAIN = tableOf([LF, CR, COMMA, QUOTE]);
/** White space of one byte that ends no line. */
const SPACES = tableOf([9, 11, 12, SPACE]);

function tableOf(bytes: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte] = 1;
  return table;
}

/** First bytes of the white space that `String.trim` knows beyond ASCII. */
const WIDE_SPACE_STARTS = tableOf([0xc2, 0xe1, 0xe2, 0xe3, 0xef]);

function wideSpaceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (WIDE_SPACE_STARTS[first] === 0) return 0;
  const length = first === 0xc2 ? 2 : 3;
  return bytes.toString('utf8', at, at + length).trim() === '' ? length : 0;
}
