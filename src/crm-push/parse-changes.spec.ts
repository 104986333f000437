import { expect, test } from '@jest/globals';
import type { Violation } from '../shared/problem.js';
import { MAX_CHANGES, MAX_FIELDS, parseChanges } from './parse-changes.js';

/** Names of fields that tell how often all of them were gone through. */
class Fields extends Array<string> {
  walks = 0;

  override [Symbol.iterator]() {
    this.walks += 1;
    return super[Symbol.iterator]();
  }
}

function violationsOf(body: unknown, fields: readonly string[]): readonly Violation[] {
  const parsed = parseChanges(body, fields);
  return parsed.ok ? [] : parsed.violations;
}

test('a whole record of unknown names costs little more than one, and is only counted beyond 1,000', () => {
  const fields = Fields.from(Array.from({ length: 300 }, (_, at) => `customer_name_${at}`)) as Fields;
  fields.walks = 0;
  const record = Object.fromEntries(Array.from({ length: MAX_FIELDS }, (_, at) => [`custmer_name_${at}`, at]));
  const change = { email: 'dana@northwind.example', record };
  const violations = violationsOf({ changes: Array.from({ length: MAX_CHANGES }, () => change) }, fields);
  expect(violations).toHaveLength(1_001);
  expect(violations.at(-1)).toEqual({ field: '', message: `and ${MAX_CHANGES * MAX_FIELDS - 1_000} more` });
  expect(violations.filter(({ message }) => message.includes('did you mean'))).toHaveLength(20);
  expect(violations[19]!.message).toBe(
    'the field "custmer_name_19" is none that the provider maps, did you mean "customer_name_19"?',
  );
  expect(violations[20]!.message).toBe('the field "custmer_name_20" is none that the provider maps');
  expect(fields.walks).toBeLessThan(25);
});

test.each([
  [1_000, 1_000, undefined],
  [1_001, 1_001, { field: '', message: 'and 1 more' }],
])('of %i violations %i are listed', (count, listed, last) => {
  const changes = Array.from({ length: Math.ceil(count / 2) }, (_, at) =>
    at === 0 && count % 2 === 1 ? { email: '?' } : { email: '?', domain: '?' },
  );
  const violations = violationsOf({ changes }, []);
  expect(violations).toHaveLength(listed);
  expect(violations.find(({ field }) => field === '')).toEqual(last);
});
