import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { customerFieldsRead } from './customer-fields-read.js';
import { loadRules } from './load-rules.js';

const atom = (fact: string, more: object = {}) => ({ fact, operator: 'equal', value: 'x', ...more });

/** What a rule with this condition and this tag reads. */
async function readBy(condition: object, tag = 'VIP'): Promise<string[] | null> {
  const rule = {
    name: 'a',
    conditions: { all: [condition] },
    actions: [{ type: 'tag', value: { tags: [tag] } }],
  };
  const file = { conditions: { named: { all: [atom('customer.inNamed')] } }, rules: [rule] };
  const load = await loadRules(tempFolder({ 'a.json': JSON.stringify(file) }), { customerFields: null });
  if (!load.ok) throw new Error(load.faults.map(({ message }) => message).join('\n'));
  return customerFieldsRead(load.ruleSet);
}

test.each<[string, object, string, string[] | null]>([
  ['a condition', atom('customer.tier'), 'x', ['tier']],
  ['a path', atom('customer', { path: '$.address.city' }), 'x', ['address']],
  ['a value that is another field', atom('customer.b', { value: { fact: 'customer.a' } }), 'x', ['a', 'b']],
  ['a named condition', { condition: 'named' }, 'x', ['inNamed']],
  ['a nested condition', { any: [{ not: atom('customer.tier') }] }, 'x', ['tier']],
  ['a template', atom('message.subject'), 'a {{ customer.tier | upcase }} {{ customer["since"] }}', ['since', 'tier']],
  ['a condition in a template', atom('message.subject'), '{% if customer.vip == true %}VIP{% endif %}', ['vip']],
  ['nothing of the customer', atom('message.subject'), 'VIP', []],
  ['the whole record in a condition', atom('customer', { operator: 'equal', value: null }), 'x', null],
  ['the whole record in a template', atom('customer.tier'), '{{ customer | json }}', null],
])('fields are read by %s', async (_, condition, tag, fields) => {
  expect(await readBy(condition, tag)).toEqual(fields);
});
