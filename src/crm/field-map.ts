import type { CustomerRecord, JsonValue } from '../facts/facts.js';

/** Our field names to the source's; null takes every column under its own name. */
export type FieldMap = Readonly<Record<string, string>> | null;

/** A record as rules see it, frozen. A source's missing column is a missing field. */
export function mapFields(row: Readonly<Record<string, JsonValue | undefined>>, fields: FieldMap): CustomerRecord {
  const pairs = fields === null ? Object.keys(row).map((column) => [column, column] as const) : Object.entries(fields);
  const entries = pairs.flatMap(([name, column]) => {
    const value = Object.hasOwn(row, column) ? row[column] : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.freeze(Object.fromEntries(entries));
}
