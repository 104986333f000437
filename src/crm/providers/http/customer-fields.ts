import type { CustomerRecord, JsonValue } from '../../../facts/facts.js';
import { isObject } from '../../../shared/is-object.js';
import { type FieldMap, mapFields, sourceName } from '../../field-map.js';
import type { Connector, Level, LookupRequest } from './connector.js';
import { type DataPath, parseDataPath, readData } from './data-path.js';
import type { Item } from './items.js';

/** The two objects that a record is made of; null where there is none. */
export type LevelObjects = { readonly [Each in Level]: Item | null };

interface Source {
  readonly level: Level;
  readonly path: DataPath;
  readonly asked: string;
}

const COMPANY = 'company.';
export const LABEL = ':label';

export type RecordReader = (objects: LevelObjects) => CustomerRecord;

/**
 * The level and the path of a name on the right side of "fields".
 *
 * @param labelSuffix what `:label` behind a name stands for
 */
export function sourceOf(name: string, labelSuffix: string | null): Source {
  const isCompany = name.startsWith(COMPANY);
  const written = isCompany ? name.slice(COMPANY.length) : name;
  const field = written.endsWith(LABEL) ? written.slice(0, -LABEL.length) : written;
  const read = field === written || labelSuffix === null ? written : `${field}${labelSuffix}`;
  // The API is asked for a field without what stands in it, or beside it.
  const asked = field.replace(/[@[].*$/s, '');
  return { level: isCompany ? 'company' : 'contact', path: parseDataPath(read), asked };
}

/** The names that the API is asked for at a level. */
export function namesOf(fields: FieldMap, level: Level): string[] {
  const sources = Object.values(fields ?? {}).map((source) => sourceOf(sourceName(source), null));
  return sources.filter((source) => source.level === level).map(({ asked }) => asked);
}

/** Whether the fields need this level; all of them do when none is named. */
export function needsLevel(fields: FieldMap, level: Level): boolean {
  return fields === null || namesOf(fields, level).length > 0;
}

/** Reads the records of customers. `null` and empty text are no value. */
export function recordReader(fields: FieldMap, labelSuffix: string | null): RecordReader {
  if (fields === null)
    return ({ contact, company }) =>
      mapFields(withoutEmpty({ ...contact, ...(company === null ? {} : { company: withoutEmpty(company) }) }), null);
  const columns = Object.values(fields).map((source) => {
    const column = sourceName(source);
    return [column, sourceOf(column, labelSuffix)] as const;
  });
  return (objects) => {
    const row = columns.map(([column, { level, path }]) => [column, orNone(readData(objects[level], path))] as const);
    return mapFields(Object.fromEntries(row), fields);
  };
}

/** The object at a path of an item; null when there is none. */
export function objectAt(item: Item, path: DataPath | null): Item | null {
  const value = path === null ? undefined : path.text === '' ? item : readData(item, path);
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isObject(one) ? one : null;
}

/** Whether some request gives fields of companies. */
export function hasCompanies({ byEmail, byDomain, changedSince }: Connector): boolean {
  const lookups: LookupRequest[] = byDomain === null ? [byEmail] : [byEmail, byDomain];
  return (
    [...lookups, ...changedSince].some(({ company }) => company !== null) ||
    lookups.some(({ followUps }) => followUps.some(({ as }) => as === 'company'))
  );
}

function withoutEmpty(item: Item): Record<string, JsonValue | undefined> {
  return Object.fromEntries(
    Object.entries(item).flatMap(([key, value]) => (orNone(value) === undefined ? [] : [[key, value as JsonValue]])),
  );
}

function orNone(value: unknown): JsonValue | undefined {
  return value === null || value === '' ? undefined : (value as JsonValue | undefined);
}
