import type { EmailAddress } from '../shared/email-address.js';
import { stepsFor } from './lookup-key.js';
import type { LookupService } from './lookup.service.js';

/** A record that would stand in for its provider. */
export interface KnownRecord {
  readonly provider: string;
  readonly by: 'email' | 'domain';
  readonly key: string;
  readonly ageSeconds: number;
}

/** What would stand in for each of these providers if it did not answer, in the order in which it would be looked for. */
export async function knownFor(
  email: EmailAddress,
  providers: readonly string[],
  lookups: Pick<LookupService, 'source'>,
): Promise<KnownRecord[]> {
  const records: KnownRecord[] = [];
  for (const provider of providers) {
    for (const { key } of stepsFor(email)) {
      const known = await lookups.source(provider)?.lastKnown(key);
      if (!known) continue;
      const ageSeconds = Math.floor(known.ageMs / 1_000);
      records.push({ provider, by: key.by, key: key.by === 'email' ? key.email.address : key.domain, ageSeconds });
    }
  }
  return records;
}
