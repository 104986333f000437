import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Engine } from 'json-rules-engine';
import type { CustomerRecord, JsonValue } from '../src/facts/facts.js';
import { TRUE, UNKNOWN } from '../src/rules/compile-condition.js';
import { decide } from '../src/rules/decide.js';
import { parseOperator } from '../src/rules/check-operand.js';
import { operatorNamed, toEnginePath, toEngineValue } from '../src/rules/engine-terms.js';
import { OPERATORS } from '../src/rules/operators.js';
import type { EngineCondition } from '../src/rules/read-conditions.js';
import { evaluateByReference } from '../src/rules/reference.js';
import { decideCase } from './support/decide-case.js';
import { factsWith, ruleSetOf } from './support/rule-program.js';

/**
 * The compiled closures and json-rules-engine's own evaluation agree. `EQUIVALENCE_SEED` repeats a run, `EQUIVALENCE_CASES`
 * makes it longer.
 */
const SEED = Number(process.env['EQUIVALENCE_SEED'] ?? Date.now() % 2 ** 31);
const CASES = Number(process.env['EQUIVALENCE_CASES'] ?? 100_000);
const RULES_PER_SET = 10;
const FACTS_PER_SET = 10;

// Few values and many types, so that comparisons hit and miss, and meet what they do not expect.
const scalar = fc.constantFrom<JsonValue>(
  'a',
  'b',
  'A',
  '',
  '1',
  '10',
  'a b',
  'dana@a.example',
  '2026-11-20',
  0,
  1,
  10,
  1.5,
  -1,
  true,
  false,
  null,
);
const nested = fc.dictionary(
  fc.constantFrom('x', 'y', 'constructor'),
  fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
  { maxKeys: 3 },
);
const value = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 1, arbitrary: nested },
);
const customer = fc.dictionary(fc.constantFrom('f', 'g', 'h', '__proto__'), value, {
  maxKeys: 4,
}) as fc.Arbitrary<CustomerRecord>;

const path = fc.oneof(
  fc.constantFrom(
    ['customer', 'f'],
    ['customer', 'g'],
    ['customer', 'h'],
    ['customer', 'h', 'x'],
    ['customer', 'h', 'x', 0],
    ['customer', 'f', 1],
  ),
  fc.constantFrom(
    ['customer', '__proto__'],
    ['customer', 'f', 'constructor'],
    ['customer', 'none'],
    ['customer'],
    ['message', 'to'],
    ['message', 'to', 1],
  ),
  fc.constantFrom(
    ['message', 'isReply'],
    ['sender', 'domain'],
    ['lookup', 'state'],
    ['now'],
    ['message', 'received'],
    ['sender', 'onBehalfOf'],
    ['lists', 'letters'],
    ['lists', 'table', 'a'],
  ),
);

const list = fc.array(scalar, { maxLength: 4 });
const literalFor: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  equal: fc.oneof(scalar, fc.constantFrom('found', 'northwind.example')),
  notEqual: scalar,
  in: list,
  notIn: list,
  contains: scalar,
  doesNotContain: scalar,
  lessThan: fc.constantFrom(0, 1, 1.5, '1', '10'),
  lessThanInclusive: fc.constantFrom(0, 1, '10'),
  greaterThan: fc.constantFrom(0, 1, '1', -1),
  greaterThanInclusive: fc.constantFrom(0, 10, '1.5'),
  exists: fc.boolean(),
  containsText: fc.constantFrom('a', 'B', ' '),
  startsWith: fc.constantFrom('a', 'D'),
  endsWith: fc.constantFrom('b', '.EXAMPLE'),
  matches: fc.constantFrom('^a', '(?i)a b', '[0-9]+'),
  inDomain: fc.constantFrom('a.example', 'example'),
  inList: fc.constantFrom('letters', 'table'),
  before: fc.constantFrom('2026-11-21', '2026-11-24T09:00:00Z'),
  after: fc.constantFrom('2026-11-19', '2026-11-24'),
  withinLast: fc.constantFrom('P5D', 'PT1H'),
  withinHours: fc.constantFrom('Mon-Fri 08:00-09:00', 'Fri 00:00-24:00'),
};
const LISTS = { letters: ['a', 'B', 1], table: { a: {}, found: {} } };

const leaf: fc.Arbitrary<EngineCondition> = fc
  .tuple(
    fc.constantFrom(...Object.keys(literalFor)),
    fc.array(fc.constantFrom('not', 'someFact', 'everyFact', 'someValue', 'everyValue', 'swap'), { maxLength: 2 }),
  )
  .map(([name, decorators]) => [name, [...decorators, name].join(':')] as const)
  .filter(([, written]) => parseOperator(written).ok)
  .chain(([name, written]) => {
    const isPerValue = /Value:/.test(written);
    const literal = isPerValue ? fc.array(literalFor[name]!, { maxLength: 3 }) : literalFor[name]!;
    const parsed = parseOperator(written);
    if (!parsed.ok) throw new Error(parsed.message);
    const { operator } = parsed;
    const operand = fc.oneof(
      { weight: 4, arbitrary: literal.map((given) => ({ literal: given as unknown })) },
      {
        weight: operator.definition.value === 'any' ? 1 : 0,
        arbitrary: path.map((segments) => ({ fact: { segments, field: null } })),
      },
    );
    return fc.record({ segments: path, operand }).map(({ segments: [fact, ...rest], operand: given }) => ({
      fact,
      ...(rest.length === 0 ? {} : { path: toEnginePath(rest) }),
      operator: written,
      value: toEngineValue(operator, given),
      at: 0,
    }));
  });

const NAMES = ['n0', 'n1'] as const;

/** Trees of at most this depth; named conditions refer to none, so that there are no cycles. */
function tree(depth: number, mayRefer: boolean): fc.Arbitrary<EngineCondition> {
  if (depth === 0) return leaf;
  const child = fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 2, arbitrary: fc.constant(null).chain(() => tree(depth - 1, mayRefer)) },
  );
  const all = fc.array(child, { maxLength: 3 }).map((children) => ({ all: children, at: 0 }));
  const any = fc.array(child, { minLength: 1, maxLength: 3 }).map((children) => ({ any: children, at: 0 }));
  const not = child.map((inner) => ({ not: inner, at: 0 }));
  const reference = fc.constantFrom(...NAMES).map((condition) => ({ condition, at: 0 }));
  return mayRefer ? fc.oneof(all, any, not, reference) : fc.oneof(all, any, not);
}

const ruleSets = fc.record({
  named: fc.tuple(tree(2, false), tree(2, false)),
  rules: fc.array(tree(6, true), { minLength: RULES_PER_SET, maxLength: RULES_PER_SET }),
  customers: fc.array(fc.tuple(customer, fc.integer({ min: 0, max: 4 })), {
    minLength: FACTS_PER_SET,
    maxLength: FACTS_PER_SET,
  }),
});

test(`compiled and reference agree on ${CASES} cases, seed ${SEED}`, async () => {
  const counts = { compared: 0, matched: 0, undecided: 0, refused: 0 };
  const numRuns = Math.ceil((CASES * 1.4) / (RULES_PER_SET * FACTS_PER_SET));
  await fc.assert(
    fc.asyncProperty(ruleSets, async ({ named, rules, customers }) => {
      const ruleSet = await ruleSetOf(rules, new Map(NAMES.map((name, index) => [name, named[index]!])), LISTS);
      for (const [record, dice] of customers) {
        const facts = factsWith(record, dice === 0, LISTS);
        const told = new Map(decide(ruleSet, facts).verdicts.map(({ rule, verdict }) => [rule, verdict]));
        for (const rule of ruleSet.rules) {
          const reference = await evaluateByReference(rule, facts);
          // Where json-rules-engine gives up on a rule there is nothing to agree with (docs/rules.md, "Where we differ").
          if (reference === null) counts.refused++;
          else {
            const expected =
              reference.truth === TRUE ? 'matched' : reference.truth === UNKNOWN ? 'undecided' : undefined;
            counts.compared++;
            if (expected === 'matched') counts.matched++;
            if (expected === 'undecided') counts.undecided++;
            if (told.get(rule.name) !== expected)
              throw new Error(
                `${rule.name} is ${told.get(rule.name) ?? 'not_matched'}, the reference says ${expected ?? 'not_matched'}`,
              );
          }
        }
      }
    }),
    { seed: SEED, numRuns },
  );
  process.stdout.write(`equivalence: ${JSON.stringify(counts)}, seed ${SEED}\n`);
  expect(counts.compared).toBeGreaterThanOrEqual(CASES);
  for (const share of [counts.matched, counts.undecided]) expect(share).toBeGreaterThan(CASES / 50);
}, 600_000);

/**
 * Six of json-rules-engine's operators are replaced by our own (docs/rules.md, "Where we differ"), so the reference above
 * uses ours. Here they are held against the originals wherever those compare lists, or numbers with numbers and their texts.
 */
describe('our own', () => {
  const originals = new Engine();
  const isNumber = (given: unknown) => typeof given === 'number';
  const isNumericText = (given: unknown) => typeof given === 'string' && /^-?\d+(\.\d+)?$/.test(given);
  const numbers = fc.oneof(
    scalar,
    fc.integer(),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer().map(String),
  );

  test.each(['in', 'notIn'])('%s is as the original for every list', (name) => {
    const wanted = fc.array(value, { maxLength: 20 });
    fc.assert(
      fc.property(value, wanted, (fact, entries) => {
        const expected = operatorNamed(originals, name).evaluate(fact, entries);
        expect(OPERATORS[name]?.prepare?.(entries)(fact, '')).toBe(expected);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  test.each(['lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive'])(
    '%s is as the original where one side at least is a number, and compares two texts as numbers',
    (name) => {
      const original = operatorNamed(originals, name);
      fc.assert(
        fc.property(numbers, numbers, (fact, limit) => {
          const holds = OPERATORS[name]?.prepare?.(limit)(fact, '');
          const areNumbers = [fact, limit].every((given) => isNumber(given) || isNumericText(given));
          if (!areNumbers) expect(holds).toBe(false);
          else if (isNumber(fact) || isNumber(limit)) expect(holds).toBe(original.evaluate(fact, limit));
          else expect(holds).toBe(original.evaluate(Number(fact), Number(limit)));
        }),
        { seed: SEED, numRuns: 5_000 },
      );
    },
  );
});

interface DocumentationCase {
  readonly name: string;
  readonly conditions: unknown;
  readonly named?: Readonly<Record<string, unknown>>;
  readonly facts: CustomerRecord;
  readonly matches: boolean;
}

const DOCUMENTATION = JSON.parse(
  readFileSync(new URL('./cases/json-rules-engine-docs.json', import.meta.url), 'utf8'),
) as readonly DocumentationCase[];

test.each(DOCUMENTATION)(
  "json-rules-engine's documentation: $name",
  async ({ conditions, named = {}, facts, matches }) => {
    const rule = { name: 'r', conditions, actions: [{ type: 'tag', value: { tags: ['A'] } }] };
    const { verdicts } = await decideCase({ rules: { conditions: named, rules: [rule] }, customer: facts });
    expect(verdicts[0]?.verdict).toBe(matches ? 'matched' : 'not_matched');
  },
);
