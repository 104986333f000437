import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CrmProvider } from '../../src/crm/crm.provider.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';

/** The customers that a provider under test must hold. An empty cell is no value. */
export const CONTRACT_CUSTOMERS = [
  { email: 'Dana.Reyes@Northwind.example', domain: 'northwind.example', full_name: 'Dana Reyes', claim_no: 'CLM-1' },
  { email: 'lee@fabrikam.example', domain: 'fabrikam.example', full_name: "Lee O'Park", claim_no: '' },
  { email: 'kim@fabrikam.example', domain: 'fabrikam.example', full_name: 'Kim Ito', claim_no: 'CLM-3' },
  { email: 'double@gmail.com', domain: '', full_name: 'First', claim_no: 'CLM-4' },
  { email: 'DOUBLE@gmail.com', domain: '', full_name: 'Second', claim_no: 'CLM-5' },
  { email: '', domain: 'bücher.example', full_name: 'Bücher GmbH', claim_no: 'CLM-6' },
] as const;

export const CONTRACT_FIELDS = { name: 'full_name', claimNumber: 'claim_no' } as const;

export interface ContractOptions {
  /** The CRM itself lets no two records have one address: none can be ambiguous by it. */
  readonly hasUniqueAddresses?: boolean;
}

/**
 * What every provider does. `make` gives one that holds `CONTRACT_CUSTOMERS`, mapped by `CONTRACT_FIELDS` or to the same names from
 * wherever the CRM has them.
 */
export function describeCrmProvider(
  kind: string,
  make: () => Promise<CrmProvider> | CrmProvider,
  { hasUniqueAddresses = false }: ContractOptions = {},
): void {
  describe(`a ${kind} provider`, () => {
    let provider: CrmProvider;
    const signal = () => AbortSignal.timeout(20_000);
    const byEmail = (address: string) => provider.findByEmail(parseEmailAddress(address)!, signal());
    const start = async () => {
      provider = await make();
    };
    afterEach(() => provider.close());

    test('finds by address, and gives the mapped fields and no others', async () => {
      await start();
      expect(await byEmail('dana.reyes@northwind.example')).toEqual({
        kind: 'found',
        record: { name: 'Dana Reyes', claimNumber: 'CLM-1' },
      });
    });

    test('leaves out a field without a value', async () => {
      await start();
      expect(await byEmail('lee@fabrikam.example')).toEqual({ kind: 'found', record: { name: "Lee O'Park" } });
    });

    test('answers that it does not know an address', async () => {
      await start();
      expect(await byEmail('nobody@northwind.example')).toEqual({ kind: 'not_found' });
    });

    if (!hasUniqueAddresses) {
      test('answers that several have one address, instead of picking one', async () => {
        await start();
        expect(await byEmail('double@gmail.com')).toEqual({ kind: 'ambiguous', count: 2 });
      });
    }

    test('finds by domain, in ASCII', async () => {
      await start();
      expect(await provider.findByDomain?.('northwind.example', signal())).toMatchObject({
        kind: 'found',
        record: { claimNumber: 'CLM-1' },
      });
      expect(await provider.findByDomain?.('fabrikam.example', signal())).toEqual({ kind: 'ambiguous', count: 2 });
      expect(await provider.findByDomain?.('nowhere.example', signal())).toEqual({ kind: 'not_found' });
      expect(await provider.findByDomain?.('xn--bcher-kva.example', signal())).toMatchObject({
        kind: 'found',
        record: { claimNumber: 'CLM-6' },
      });
    });

    test('finds nobody by an odd address, and stays whole', async () => {
      await start();
      const odd = fc.string({
        unit: fc.constantFrom(
          "'",
          '"',
          '\\',
          '%',
          '_',
          ';',
          '-',
          '*',
          '(',
          ')',
          '{',
          '$',
          '`',
          '\u0000',
          'é',
          '\u{1f692}',
        ),
        minLength: 1,
        maxLength: 60,
      });
      await fc.assert(
        fc.asyncProperty(odd, async (local) => {
          const email = { address: `${local}@northwind.example`, local, domain: 'northwind.example' };
          expect(await provider.findByEmail(email, signal())).toEqual({ kind: 'not_found' });
        }),
      );
      expect(await byEmail('dana.reyes@northwind.example')).toMatchObject({ kind: 'found' });
    });

    test('answers many at once, each its own', async () => {
      await start();
      const asked = Array.from(
        { length: 300 },
        (_, index) => ['dana.reyes@northwind.example', 'kim@fabrikam.example', 'nobody@x.example'][index % 3]!,
      );
      const answers = await Promise.all(asked.map(byEmail));
      const names = answers.map((answer) => (answer.kind === 'found' ? answer.record['name'] : null));
      expect(names).toEqual(asked.map((address) => ({ d: 'Dana Reyes', k: 'Kim Ito', n: null })[address[0]!]));
    });

    test('says that look-ups would work', async () => {
      await start();
      await expect(provider.check(signal())).resolves.toBeUndefined();
    });
  });
}
