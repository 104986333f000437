import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { decideCase, type DecideCase } from './support/decide-case.js';

interface DecisionCase extends DecideCase {
  readonly name: string;
  /** `verdict`, or for a skipped rule `skipped reason [winner]`, by rule in order. */
  readonly verdicts: Readonly<Record<string, string>>;
  /** Tags of the answer, in order. */
  readonly tags: readonly string[];
}

type OperatorCase = readonly [fact: unknown, value: unknown, expected: boolean];

const read = <T>(path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as T;
const DECISIONS = read<readonly DecisionCase[]>('./cases/decisions.json');
const OPERATORS = read<Readonly<Record<string, readonly OperatorCase[]>>>('./cases/operators.json');

test.each(DECISIONS)('$name', async ({ verdicts: wanted, tags, ...given }) => {
  const { decision, verdicts, composition } = await decideCase(given);
  const got = verdicts.map(({ rule, verdict, skipped, lostTo }) => [
    rule,
    [verdict, skipped, lostTo].filter(Boolean).join(' '),
  ]);
  expect(got).toEqual(Object.entries(wanted));
  const tellsOf = new Set(decision.verdicts.map(({ rule }) => rule));
  expect(verdicts.filter(({ rule }) => tellsOf.has(rule)).map(({ nearMiss: _, ...verdict }) => verdict)).toEqual(
    decision.verdicts,
  );
  expect(composition.actions.flatMap(({ value }) => (value as { tags: string[] }).tags)).toEqual(tags);
});

describe('operators', () => {
  const cases = Object.entries(OPERATORS).flatMap(([operator, rows]) =>
    rows.map(([fact, value, expected]) => ({ operator, fact, value, expected })),
  );

  test.each(cases)('$fact $operator $value is $expected', async ({ operator, fact, value, expected }) => {
    const condition = { fact: 'customer.field', operator, value };
    const rule = { name: 'r', conditions: { all: [condition] }, actions: [{ type: 'tag', value: { tags: ['A'] } }] };
    const { verdicts } = await decideCase({
      rules: { rules: [rule] },
      lists: { tiers: ['gold', 7], partners: { 'acme.example': { owner: 'Joe' } } },
      customer: fact === 'missing' ? {} : { field: fact as never },
    });
    expect(verdicts[0]?.verdict).toBe(expected ? 'matched' : 'not_matched');
  });
});

test('a verdict names the deciding condition, what it read, and where it stands', async () => {
  const rules = {
    conditions: { gold: { all: [{ fact: 'customer.tier', operator: 'in', value: ['gold', 'platinum'] }] } },
    rules: [
      {
        name: 'r',
        conditions: { all: [{ fact: 'message.isReply', operator: 'equal', value: false }, { condition: 'gold' }] },
        actions: [{ type: 'tag', value: { tags: ['A'] } }],
      },
    ],
  };
  const { verdicts } = await decideCase({ rules, customer: { tier: 'silver' } });
  const text = JSON.stringify(rules);
  expect(verdicts[0]?.why).toEqual({
    location: {
      file: expect.stringMatching(/rules\.json$/),
      line: 1,
      column: text.indexOf('{"fact":"customer.tier"') + 1,
    },
    fact: 'customer.tier',
    operator: 'in',
    isNegated: false,
    wanted: ['gold', 'platinum'],
    read: 'silver',
  });
});

test.each([
  [{ fact: 'customer.region' }, 'customer.region'],
  [{ fact: 'message', path: '$.to[0]' }, 'message.to[0]'],
  ['north', undefined],
])('the why of a comparison with %j says where that was read', async (value, wantedFact) => {
  const rules = {
    rules: [
      {
        name: 'abroad',
        conditions: { all: [{ fact: 'customer.country', operator: 'notEqual', value }] },
        actions: [{ type: 'tag', value: { tags: ['Abroad'] } }],
      },
    ],
  };
  const { verdicts } = await decideCase({ rules, customer: { region: 'north', country: 'south' } });
  expect(verdicts[0]?.why?.wantedFact).toBe(wantedFact);
});
