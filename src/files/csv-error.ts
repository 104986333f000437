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
