import type { Facts } from '../facts/facts.js';
import { ObjectReader } from '../files/object-reader.js';
import type { AssignmentSpec, AssignValue } from './action.js';
import type { ValueTemplate } from './value-template.js';
import { readTexts, renderTexts, type TextContext } from './text-values.js';

type SpecTemplate = (facts: Facts) => AssignmentSpec | null;

const SPEC_KEYS = [
  'users',
  'assignToAnyUser',
  'ignoreAvailability',
  'ignoreMaxMessages',
  'assignIfUserAvailableWithinMinutes',
  'aaMethod',
];

/**
 * One assignment with its backups. When no user of the main one is left, the first backup takes its place:
 * Emailgistics would try it next.
 */
export function readAssign(context: TextContext, reader: ObjectReader): ValueTemplate<'assign'> | undefined {
  reader.allow(['mainAssignment', 'backupAssignments'], 'the value of assign');
  const specs = [reader.require('mainAssignment', 'the value of assign'), ...(reader.array('backupAssignments') ?? [])]
    .filter((node) => node !== undefined)
    .map((node) => {
      const spec = ObjectReader.of(context.document, node, 'an assignment');
      return spec && readSpec(context, spec);
    })
    .filter((spec) => spec !== undefined);
  return (facts) => assignInOrder(specs.flatMap((spec) => spec(facts) ?? []));
}

/** The assignment without the users who are not known; null when nobody is left. */
export function withKnownUsers(
  { mainAssignment, backupAssignments = [] }: AssignValue,
  isKnown: (user: string) => boolean,
): AssignValue | null {
  const left = [mainAssignment, ...backupAssignments].flatMap((spec) => {
    if (spec.users === undefined) return [spec];
    const users = spec.users.filter(isKnown);
    return users.length === 0 ? [] : [{ ...spec, users }];
  });
  return assignInOrder(left);
}

function assignInOrder([mainAssignment, ...backupAssignments]: readonly AssignmentSpec[]): AssignValue | null {
  if (mainAssignment === undefined) return null;
  return backupAssignments.length === 0 ? { mainAssignment } : { mainAssignment, backupAssignments };
}

function readSpec(context: TextContext, reader: ObjectReader): SpecTemplate | undefined {
  reader.allow(SPEC_KEYS, 'an assignment');
  const assignToAnyUser = reader.boolean('assignToAnyUser');
  const options = {
    ...present('ignoreAvailability', reader.boolean('ignoreAvailability')),
    ...present('ignoreMaxMessages', reader.boolean('ignoreMaxMessages')),
    ...present('assignIfUserAvailableWithinMinutes', reader.integer('assignIfUserAvailableWithinMinutes', 0)),
    ...present('aaMethod', reader.integer('aaMethod', 0)),
  };
  if (assignToAnyUser === true) {
    if (!reader.has('users')) return () => ({ assignToAnyUser, ...options });
    context.document.error(reader.keyNode('users'), 'an assignment has "users" or "assignToAnyUser": true, not both');
    return undefined;
  }
  if (!reader.has('users')) {
    context.document.error(reader.node, 'an assignment needs "users" or "assignToAnyUser": true');
    return undefined;
  }
  const templates = readTexts(context, reader, 'users', 'an assignment');
  if (templates === undefined) return undefined;
  return (facts) => {
    const users = uniqueUsers(renderTexts(templates, facts));
    return users.length === 0 ? null : { users, ...options };
  };
}

/** Emailgistics matches users without regard to case. */
function uniqueUsers(users: readonly string[]): string[] {
  const seen = new Set<string>();
  return users.filter((user) => seen.size < seen.add(user.toLowerCase()).size);
}

function present<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}
