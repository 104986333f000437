import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Facts, LookupState } from '../src/facts/facts.js';
import { TRUE } from '../src/rules/compile-condition.js';
import { decide } from '../src/rules/decide.js';
import { lintNeverActs } from '../src/rule-lint/lint-never-acts.js';
import { type LintRule, readLintSource } from '../src/rule-lint/lint-source.js';
import { buildRuleSet } from '../src/rules/load-rules.js';
import { factsWith } from './support/rule-program.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env['LINT_RUNS'] ?? 3_000);

const TIERS = ['gold', 'silver', 'platinum'];
const NUMBERS = [5, 10, 15];

const tierLeaf = fc.oneof(
  fc.record({ operator: fc.constantFrom('equal', 'notEqual'), value: fc.constantFrom(...TIERS, null) }),
  fc.record({ operator: fc.constantFrom('in', 'notIn', 'not:in'), value: fc.subarray(TIERS, { minLength: 1 }) }),
  fc.record({ operator: fc.constantFrom('containsText', 'not:containsText'), value: fc.constantFrom('LD', 'il') }),
  fc.record({ operator: fc.constant('exists'), value: fc.boolean() }),
);
const numberLeaf = fc.oneof(
  fc.record({
    operator: fc.constantFrom('lessThan', 'lessThanInclusive', 'greaterThan', 'not:greaterThanInclusive'),
    value: fc.constantFrom(...NUMBERS, '9'),
  }),
  fc.record({ operator: fc.constantFrom('equal', 'notEqual'), value: fc.constantFrom(...NUMBERS) }),
);
const stateLeaf = fc.record({
  operator: fc.constantFrom('in', 'notIn'),
  value: fc.subarray(['found', 'not_found', 'unavailable'], { minLength: 1, maxLength: 2 }),
});
const on = (fact: string, comparison: fc.Arbitrary<{ operator: string; value: unknown }>) =>
  comparison.map((each) => ({ fact, ...each }));
/** `customer.area` is always missing. */
const references = fc.record({
  operator: fc.constantFrom('equal', 'notEqual'),
  value: fc.constantFrom({ fact: 'customer.domain' }, { fact: 'customer.area' }),
});
const leaf: fc.Arbitrary<object> = fc.oneof(
  { weight: 3, arbitrary: on('customer.tier', tierLeaf) },
  { weight: 2, arbitrary: on('customer.premium', numberLeaf) },
  { weight: 2, arbitrary: on('lookup.state', stateLeaf) },
  on('customer', fc.record({ operator: fc.constant('exists'), value: fc.boolean() })),
  on('message.isReply', fc.record({ operator: fc.constantFrom('equal', 'notEqual'), value: fc.boolean() })),
  on('sender.domain', references),
  on('customer.area', references),
);
const { condition } = fc.letrec<{ condition: object; group: object }>((tie) => ({
  condition: fc.oneof({ maxDepth: 2 }, { weight: 4, arbitrary: leaf }, tie('group')),
  group: fc.oneof(
    fc.record({ all: fc.array(tie('condition'), { maxLength: 2 }) }),
    fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('condition') }),
  ),
}));
const rule = fc.record({
  conditions: fc.array(condition, { minLength: 1, maxLength: 2 }).map((all) => ({ all })),
  exclusive: fc.constantFrom('routing', undefined),
  stop: fc.constantFrom(true, undefined),
  onUnknown: fc.constantFrom('match', undefined, undefined),
});
const actions = [{ type: 'tag', value: { tags: ['x'] } }];

/** All combinations of what the rules above ask about. */
const EVERY_FACTS: readonly Facts[] = [true, false].flatMap((isReply) => [
  ...(['not_found', 'unavailable'] as const).map((state) => facts(isReply, state, null)),
  ...[undefined, null, ...TIERS].flatMap((tier) =>
    [undefined, null, ...NUMBERS, '9', 12].flatMap((premium) =>
      [undefined, 'northwind.example'].map((domain) =>
        facts(isReply, 'found', JSON.parse(JSON.stringify({ tier, premium, domain })) as Facts['customer']),
      ),
    ),
  ),
]);

function facts(isReply: boolean, state: LookupState, customer: Facts['customer']): Facts {
  const base = factsWith(customer, state === 'unavailable');
  return { ...base, message: { ...base.message, isReply }, lookup: { ...base.lookup, state } };
}

test(
  `what the linter claims of generated rules is so for every message, seed ${SEED}`,
  async () => {
    const claims = { neverMatches: 0, neverActs: 0, implies: 0, excludes: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 2, maxLength: 3 }), async (drafts) => {
        const rules = drafts.map((draft, index) => ({ name: `r${index}`, actions, ...draft }));
        const bytes = Buffer.from(JSON.stringify({ rules }));
        const load = await buildRuleSet([{ file: 'a.json', path: 'a.json', kind: 'rules', bytes }], {
          customerFields: null,
        });
        if (!load.ok) throw new Error(JSON.stringify(load.faults));
        const { ruleSet } = load;
        const source = readLintSource(ruleSet, load.files);
        const idle = lintNeverActs(source);
        const [first, second] = source.rules as [LintRule, LintRule];
        const isImplied = covers(first, second);
        const isExcluded = (first.cases ?? []).length > 0 && excludes(first, second);
        claims.neverMatches += source.rules.filter(({ canMatch }) => !canMatch).length;
        claims.neverActs += idle.size;
        claims.implies += isImplied ? 1 : 0;
        claims.excludes += isExcluded ? 1 : 0;
        const isRefuted = EVERY_FACTS.some((each) => {
          const reading = ruleSet.program.read(each);
          const [isFirst, isSecond] = ruleSet.program.conditions.map((compiled) => compiled.evaluate(reading) === TRUE);
          if (isImplied && isSecond === true && isFirst !== true) return true;
          if (isExcluded && isFirst === true && isSecond === true) return true;
          return decide(ruleSet, each).acting.some(({ name }) => idle.has(name));
        });
        expect(isRefuted).toBe(false);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    // The claims are about something.
    expect(Math.min(...Object.values(claims))).toBeGreaterThan(RUNS / 100);
  },
  30_000 + RUNS * 10,
);

function covers(wide: LintRule, narrow: LintRule): boolean {
  if (wide.cases === null || narrow.cases === null) return false;
  return narrow.cases.every((found) => wide.cases!.some((other) => found.implies(other)));
}

function excludes(first: LintRule, second: LintRule): boolean {
  if (first.cases === null || second.cases === null) return false;
  return first.cases.every((found) => second.cases!.every((other) => found.excludes(other)));
}
