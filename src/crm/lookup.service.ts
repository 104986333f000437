import type { LookupResult } from '../facts/build-facts.js';
import type { CustomerRecord, LookupState, MatchedBy } from '../facts/facts.js';
import { isFreeMailDomain, registrableDomain } from '../facts/sender-domain.js';
import { type EmailAddress, withoutTag } from '../shared/email-address.js';
import { EnricherError } from '../shared/errors.js';
import type { CrmMatch, CrmProvider, ProviderStanding } from './crm.provider.js';

/** How a provider stands or, when it cannot tell, how it fared last; for the health page. */
export interface ProviderStatus extends Pick<ProviderStanding, 'message'> {
  readonly name: string;
  readonly state: ProviderStanding['state'] | 'unavailable';
}

const OK = { state: 'ok', message: null } as const;

type Step = { readonly by: MatchedBy; find(provider: CrmProvider, signal: AbortSignal): Promise<CrmMatch> | undefined };

/**
 * Finds the customer of an address: by the address itself, then without its `+tag`, then by domain (as written, then as registered); on each step the
 * providers in their order, the first that finds wins. A provider that failed is not asked again for this message.
 */
export class LookupService {
  readonly #statuses = new Map<string, ProviderStatus>();

  constructor(
    private readonly providers: readonly CrmProvider[],
    private readonly timeoutMs: number,
    private readonly report: (status: ProviderStatus) => void = () => undefined,
  ) {
    for (const provider of providers) {
      this.#statuses.set(provider.name, { name: provider.name, state: 'ok', message: null });
      provider.onStanding?.((standing) => this.#record(provider, standing));
    }
  }

  get statuses(): ProviderStatus[] {
    return this.providers.map(({ name }) => this.#statuses.get(name)!);
  }

  /** Never throws: what goes wrong is `lookup.state`. */
  async lookup(email: EmailAddress | null, signal: AbortSignal): Promise<LookupResult> {
    if (email === null) return ended('no_sender');
    if (this.providers.length === 0) return ended('skipped');
    const failed = new Set<CrmProvider>();
    for (const step of stepsFor(email)) {
      for (const provider of this.providers) {
        if (failed.has(provider)) continue;
        const match = await this.#ask(provider, step, signal);
        if (match === undefined) continue;
        if (match === 'failed') failed.add(provider);
        else if (match.kind === 'found') return found(match.record, step.by, provider);
        else if (match.kind === 'ambiguous')
          return { ...ended('ambiguous'), lookup: { ...ended('ambiguous').lookup, source: provider.name } };
      }
    }
    return ended(failed.size > 0 ? 'unavailable' : 'not_found');
  }

  /** Asks every provider whether look-ups would work, and records the answers. */
  async check(signal: AbortSignal): Promise<ProviderStatus[]> {
    await Promise.all(
      this.providers.map(async (provider) => {
        try {
          await this.#within(signal, (limited) => provider.check(limited));
          this.#record(provider, OK);
        } catch (error) {
          this.#record(provider, toFailure(error));
        }
      }),
    );
    return this.statuses;
  }

  async close(): Promise<void> {
    await Promise.all(this.providers.map((provider) => provider.close()));
  }

  async #ask(provider: CrmProvider, step: Step, signal: AbortSignal): Promise<CrmMatch | 'failed' | undefined> {
    try {
      const match = await this.#within(signal, (limited) => step.find(provider, limited) ?? Promise.resolve(undefined));
      if (match !== undefined) this.#record(provider, OK);
      return match;
    } catch (error) {
      this.#record(provider, toFailure(error));
      return 'failed';
    }
  }

  /** Runs a call under the provider's timeout and the given signal, and stops waiting even when the call ignores both. */
  async #within<T>(signal: AbortSignal, call: (limited: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const abort = () => limit.abort(new EnricherError('CRM_UNAVAILABLE', 'the answer could wait no longer'));
    const timer = setTimeout(
      () => limit.abort(new EnricherError('CRM_UNAVAILABLE', `no answer within ${this.timeoutMs} ms`)),
      this.timeoutMs,
    );
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const aborted = Promise.withResolvers<never>();
    limit.signal.addEventListener('abort', () => aborted.reject(limit.signal.reason as Error), { once: true });
    try {
      limit.signal.throwIfAborted();
      return await Promise.race([call(limit.signal), aborted.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      aborted.promise.catch(() => undefined);
    }
  }

  /** A provider that knows how it stands is believed rather than the outcome of one call. */
  #record(provider: CrmProvider, outcome: Omit<ProviderStatus, 'name'>): void {
    const { name } = provider;
    const standing = provider.standing?.() ?? null;
    const { state, message } = standing ?? outcome;
    const before = this.#statuses.get(name)!;
    const status = { name, state, message };
    this.#statuses.set(name, status);
    // Calls fail with ever new words; a standing changes its words only with the data.
    const hasNewWords = standing !== null && before.message !== message;
    if (before.state !== state || hasNewWords) this.report(status);
  }
}

function toFailure(error: unknown): Omit<ProviderStatus, 'name'> {
  const isOurs = error instanceof EnricherError;
  const state = isOurs && error.code === 'CRM_MISCONFIGURED' ? 'misconfigured' : 'unavailable';
  return { state, message: isOurs ? error.message : 'the call failed' };
}

function stepsFor(email: EmailAddress): Step[] {
  const untagged = withoutTag(email);
  const steps: Step[] = [{ by: 'email', find: (provider, signal) => provider.findByEmail(email, signal) }];
  if (untagged !== null)
    steps.push({ by: 'alias', find: (provider, signal) => provider.findByEmail(untagged, signal) });
  const domains = isFreeMailDomain(email.domain) ? [] : [email.domain, registrableDomain(email.domain) ?? email.domain];
  for (const domain of new Set(domains)) {
    steps.push({ by: 'domain', find: (provider, signal) => provider.findByDomain?.(domain, signal) });
  }
  return steps;
}

function ended(state: LookupState): LookupResult {
  return { customer: null, lookup: { state, matchedBy: null, source: null, stale: false, ageSeconds: null } };
}

function found(customer: CustomerRecord, matchedBy: MatchedBy, provider: CrmProvider): LookupResult {
  return { customer, lookup: { state: 'found', matchedBy, source: provider.name, stale: false, ageSeconds: 0 } };
}
