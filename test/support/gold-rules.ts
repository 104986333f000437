/** A customer, and rules for customers of her tier: live, in shadow, twice the same, and over. */
export const DANA = 'dana@northwind.example';
export const gold = (name: string, tag: string, more: object = {}) => ({
  name,
  conditions: {
    all: [
      { fact: 'lookup.state', operator: 'equal', value: 'found' },
      { fact: 'customer.tier', operator: 'equal', value: 'gold' },
    ],
  },
  actions: [{ type: 'tag', value: { tags: [tag] } }],
  ...more,
});
export const RULES = {
  'rules.json': {
    rules: [
      gold('vip', 'VIP', { priority: 20, mailboxes: ['claims@insurer.example', '*@branch.example'] }),
      gold('vip-again', 'VIP', { mode: 'shadow', description: 'Only looked at', validFrom: '2026-01-01' }),
      gold('twice', 'VIP'),
      gold('late', 'Late', { validUntil: '2020-01-01', exclusive: 'group', stop: true }),
    ],
  },
  'lists/partners.csv': 'domain,owner\nacme.example,Joe\n',
};
