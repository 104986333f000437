import { domainToASCII } from 'node:url';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { asciiDomain, parseEmailAddress } from './email-address.js';

test('a domain of plain letters is what IDNA makes of it', () => {
  const label = fc.oneof(
    fc.constantFrom('a', '-', '_', '1', '0x1', 'xn--', 'xn--bcher-kva', 'a--b', 'ab--cd', 'example', 'a'.repeat(70)),
    fc.string({ unit: fc.constantFrom('a', 'z', '0', '9', '-', '_', 'x'), maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
      const written = labels.join('.');
      const read = asciiDomain(written);
      if (read !== null) expect(read).toBe(domainToASCII(read));
      const isNumber = /(^|\.)(\d+|0x[\da-f]*)\.?$/.test(written);
      const isHost = domainToASCII(written) !== '' && /^[a-z\d_][a-z\d_-]*(\.[a-z\d_-]+)*\.?$/.test(written);
      if (!isNumber && written.length <= 253) expect(read !== null).toBe(isHost);
    }),
    { numRuns: 5000 },
  );
});

test('an address is read alike, written plainly or with what is taken away', () => {
  const text = fc
    .tuple(
      fc.string({ unit: fc.constantFrom('a', 'z', '0', '.', '_', '+', "'", '-', ' ', '"', '@'), maxLength: 70 }),
      fc.constantFrom(
        'x.example',
        'a--b.example',
        'xn--bcher-kva.example',
        '-x.example',
        'x.1',
        'x',
        '',
        `${'x'.repeat(190)}.example`,
      ),
    )
    .map((parts) => parts.join('@').trim());
  fc.assert(
    fc.property(text, (written) => expect(parseEmailAddress(written)).toEqual(parseEmailAddress(`<${written}>`))),
    {
      numRuns: 2000,
    },
  );
});
