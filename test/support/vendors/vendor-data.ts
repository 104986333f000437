import { CONTRACT_CUSTOMERS } from '../../contract/crm-provider.contract.js';

export interface Company {
  readonly id: number;
  readonly name: string;
  /** In ASCII; empty when it has none. */
  readonly domain: string;
  /** As people write it. */
  readonly website: string | null;
  readonly claimNo: string | null;
  readonly modified: Date;
}

export interface Contact {
  readonly id: number;
  readonly name: string;
  /** The first is the main one. */
  readonly emails: readonly string[];
  readonly claimNo: string | null;
  readonly company: Company | null;
  readonly modified: Date;
}

export interface VendorData {
  readonly contacts: readonly Contact[];
  readonly companies: readonly Company[];
}

/** Fake data change on one day each, so that a time cuts them in two. */
export const day = (count: number): Date => new Date(Date.UTC(2026, 0, 1 + count));

const WEBSITES = [
  'https://www.Northwind.example/en?x=1',
  'fabrikam.example',
  'http://WWW.Fabrikam.example/',
  null,
  null,
  'https://xn--bcher-kva.example',
];
/** What a search that is not exact would take for northwind.example or acme.example. */
const NEARLY = [
  'notnorthwind.example',
  'northwind.example.evil.example',
  'shop.northwind.example',
  'notacme.example',
  'acme.example.evil.example',
];

/** `CONTRACT_CUSTOMERS`, a company each, among others that are nearly the same. */
export function contractData(): VendorData {
  const companies = CONTRACT_CUSTOMERS.map(({ domain, full_name, claim_no }, index): Company => ({
    id: 101 + index,
    name: `${full_name} & Co.`,
    domain: domain.replace('bücher', 'xn--bcher-kva'),
    website: WEBSITES[index]!,
    claimNo: claim_no || null,
    modified: day(index),
  }));
  const nearly = NEARLY.map((domain, index): Company => ({
    id: 201 + index,
    name: domain,
    domain,
    website: `https://${domain}/`,
    claimNo: 'WRONG',
    modified: day(index),
  }));
  const contacts = CONTRACT_CUSTOMERS.map(({ email, full_name, claim_no }, index): Contact => ({
    id: 11 + index,
    name: full_name,
    emails: [email, ...(index === 0 ? ['dana@home.example'] : [])],
    claimNo: claim_no || null,
    company: companies[index]!,
    modified: day(index),
  }));
  const stranger: Contact = {
    id: 31,
    name: 'Stranger',
    emails: ['xdana.reyes@northwind.example'],
    claimNo: 'WRONG',
    company: null,
    modified: day(0),
  };
  return {
    contacts: [...contacts.filter(({ emails }) => emails[0] !== ''), stranger],
    companies: [...companies, ...nearly],
  };
}

export const sameText = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
export const containsText = (text: string | null, part: string): boolean =>
  text?.toLowerCase().includes(part.toLowerCase()) ?? false;
