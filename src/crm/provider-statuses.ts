import type { CrmProvider, ProviderStanding } from './crm.provider.js';
import { toFailure } from './failure.js';
import type { BreakerState, Guard } from './guard.js';

/** How a provider stands or, when it cannot tell, how it fared last; for the health page. */
export interface ProviderStatus extends Pick<ProviderStanding, 'message'> {
  readonly name: string;
  readonly state: ProviderStanding['state'] | 'unavailable';
  readonly breaker: BreakerState;
}

type Outcome = Pick<ProviderStatus, 'state' | 'message'>;

const OK: Outcome = { state: 'ok', message: null };

/** How all providers stand, and who tells people when that changes. */
export class ProviderStatuses {
  readonly #outcomes = new Map<string, Outcome>();
  readonly #guards = new Map<string, Guard>();
  #isClosed = false;

  constructor(private readonly report: (status: ProviderStatus) => void = () => undefined) {}

  get all(): ProviderStatus[] {
    return [...this.#outcomes.keys()].map((name) => this.#status(name));
  }

  add(provider: CrmProvider, guard: Guard): void {
    this.#outcomes.set(provider.name, OK);
    this.#guards.set(provider.name, guard);
    provider.onStanding?.((standing) => this.#record(provider, standing));
  }

  /** A call ended: null with an answer, else with what was thrown. */
  ended(provider: CrmProvider, error: unknown): void {
    this.#record(provider, error === null ? OK : outcomeOf(error));
  }

  /** What goes wrong from here on is our own stopping. */
  close(): void {
    this.#isClosed = true;
  }

  /** A provider that knows how it stands is believed rather than the outcome of one call. */
  #record(provider: CrmProvider, outcome: Outcome): void {
    if (this.#isClosed) return;
    const { name } = provider;
    const standing = provider.standing?.() ?? null;
    const { state, message } = standing ?? outcome;
    const before = this.#outcomes.get(name)!;
    this.#outcomes.set(name, { state, message });
    // Calls fail with ever new words; a standing changes its words only with the data.
    const hasNewWords = standing !== null && before.message !== message;
    if (before.state !== state || hasNewWords) this.report(this.#status(name));
  }

  #status(name: string): ProviderStatus {
    return { name, ...this.#outcomes.get(name)!, breaker: this.#guards.get(name)!.state };
  }
}

function outcomeOf(error: unknown): Outcome {
  const { kind, message } = toFailure(error);
  return { state: kind === 'misconfigured' ? kind : 'unavailable', message };
}
