import { type CrmMatch, CrmProvider, type ProviderStanding } from '../crm/crm.provider.js';
import { type Failure, toFailure } from '../crm/failure.js';
import type { EmailAddress } from '../shared/email-address.js';

/** One call to a provider. */
export interface LookupStep {
  readonly provider: string;
  readonly by: 'email' | 'domain';
  /** The address or domain that was asked for. */
  readonly key: string;
  /** `no_answer`: it was cut off. */
  answer: CrmMatch['kind'] | Failure['kind'] | 'no_answer';
  /** What went wrong; null when nothing did. */
  message: string | null;
  milliseconds: number;
}

/** A provider that notes what it is asked, what it answers, and how long that takes. */
export class RecordedProvider extends CrmProvider {
  readonly name: string;
  override readonly isInMemory: boolean;
  override readonly findByDomain?: NonNullable<CrmProvider['findByDomain']>;

  constructor(
    private readonly provider: CrmProvider,
    private readonly steps: LookupStep[],
  ) {
    super();
    this.name = provider.name;
    this.isInMemory = provider.isInMemory === true;
    const findByDomain = provider.findByDomain?.bind(provider);
    if (findByDomain !== undefined)
      this.findByDomain = (domain, signal) => this.#record('domain', domain, signal, findByDomain(domain, signal));
  }

  override standing(): ProviderStanding | null {
    return this.provider.standing?.() ?? null;
  }

  override onStanding(heard: (standing: ProviderStanding) => void): void {
    this.provider.onStanding?.(heard);
  }

  override findByEmail(email: EmailAddress, signal: AbortSignal): Promise<CrmMatch> {
    return this.#record('email', email.address, signal, this.provider.findByEmail(email, signal));
  }

  override check(signal: AbortSignal): Promise<void> {
    return this.provider.check(signal);
  }

  override close(): Promise<void> {
    return this.provider.close();
  }

  async #record(by: LookupStep['by'], key: string, signal: AbortSignal, call: Promise<CrmMatch>): Promise<CrmMatch> {
    const startedAt = performance.now();
    const step: LookupStep = { provider: this.name, by, key, answer: 'no_answer', message: null, milliseconds: 0 };
    this.steps.push(step);
    const stopClock = () => (step.milliseconds ||= performance.now() - startedAt);
    signal.addEventListener('abort', stopClock, { once: true });
    try {
      const match = await call;
      step.answer = match.kind;
      return match;
    } catch (error) {
      if (!signal.aborted) {
        const { kind, message } = toFailure(error);
        step.answer = kind;
        step.message = message;
      }
      throw error;
    } finally {
      stopClock();
    }
  }
}
