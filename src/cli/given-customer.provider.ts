import { type CrmMatch, CrmProvider } from '../crm/crm.provider.js';
import type { CustomerRecord } from '../facts/facts.js';

/** A CRM that knows one customer, whoever is asked for; with null, nobody. */
export class GivenCustomerProvider extends CrmProvider {
  readonly name = 'given';
  override readonly isInMemory = true;

  constructor(private readonly customer: CustomerRecord | null) {
    super();
  }

  override findByEmail(): Promise<CrmMatch> {
    return Promise.resolve(this.customer === null ? { kind: 'not_found' } : { kind: 'found', record: this.customer });
  }

  override check(): Promise<void> {
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
