import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildFacts } from '../facts/build-facts.js';
import { readDelivery } from '../facts/read-delivery.js';
import type { CustomerRecord } from '../facts/facts.js';
import { NOT_LOOKED_UP } from '../crm/lookup.service.js';
import { parseTemplate, toText } from './text-template.js';

const delivery = readDelivery({}, { id: 'm1', event: 'received', mailbox: 'claims@insurer.example' });
const factsOf = (customer: CustomerRecord | null) =>
  buildFacts(delivery, { ...NOT_LOOKED_UP, customer }, new Date(0), { 'a-b': ['x'] });

function textOf(source: string, customer: CustomerRecord | null): string {
  const parsed = parseTemplate(source, { isHtml: false });
  if (!parsed.ok) throw new Error(parsed.message);
  return toText(parsed.template.evaluate(factsOf(customer)));
}

const names = fc.constantFrom(
  'tier',
  'a-b',
  'a_1',
  'B',
  'size',
  'first',
  'last',
  'constructor',
  '__proto__',
  'length',
  'empty',
);
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.array(fc.string()),
  fc.constantFrom('', '  ', '<b>', 0, false, null),
);

test('a lone fact gives what Liquid gives', () => {
  const customers = fc.option(fc.dictionary(names, values));
  fc.assert(
    fc.property(customers, names, fc.constantFrom('', '-', ' ', '- '), (customer, name, space) => {
      const record = customer as CustomerRecord | null;
      // Liquid reads brackets itself.
      const byLiquid = textOf(`{{ customer['${name}'] }}`, record);
      expect(textOf(`{{${space}customer.${name}${space.trimEnd() === '-' ? ' -' : space}}}`, record)).toBe(byLiquid);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['{{ message.mailbox }}', 'claims@insurer.example'],
  ['{{message.mailbox}}', 'claims@insurer.example'],
  ['{{- message.mailbox -}}', 'claims@insurer.example'],
  [' {{ message.mailbox }}', ' claims@insurer.example'],
  ['{{ now }}', '1970-01-01T00:00:00.000Z'],
  ['{{ lists.a-b }}', 'x'],
  ['{{ lists.a-b.size }}', '1'],
  ['{{ lists.a-b.first }}', 'x'],
  ['{{ message.mailbox.size }}', '22'],
  ['{{ customer.tier }}', ''],
  ['{{ message.mailbox | upcase }}', 'CLAIMS@INSURER.EXAMPLE'],
])('%s gives %j', (source, text) => {
  expect(textOf(source, null)).toBe(text);
});
