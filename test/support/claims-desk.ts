import { correspondent, sampleDelivery } from './sample-delivery.js';
import type { WorkspaceFiles } from './start-app.js';

/** A busy desk: rules of five priorities with every kind of nesting, twenty customers, and mail of every kind of sender. */

const TIERS = ['gold', 'silver', 'bronze', null];
const REGIONS = ['north', 'south', 'east', 'west', 'overseas'];
const PRIORITIES = [50, 10, 40, 20, 30];

const CUSTOMERS = Array.from({ length: 20 }, (_, index) => ({
  email: `person${index}@customer${index % 15}.example`,
  domain: index < 15 ? `customer${index}.example` : null,
  claimNumber: `CLM-${1000 + index}`,
  tier: TIERS[index % TIERS.length],
  score: index * 5,
  address: { region: REGIONS[index % REGIONS.length], lines: [`${index} High Street`, 'Northtown'] },
  products: index % 3 === 0 ? ['home', 'fleet'] : index % 3 === 1 ? ['fleet'] : [],
}));

const leaf = (fact: string, operator: string, value: unknown) => ({ fact, operator, value });

const CONDITIONS = {
  known: { all: [leaf('lookup.state', 'equal', 'found')] },
  valued: { any: [leaf('customer.tier', 'in', ['gold', 'silver']), leaf('customer.score', 'greaterThan', 70)] },
  urgent: {
    any: [leaf('message.subject', 'containsText', 'urgent'), leaf('message.subject', 'matches', '(?i)\\bat once\\b')],
  },
  'urgent-and-valued': { all: [{ condition: 'urgent' }, { condition: 'valued' }, { not: { condition: 'automatic' } }] },
  automatic: { any: [leaf('sender.isAutoReply', 'equal', true), leaf('sender.isNoReply', 'equal', true)] },
};

/** Conditions of every shape, each with the depth at which promises would overtake one another. */
const SHAPES: readonly object[] = [
  { all: [] },
  { condition: 'known' },
  {
    all: [
      { condition: 'known' },
      { not: { any: [{ condition: 'automatic' }, leaf('customer.tier', 'equal', 'bronze')] } },
    ],
  },
  {
    any: [
      { condition: 'urgent-and-valued' },
      { fact: 'customer', path: '$.address.region', operator: 'equal', value: 'overseas' },
    ],
  },
  { not: { all: [{ condition: 'known' }, { any: [{ condition: 'valued' }, { condition: 'urgent' }] }] } },
  { all: [{ fact: 'customer', path: '$.products', operator: 'contains', value: 'fleet' }] },
  {
    any: [
      leaf('customer.score', 'lessThan', { fact: 'customer.products.length' }),
      leaf('message.hasAttachments', 'equal', true),
    ],
  },
  deep(leaf('customer.score', 'greaterThanInclusive', 40), 12),
  { all: [deep({ condition: 'urgent' }, 5), deep(leaf('customer.address.lines[1]', 'startsWith', 'North'), 9)] },
];

/** The same truth, so many levels down. */
function deep(condition: object, levels: number): object {
  const wraps = [
    (inner: object) => ({ all: [inner] }),
    (inner: object) => ({ any: [inner] }),
    (inner: object) => ({ not: { not: inner } }),
  ];
  return levels === 0 ? { all: [condition] } : wraps[levels % wraps.length]!(deep(condition, levels - 1));
}

function rule(name: string, shape: number, priority: number): object {
  return {
    name,
    priority,
    conditions: SHAPES[shape % SHAPES.length],
    actions: [
      {
        type: 'setCustomFields',
        name: `${name} 1`,
        value: { [`${name}-claim`]: '{{ customer.claimNumber }}', region: '{{ customer.address.region }}', last: name },
      },
      { type: 'tag', name: `${name} 2`, value: { tags: [name, '{{ customer.products }}', '{{ customer.tier }}'] } },
      ...(shape % 4 === 1
        ? [{ type: 'assign', name: `${name} 3`, value: { mainAssignment: { users: [`Desk ${name}`] } } }]
        : []),
    ],
  };
}

function ruleFile(prefix: string, offset: number): object {
  return {
    rules: SHAPES.map((_, index) =>
      rule(`${prefix}-${index}`, index, PRIORITIES[(index + offset) % PRIORITIES.length]!),
    ),
  };
}

export const CLAIMS_DESK: WorkspaceFiles = {
  rules: {
    'a-conditions.json': { conditions: CONDITIONS },
    'b.json': ruleFile('b', 0),
    'b/nested.json': ruleFile('n', 2),
    'c.json': ruleFile('c', 4),
  },
  customers: CUSTOMERS,
};

const SUBJECTS = ['Water damage', 'URGENT: burst pipe', 'Re: please answer at once', 'Automatic reply: away', ''];

/** The nth message of a day: every mix of sender, subject and attachment, always the same for the same number. */
export function deskDelivery(index: number): Record<string, unknown> {
  const customer = CUSTOMERS[index % CUSTOMERS.length]!;
  const senders = [
    correspondent(customer.email, `Person ${index}`),
    correspondent(customer.email.replace('@', '+claims@').toUpperCase()),
    correspondent(`colleague${index}@${customer.domain ?? 'stranger.example'}`),
    correspondent(`stranger${index}@unknown.example`),
    correspondent(`no-reply@customer${index % 15}.example`),
    null,
  ];
  return sampleDelivery({
    id: `desk-${index}`,
    from: senders[index % senders.length],
    subject: SUBJECTS[index % SUBJECTS.length],
    hasAttachments: index % 7 === 0,
  });
}
