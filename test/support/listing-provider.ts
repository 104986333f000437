import { type CrmMatch, CrmProvider, type CustomerPage, type ListedCustomer } from '../../src/crm/crm.provider.js';
import type { CustomerRecord } from '../../src/facts/facts.js';
import type { EmailAddress } from '../../src/shared/email-address.js';

/** What happens when a page is asked for, instead of the page: `never` means no answer until the signal aborts. */
export type ListingTrouble = Error | 'never';

/** A CRM that lists its customers, so many a page, and can be told what to do at the nth question for a page. */
export class ListingProvider extends CrmProvider {
  readonly asked: { readonly since: number | null; readonly from: string | null }[] = [];
  readonly troubles = new Map<number, ListingTrouble>();
  /** Called before each page is given. */
  onPage: () => void = () => undefined;
  /** Where the page after the one that begins there is said to be; default: where it is. */
  nextOf: ((from: string | null) => string | null) | null = null;

  constructor(
    readonly name: string,
    public customers: readonly ListedCustomer[],
    private readonly pageSize = 2,
  ) {
    super();
  }

  override findByEmail({ address }: EmailAddress): Promise<CrmMatch> {
    const found = this.customers.filter(({ emails }) => emails.includes(address));
    const [first] = found;
    if (first === undefined) return Promise.resolve({ kind: 'not_found' });
    return Promise.resolve(
      found.length > 1 ? { kind: 'ambiguous', count: found.length } : { kind: 'found', record: first.record },
    );
  }

  override async *changedSince(
    since: Date | null,
    from: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<CustomerPage> {
    for (let at: string | null = from; ;) {
      const trouble = this.troubles.get(this.asked.length);
      this.asked.push({ since: since?.getTime() ?? null, from: at });
      if (trouble === 'never') await aborted(signal);
      if (trouble instanceof Error) throw trouble;
      this.onPage();
      const page: CustomerPage = this.#pageAt(at);
      yield page;
      if (page.next === null) return;
      at = page.next;
    }
  }

  override check(): Promise<void> {
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  #pageAt(from: string | null): CustomerPage {
    const start = Number(from?.slice(1) ?? 0);
    const end = start + this.pageSize;
    const next = end < this.customers.length ? `p${end}` : null;
    return { customers: this.customers.slice(start, end), next: this.nextOf === null ? next : this.nextOf(from) };
  }
}

export function listed(email: string, record: CustomerRecord, ...domains: string[]): ListedCustomer {
  return { emails: [email], domains, record };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}
