import fc from 'fast-check';
import { NOT_LOOKED_UP } from '../../src/crm/lookup.service.js';
import { type Facts, type LookupFacts, MATCHED_BY } from '../../src/facts/facts.js';
import { formatFault } from '../../src/files/fault.js';
import { type LoadedRules, loadRules } from '../../src/rules/load-rules.js';
import { tempFolder } from './temp-folder.js';

export const LISTS = { tiers: ['gold', 'silver'], regions: { gold: 'north', silver: 'south' } };

const TIERS = ['gold', 'silver'];
const tier = fc.constantFrom(...TIERS);
const isReply = { fact: 'message.isReply', operator: 'equal' };
const domain = { fact: 'sender.domain', operator: 'equal' };
const OF_MESSAGE = [
  { ...isReply, value: true },
  { ...isReply, value: false },
  { ...domain, value: 'northwind.example' },
  { ...domain, value: 'acme.example' },
  { fact: 'message.subject', operator: 'containsText', value: 'water' },
  { fact: 'message.to', operator: 'someFact:endsWith', value: '@acme.example' },
  { fact: 'sender.domain', operator: 'inList', value: 'tiers' },
];
const leaf: fc.Arbitrary<object> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<object[]>(...OF_MESSAGE) },
  fc.record({
    fact: fc.constant('customer.tier'),
    operator: fc.constantFrom('equal', 'notEqual', 'not:containsText'),
    value: tier,
  }),
  fc.record({
    fact: fc.constant('customer.tags'),
    operator: fc.constantFrom('contains', 'doesNotContain'),
    value: tier,
  }),
  fc.record({
    fact: fc.constant('customer.count'),
    operator: fc.constantFrom('lessThan', 'greaterThan'),
    value: fc.constant(5),
  }),
  fc.record({
    fact: fc.constantFrom('customer', 'customer.tier', 'lookup.source'),
    operator: fc.constant('exists'),
    value: fc.boolean(),
  }),
  fc.record({
    fact: fc.constant('lookup.state'),
    operator: fc.constantFrom('in', 'notIn'),
    value: fc.subarray(['found', 'not_found', 'ambiguous', 'unavailable', 'skipped'], { minLength: 1 }),
  }),
  fc.record({
    fact: fc.constant('message.subject'),
    operator: fc.constantFrom('equal', 'notEqual'),
    value: fc.constant({ fact: 'customer.tier' }),
  }),
);
const { group } = fc.letrec<{ condition: object; group: object }>((tie) => ({
  condition: fc.oneof({ maxDepth: 3 }, { weight: 3, arbitrary: leaf }, tie('group')),
  group: fc.oneof(
    fc.record({ all: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('condition') }),
    fc.record({ condition: fc.constantFrom('named', 'of-message') }),
  ),
}));
const named = fc.oneof(
  fc.record({ all: fc.array(leaf, { maxLength: 2 }) }),
  fc.record({ any: fc.array(leaf, { minLength: 1, maxLength: 2 }) }),
);

const OF_NOBODY = ['A', 'B', '{{ message.id }}', '{{ sender.domain }}', '{{ lists.regions.gold }}'];
/** Every way that a text has to read the look-up. */
const OF_SOMEBODY = [
  '{{ customer.tier }}',
  '{{ lookup.state }}',
  '{{ customer["tier"] }}',
  '{{ lists.regions[customer.tier] }}',
  '{{ message.bodyText | default: customer.tier }}',
  '{{ "x" | append: lookup.source }}',
  '{% if customer %}Y{% else %}N{% endif %}',
  '{% unless customer.tier == "gold" %}Y{% endunless %}',
  '{% case message.id %}{% when customer.tier %}Y{% else %}N{% endcase %}',
  '{% case customer.tier %}{% when "gold" %}Y{% else %}N{% endcase %}',
  '{% assign c = customer %}{{ c.tier }}',
  '{% capture c %}{{ customer.tier }}{% endcapture %}{{ c }}',
  '{% for x in lists.tiers limit: customer.count %}{{ x }}{% endfor %}',
  '{% for x in customer.tags %}{{ x }}{% endfor %}',
  '{% for x in (1..customer.count) %}{{ x }}{% endfor %}',
  '{% tablerow x in lists.tiers cols: customer.count %}{{ x }}{% endtablerow %}',
  '{% cycle customer.tier, "x" %}',
  '{% liquid\n  assign x = lists.regions[lists.tiers[customer.count]]\n  echo customer.tier\n%}',
];
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...OF_NOBODY) },
  { weight: 1, arbitrary: fc.constantFrom(...OF_SOMEBODY) },
);
const action = fc.oneof(
  fc.array(text, { minLength: 1, maxLength: 2 }).map((tags) => ({ type: 'tag', name: 'Tag', value: { tags } })),
  fc
    .dictionary(fc.constantFrom('tier', 'region'), text, { minKeys: 1, noNullPrototype: true })
    .map((value) => ({ type: 'setCustomFields', name: 'Fields', value })),
);
const seldom = <T>(...values: T[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...values) });
const rule = fc.record({
  conditions: group,
  actions: fc.array(action, { minLength: 1, maxLength: 2 }),
  priority: fc.integer({ min: 1, max: 3 }),
  exclusive: fc.constantFrom('a', 'b', undefined),
  stop: seldom(true),
  enabled: seldom(false),
  mode: seldom('shadow'),
  onUnknown: seldom('match'),
  mailboxes: seldom(['claims@insurer.example'], ['*@insurer.example'], ['sales@insurer.example']),
  validUntil: seldom('2025-12-31', '2027-12-31'),
});
export const ruleFile = fc.record({
  conditions: fc.record({
    named,
    'of-message': fc.constantFrom<object[]>(...OF_MESSAGE).map((only) => ({ all: [only] })),
  }),
  rules: fc
    .array(rule, { minLength: 1, maxLength: 6 })
    .map((rules) => rules.map((each, position) => ({ name: `r${position}`, ...each }))),
});

const customer = fc.record(
  {
    tier: fc.constantFrom(...TIERS, null, 7),
    tags: fc.oneof(fc.subarray(TIERS), fc.constant('gold')),
    count: fc.constantFrom(1, 9, '9', null),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const found = fc.record({
  state: fc.constant('found' as const),
  matchedBy: fc.constantFrom(...MATCHED_BY),
  source: fc.constantFrom('crm', 'other'),
  stale: fc.boolean(),
  ageSeconds: fc.nat(),
  incomplete: fc.boolean(),
});
const without = fc.constantFrom('not_found', 'ambiguous', 'unavailable').map((state): LookupFacts => ({
  ...NOT_LOOKED_UP.lookup,
  state,
  source: state === 'ambiguous' ? 'crm' : null,
}));
type Outcome = Pick<Facts, 'customer' | 'lookup'>;
export const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ customer, lookup: found }) },
  fc.record({ customer: fc.constant(null), lookup: without }),
);
export const message = fc.record({
  isReply: fc.boolean(),
  subject: fc.constantFrom('Water damage', 'gold', ''),
  to: fc.subarray(['claims@insurer.example', 'kim@acme.example']),
});

/** The rule set of a generated file, with the lists. */
export async function loadRuleFile(file: unknown): Promise<LoadedRules> {
  const folder = tempFolder({
    'rules.json': JSON.stringify(file),
    ...Object.fromEntries(Object.entries(LISTS).map(([name, list]) => [`lists/${name}.json`, JSON.stringify(list)])),
  });
  const loaded = await loadRules(folder, { customerFields: null });
  if (!loaded.ok) throw new Error(loaded.faults.map(formatFault).join('\n'));
  return loaded;
}
