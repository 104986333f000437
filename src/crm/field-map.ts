import type { CustomerRecord, JsonValue } from '../facts/facts.js';

export const VALUE_TYPES = ['text', 'number', 'boolean', 'list'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

/** Where a field comes from: a name in the source, with the type that its values are turned into when one is given. */
export type FieldSource = string | { readonly from: string; readonly type: ValueType };

/** Our field names to the source's; null takes every column under its own name. */
export type FieldMap = Readonly<Record<string, FieldSource>> | null;

/** The source's name of a field. */
export function sourceName(source: FieldSource): string {
  return typeof source === 'string' ? source : source.from;
}

/** A record as rules see it, frozen. A source's missing column is a missing field, and so is a value that is none of its type. */
export function mapFields(row: Readonly<Record<string, JsonValue | undefined>>, fields: FieldMap): CustomerRecord {
  const record: Record<string, JsonValue> = {};
  for (const name of Object.keys(fields ?? row)) {
    const source = fields === null ? name : fields[name]!;
    const column = sourceName(source);
    const read = Object.hasOwn(row, column) ? row[column] : undefined;
    const value = typeof source === 'string' || read === undefined ? read : convert(read, source.type);
    if (value !== undefined) setOwn(record, name, value);
  }
  return Object.freeze(record);
}

/** Sets a key of the object itself, whatever its name. Much faster than `Object.fromEntries`. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A value as another type; undefined when it is none. */
export function convert(value: JsonValue, type: ValueType): JsonValue | undefined {
  switch (type) {
    case 'text':
      return typeof value === 'object' ? undefined : String(value);
    case 'number':
      return toNumber(value);
    case 'boolean':
      return toBoolean(value);
    case 'list':
      return toList(value);
    default:
      return type satisfies never;
  }
}

function toNumber(value: JsonValue): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'y', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'n', '0'].map((word) => [word, false] as const),
]);

function toBoolean(value: JsonValue): boolean | undefined {
  return typeof value === 'boolean' ? value : BOOLEANS.get(String(value).trim().toLowerCase());
}

/** CRMs write several values of a field as one text, `a;b`. */
function toList(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value as JsonValue;
  if (value === null || typeof value === 'object') return undefined;
  const parts = String(value)
    .split(';')
    .map((part) => part.trim());
  return parts.filter((part) => part !== '');
}
