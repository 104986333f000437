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

/** The rows of a CSV file (RFC 4180, a byte order mark allowed), cells trimmed, the header row first. @throws CsvError */
export function parseCsv(bytes: Uint8Array): string[][] {
  try {
    return parse(Buffer.from(bytes), { bom: true, skipEmptyLines: true, trim: true });
  } catch (error) {
    const { message, lines } = error as Error & { lines?: number };
    throw new CsvError(message.replace(/,? value is .*$/s, ''), lines ?? 1);
  }
}
