import { type LookupService, NOT_LOOKED_UP } from '../crm/lookup.service.js';
import type { LookupResult } from '../facts/build-facts.js';
import type { EmailAddress } from '../shared/email-address.js';

/** The look-ups of a message that never came: what was given, or those of the service. One that nobody needs is not counted. */
export class SimulatedLookups implements Pick<LookupService, 'lookup' | 'skip'> {
  constructor(
    private readonly real: Pick<LookupService, 'lookup'>,
    private readonly given: LookupResult | null,
  ) {}

  async lookup(email: EmailAddress | null, signal: AbortSignal): Promise<LookupResult> {
    return this.given ?? (await this.real.lookup(email, signal));
  }

  skip(): LookupResult {
    return this.given ?? NOT_LOOKED_UP;
  }
}
