import pg from 'pg';
import type { JsonValue } from '../../../facts/facts.js';
import { exactNumber, finiteNumber, isoTime } from './sql-values.js';

type Reader = (text: string) => JsonValue | undefined;

const json: Reader = (text) => (JSON.parse(text) as JsonValue | null) ?? undefined;
const bytes: Reader = () => undefined;

/**
 * Each type's oid, that of lists of it, and how its text is read. What is not here is text.
 *
 * @source postgresql.org, src/include/catalog/pg_type.dat
 */
const TYPES: readonly (readonly [oid: number, listOid: number, read: Reader])[] = [
  [16, 1000, (text) => text === 't'],
  [17, 1001, bytes],
  [20, 1016, exactNumber],
  [21, 1005, Number],
  [23, 1007, Number],
  [26, 1028, Number],
  [700, 1021, (text) => finiteNumber(Number(text))],
  [701, 1022, (text) => finiteNumber(Number(text))],
  [1700, 1231, exactNumber],
  [114, 199, json],
  [3802, 3807, json],
  [1114, 1115, isoTime],
  [1184, 1185, isoTime],
];

/** Lists of char, name, text, bpchar, varchar, date, time, uuid. */
const TEXT_LISTS = [1002, 1003, 1009, 1014, 1015, 1182, 1183, 2951];

const READERS: ReadonlyMap<number, Reader> = new Map([
  ...TYPES.map(([oid, , read]) => [oid, read] as const),
  ...TYPES.map(([, oid, read]) => [oid, read === bytes ? bytes : list(read)] as const),
  ...TEXT_LISTS.map((oid) => [oid, list(String)] as const),
]);

/** The driver's declared type of this is another. */
const arrays = pg.types.arrayParser as unknown as {
  create(text: string, read: (entry: string | null) => JsonValue): { parse(): JsonValue[] };
};

function list(read: Reader): Reader {
  return (text) => arrays.create(text, (entry) => (entry === null ? null : (read(entry) ?? null))).parse();
}

/** Cells as rules see them; for the driver. */
export const postgresTypes = {
  getTypeParser: (oid: number) => READERS.get(oid) ?? String,
};
