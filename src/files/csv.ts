import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';

/** A CSV file that cannot be read; the message holds none of its data. */
export class CsvError extends Error {
  override readonly name = 'CsvError';

  constructor(
    message: string,
    /** 1-based. */
    readonly line: number,
  ) {
    super(message);
  }
}

/** All three, since files that are put together of several mix them; left to itself the parser goes by the first line. */
const LINE_ENDS = ['\r\n', '\n', '\r'];
const LINE_FEED = 10;
const OPTIONS = { bom: true, skipEmptyLines: true, trim: true, recordDelimiter: LINE_ENDS };

/** A row, and the line that it ends in, 1-based. */
export interface CsvRow {
  readonly cells: string[];
  readonly line: number;
}

/**
 * The rows of a CSV file (RFC 4180 in UTF-8, a byte order mark allowed), cells trimmed, the header row first. Empty lines
 * are left out; columns without a name may be there.
 *
 * @throws CsvError
 */
export function parseCsvRows(bytes: Uint8Array): CsvRow[] {
  if (!isUtf8(bytes)) throw notUtf8(bytes);
  const rows = parseRows(bytes);
  const { cells: header, line } = rows[0] ?? { cells: [], line: 1 };
  const second = header.findIndex((name, index) => name !== '' && header.indexOf(name) < index);
  if (second > 0) {
    const columns = `${header.indexOf(header[second]!) + 1} and ${second + 1}`;
    throw new CsvError(`columns ${columns} of the header row have the same name`, line);
  }
  return rows;
}

/** The rows as `parseCsvRows` gives them, cells only. @throws CsvError */
export function parseCsv(bytes: Uint8Array): string[][] {
  return parseCsvRows(bytes).map(({ cells }) => cells);
}

function parseRows(bytes: Uint8Array): CsvRow[] {
  const rows: CsvRow[] = [];
  const onRecord = (cells: string[], { lines }: { readonly lines: number }) => {
    rows.push({ cells, line: lines });
    return null;
  };
  try {
    parse(Buffer.from(bytes), { ...OPTIONS, onRecord });
  } catch (error) {
    const { message, lines } = error as Error & { lines?: number };
    throw new CsvError(message.replace(/,? value is .*$/s, ''), lines ?? 1);
  }
  return rows;
}

function notUtf8(bytes: Uint8Array): CsvError {
  const mark = `${bytes[0]?.toString(16)} ${bytes[1]?.toString(16)}`;
  if (mark === 'ff fe' || mark === 'fe ff') return new CsvError('the file is UTF-16 text, not UTF-8', 1);
  let line = 1;
  // A line feed is never part of another character, so each line stands for itself.
  for (let start = 0, end: number; (end = bytes.indexOf(LINE_FEED, start)) >= 0; start = end + 1, line++) {
    if (!isUtf8(bytes.subarray(start, end))) break;
  }
  return new CsvError('the file is not UTF-8 text', line);
}
