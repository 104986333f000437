import { NO_SURROUNDINGS } from '../crm/create-lookups.js';
import { LookupService, NOT_LOOKED_UP } from '../crm/lookup.service.js';
import { ProviderStatuses } from '../crm/provider-statuses.js';
import type { LookupResult } from '../facts/build-facts.js';
import type { EmailAddress } from '../shared/email-address.js';

/** The look-ups of a message that never came: what was given, or those of the service. One that nobody needs is not counted. */
export class SimulatedLookups extends LookupService {
  constructor(
    private readonly real: Pick<LookupService, 'lookup'>,
    private readonly given: LookupResult | null,
  ) {
    const { observer, report } = NO_SURROUNDINGS;
    super({ sources: [], statuses: new ProviderStatuses(report), strategy: 'first', observer });
  }

  override async lookup(email: EmailAddress | null, signal: AbortSignal): Promise<LookupResult> {
    return this.given ?? (await this.real.lookup(email, signal));
  }

  override skip(): LookupResult {
    return this.given ?? NOT_LOOKED_UP;
  }
}
