import { type SourceConfig, createLookups, type LookupSurroundings } from '../../src/crm/create-lookups.js';
import { type CrmMatch, CrmProvider } from '../../src/crm/crm.provider.js';
import { DEFAULT_LOOKUP_OPTIONS, type LookupOptions } from '../../src/crm/lookup-options.js';
import type { LookupService } from '../../src/crm/lookup.service.js';
import type { CustomerRecord } from '../../src/facts/facts.js';
import type { EmailAddress } from '../../src/shared/email-address.js';

/** `never`: no answer, whatever the signal says. `patient`: none until the signal aborts. */
export type ScriptedAnswer = CustomerRecord | 'ambiguous' | 'never' | 'patient' | Error;

/** A CRM that can be told to fail or to never answer, and that remembers what it was asked. Domains are asked for as `@domain`. */
export class ScriptedProvider extends CrmProvider {
  readonly asked: string[] = [];
  readonly aborted: string[] = [];
  underWay = 0;
  mostUnderWay = 0;

  constructor(
    readonly name: string,
    readonly answers: Record<string, ScriptedAnswer | (() => ScriptedAnswer | undefined | Promise<ScriptedAnswer>)>,
  ) {
    super();
  }

  override findByEmail({ address }: EmailAddress, signal: AbortSignal): Promise<CrmMatch> {
    return this.#answer(address, signal);
  }

  override findByDomain(domain: string, signal: AbortSignal): Promise<CrmMatch> {
    return this.#answer(`@${domain}`, signal);
  }

  override async check(signal: AbortSignal): Promise<void> {
    await this.#answer('check', signal);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  async #answer(key: string, signal: AbortSignal): Promise<CrmMatch> {
    this.asked.push(key);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      const scripted = this.answers[key] ?? this.answers['*'];
      const answer = typeof scripted === 'function' ? await scripted() : scripted;
      if (answer === undefined) return { kind: 'not_found' };
      if (answer === 'ambiguous') return { kind: 'ambiguous', count: 2 };
      if (answer === 'never') return await new Promise(() => undefined);
      if (answer === 'patient') return await this.#untilAborted(key, signal);
      if (answer instanceof Error) throw answer;
      return { kind: 'found', record: answer };
    } finally {
      this.underWay -= 1;
    }
  }

  #untilAborted(key: string, signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        this.aborted.push(key);
        reject(signal.reason as Error);
      });
    });
  }
}

export interface LookupsOfTest extends Partial<LookupSurroundings> {
  readonly lookup?: Partial<LookupOptions>;
}

/** Look-ups over these providers, as the service makes them. */
export function lookupsOver(
  providers: readonly CrmProvider[],
  { lookup = {}, ...surroundings }: LookupsOfTest = {},
): LookupService {
  const options = { ...DEFAULT_LOOKUP_OPTIONS, ...lookup };
  const sources = providers.map((provider): SourceConfig => ({
    identity: provider.name,
    protection: options.protection,
    create: () => provider,
  }));
  return createLookups(
    { providers: sources, lookup: options },
    { lastKnown: null, observer: SILENT, report: () => undefined, budgetMs: Infinity, ...surroundings },
  );
}

export const SILENT: LookupSurroundings['observer'] = {
  called: () => undefined,
  avoided: () => undefined,
  remembered: () => undefined,
};
