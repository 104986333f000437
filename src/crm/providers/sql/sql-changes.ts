import type { JsonValue } from '../../../facts/facts.js';
import { asciiDomain, parseEmailAddress } from '../../../shared/email-address.js';
import type { ListedCustomer } from '../../crm.provider.js';
import { type FieldMap, mapFields } from '../../field-map.js';
import type { SqlResult } from './sql-client.js';

/** The columns that hold what customers are found by, when they are not called `email` and `domain`. */
export interface CustomerMatch {
  readonly email?: string;
  readonly domain?: string;
}

/** The customers of a result; a row without a usable address or domain is left out. A cell may hold a list of them. */
export function toCustomers({ rows }: SqlResult, match: CustomerMatch, fields: FieldMap): ListedCustomer[] {
  const { email = 'email', domain = 'domain' } = match;
  return rows.flatMap((row) => {
    const emails = textsOf(row[email]).flatMap((text) => parseEmailAddress(text)?.address ?? []);
    const domains = textsOf(row[domain]).flatMap((text) => asciiDomain(text) ?? []);
    if (emails.length === 0 && domains.length === 0) return [];
    return [{ emails: [...new Set(emails)], domains: [...new Set(domains)], record: mapFields(row, fields) }];
  });
}

function textsOf(cell: JsonValue | undefined): string[] {
  const values: readonly unknown[] = Array.isArray(cell) ? cell : [cell];
  return values.filter((value) => typeof value === 'string');
}
