import mysql, { type FieldPacket } from 'mysql2/promise';
import type { JsonValue } from '../../../facts/facts.js';
import { exactNumber, finiteNumber, isoTime } from './sql-values.js';

const { Types } = mysql;

/** A cell as rules see it; undefined for NULL, for binary and for the day 0 that MySQL knows. */
export function toJson(value: unknown, { columnType, columnLength }: FieldPacket): JsonValue | undefined {
  if (value === null || value === undefined) return undefined;
  switch (columnType) {
    case Types.LONGLONG:
    case Types.NEWDECIMAL:
    case Types.DECIMAL:
      return exactNumber(String(value));
    case Types.DATE:
    case Types.NEWDATE:
    case Types.DATETIME:
    case Types.TIMESTAMP:
      return String(value).startsWith('0000-') ? undefined : isoTime(String(value));
    case Types.BIT:
      return columnLength === 1 && value instanceof Uint8Array ? value[0] === 1 : undefined;
    default:
      break;
  }
  if (typeof value === 'number') return finiteNumber(value);
  return value instanceof Uint8Array ? undefined : (value as JsonValue);
}

/** Strings for whatever a number would cut digits of; for `toJson`. */
export const EXACT_VALUES = { supportBigNumbers: true, bigNumberStrings: true, dateStrings: true } as const;
