import { carriesOneOf, digestOf } from '../auth/bearer.js';
import type { CrmConfig } from '../crm/crm-config.js';

/** Who may tell of changes, for each provider that has a secret for it. */
export class PushSecrets {
  readonly #digests: ReadonlyMap<string, Buffer>;

  constructor({ providers }: Pick<CrmConfig, 'providers'>) {
    const withSecret = providers.flatMap(({ name, pushSecret }) => (pushSecret === null ? [] : [{ name, pushSecret }]));
    this.#digests = new Map(withSecret.map(({ name, pushSecret }) => [name, digestOf(pushSecret)]));
  }

  /** Whether changes of this provider are heard at all. */
  has(provider: string): boolean {
    return this.#digests.has(provider);
  }

  accepts(provider: string, header: string | undefined): boolean {
    const digest = this.#digests.get(provider);
    return digest !== undefined && carriesOneOf([digest], header);
  }
}
