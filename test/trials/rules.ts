/** Every decision gives other bytes: two decisions of one message cannot pass for one. */
export const DECIDED_AT = {
  rules: [
    {
      name: 'decided-at',
      conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
      actions: [
        { type: 'setCustomFields', name: 'Tier', value: { tier: '{{ customer.tier }}', decidedAt: '{{ now }}' } },
      ],
    },
  ],
};
