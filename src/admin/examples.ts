/** Answers of the Admin API for invented people, as the OpenAPI document shows them; a test holds them against the schemas. */

const location = { file: 'rules/vip.json', line: 10, column: 7 };
const why = {
  location: { file: 'rules/vip.json', line: 14, column: 11 },
  fact: 'customer.tier',
  operator: 'in',
  isNegated: false,
  wanted: ['gold', 'platinum'],
  read: 'gold',
};
const verdict = { rule: 'vip-to-claims-desk', mode: 'live', location, verdict: 'matched' };
const envelope = {
  status: 'success',
  message: 'Customer found by address in "customers"; 1 action by 1 rule',
  actions: [{ type: 'tag', name: 'Tag VIP', value: { tags: ['VIP'] } }],
};
const lookup = {
  state: 'found',
  matchedBy: 'email',
  source: 'customers',
  stale: false,
  ageSeconds: 0,
  incomplete: false,
};
const summary = {
  id: '0mi5zk3tc9f86d081884c7d65',
  decidedAt: '2026-11-24T09:00:00.000Z',
  mailbox: 'claims@insurer.example',
  event: 'received',
  messageId: 'AAMkAGI2',
  outcome: 'acted',
  lookup: 'found',
  sender: 'h:93c1a54f20b7de68',
  rules: ['vip-to-claims-desk'],
  revision: 'a1b2c3d4e5f6',
};

export const EXAMPLES = {
  simulationRequest: {
    message: {
      id: '1',
      event: 'received',
      mailbox: 'claims@insurer.example',
      from: { emailAddress: { name: 'Dana Reyes', address: 'dana@northwind.example' } },
      subject: 'Water damage in the cellar',
    },
    customer: { tier: 'gold' },
    now: '2026-11-24T09:00:00Z',
  },
  simulation: {
    revision: 'a1b2c3d4e5f6',
    outcome: 'acted',
    status: 200,
    envelope,
    customer: { tier: 'gold' },
    lookup,
    verdicts: [{ ...verdict, why, nearMiss: null }],
    suppressed: [],
  },
  rules: {
    revision: 'a1b2c3d4e5f6',
    state: 'current',
    loadedAt: '2026-11-24T08:00:00.000Z',
    ageSeconds: 3600,
    lastRejected: null,
    files: ['rules/vip.json'],
    lists: [],
    rules: [
      {
        name: 'vip-to-claims-desk',
        description: null,
        priority: 50,
        enabled: true,
        mode: 'live',
        mailboxes: ['claims@insurer.example'],
        exclusive: 'routing',
        stop: false,
        onUnknown: 'skip',
        validFrom: null,
        validUntil: null,
        location,
        actions: ['tag'],
      },
    ],
  },
  reload: { status: 'loaded', revision: 'a1b2c3d4e5f6', rules: 1, warnings: [] },
  decisions: { decisions: [summary], next: null },
  decision: {
    ...summary,
    conversationId: '3QK7TT04M',
    answer: { status: 200, envelope },
    verdicts: [{ ...verdict, why: { ...why, isMasked: false } }],
    suppressed: [],
    timings: { lookupMs: 1.2, totalMs: 3.1 },
    facts: {
      message: { id: 'AAMkAGI2', subject: 'Water damage in the cellar', mailbox: 'claims@insurer.example' },
      sender: { address: 'h:93c1a54f20b7de68', name: null, domain: 'northwind.example' },
      customer: { tier: 'gold' },
      lookup,
      conversation: { customFields: {} },
      now: '2026-11-24T09:00:00.000Z',
    },
    masked: ['/sender/address', '/sender/name'],
    explanation: { because: null, verdicts: [{ ...verdict, why, nearMiss: null, isMasked: false }] },
  },
  lookup: {
    address: 'dana@northwind.example',
    customer: { tier: 'gold' },
    lookup,
    from: 'provider',
    milliseconds: 41.5,
    lastKnown: [{ provider: 'customers', by: 'email', key: 'dana@northwind.example', ageSeconds: 86_400 }],
  },
} as const;
