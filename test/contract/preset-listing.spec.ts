import { describe, expect, test } from '@jest/globals';
import type { CrmProvider, CustomerPage, ListedCustomer } from '../../src/crm/crm.provider.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { type Preset, PRESETS, VENDORS } from '../support/vendors/presets.js';
import { provide, refuseUnknownRequests, startVendor } from '../support/vendors/start-preset.js';
import { contractData, day } from '../support/vendors/vendor-data.js';

refuseUnknownRequests();

const signal = () => AbortSignal.timeout(20_000);

async function pagesOf(provider: CrmProvider, since: Date | null, from: string | null = null): Promise<CustomerPage[]> {
  const pages: CustomerPage[] = [];
  for await (const page of provider.changedSince!(since, from, signal())) pages.push(page);
  return pages;
}

const customersOf = (pages: readonly CustomerPage[]): ListedCustomer[] => pages.flatMap(({ customers }) => customers);
const sorted = (texts: readonly string[]): string[] => texts.toSorted((one, other) => one.localeCompare(other));
const emailsOf = (customers: readonly ListedCustomer[]) => sorted(customers.flatMap(({ emails }) => emails));
const domainsOf = (customers: readonly ListedCustomer[]) => sorted(customers.flatMap(({ domains }) => domains));

const PAGE_SIZE = 2;

describe.each(VENDORS)('%s', (name) => {
  const preset: Preset = PRESETS[name];
  const showsSecondAddress = name !== 'salesforce' && name !== 'zendesk';
  const isUnique = preset.hasUniqueAddresses === true;
  const ofContact = { name: preset.name, claimNumber: preset.claim };

  const expectedEmails = (since: Date) =>
    sorted(
      contractData()
        .contacts.filter(
          ({ modified, company }) => modified >= since || (company !== null && company.modified >= since),
        )
        .flatMap(({ emails }) => (showsSecondAddress ? emails : emails.slice(0, 1)))
        .map((email) => email.toLowerCase()),
    );

  test('lists everybody page by page, the contacts and then the companies', async () => {
    const provider = await provide(preset, await startVendor(preset, PAGE_SIZE), ofContact);
    const pages = await pagesOf(provider, null);
    const customers = customersOf(pages);
    expect(emailsOf(customers)).toEqual(expectedEmails(day(0)));
    expect(new Set(domainsOf(customers))).toEqual(
      new Set(['northwind.example', 'fabrikam.example', 'xn--bcher-kva.example', ...domainsOf(customers)]),
    );
    expect(
      pages.filter(({ customers: some }) => some.some(({ emails }) => emails.length > 0)).length,
    ).toBeGreaterThanOrEqual(3);
    expect(
      pages.filter(({ customers: some }) => some.some(({ domains }) => domains.length > 0)).length,
    ).toBeGreaterThanOrEqual(3);
    expect(Math.max(...pages.map(({ customers: some }) => some.length))).toBeLessThanOrEqual(PAGE_SIZE);
    expect(pages.at(-1)!.next).toBeNull();
  });

  test('lists only what changed', async () => {
    const provider = await provide(preset, await startVendor(preset, PAGE_SIZE), ofContact);
    expect(emailsOf(customersOf(await pagesOf(provider, day(3))))).toEqual(expectedEmails(day(3)));
    expect(emailsOf(customersOf(await pagesOf(provider, day(300))))).toEqual([]);
  });

  test('goes on behind any page', async () => {
    const provider = await provide(preset, await startVendor(preset, PAGE_SIZE), ofContact);
    const pages = await pagesOf(provider, null);
    for (const [index, { next }] of pages.slice(0, -1).entries())
      expect(customersOf(await pagesOf(provider, null, next))).toEqual(customersOf(pages.slice(index + 1)));
  });

  test.each([
    ['contact', ofContact],
    ['company', { claimNumber: preset.companyClaim }],
  ])('gives the record of a look-up, with fields of the %s', async (_level, fields) => {
    const provider = await provide(preset, await startVendor(preset), fields);
    const customers = customersOf(await pagesOf(provider, null));
    expect(customers.length).toBeGreaterThan(0);
    for (const { emails, domains, record } of customers) {
      const byEmail = emails.map(async (email) => provider.findByEmail(parseEmailAddress(email)!, signal()));
      const byDomain = domains.map(async (domain) => provider.findByDomain!(domain, signal()));
      for (const match of await Promise.all([...byEmail, ...byDomain]))
        if (match.kind !== 'ambiguous' && !(isUnique && emails.includes('double@gmail.com')))
          expect(match).toEqual({ kind: 'found', record });
    }
  });
});

test.each([
  ['salesforce', true],
  ['dynamics', true],
  // What these list of a contact has no more of the company than its id; a list of halves would overwrite whole records.
  ['hubspot', false],
  ['zoho', false],
  ['pipedrive', false],
  ['zendesk', false],
] as const)('%s lists contacts with fields of their company: %s', async (name, lists) => {
  const preset: Preset = PRESETS[name];
  const provider = await provide(preset, await startVendor(preset), { claimNumber: preset.companyClaim });
  const customers = customersOf(await pagesOf(provider, null));
  expect(emailsOf(customers).length > 0).toBe(lists);
  expect(domainsOf(customers)).toContain('northwind.example');
});
