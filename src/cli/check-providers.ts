import type { CrmConfig } from '../crm/crm-config.js';
import { createLookups } from '../crm/create-lookups.js';
import type { Fault } from '../files/fault.js';

/** Longest wait for a provider. */
const CHECK_MS = 5_000;

/** Asks each provider whether look-ups would work; a warning at its entry when not, or when it has something to say. */
export async function checkProviders(config: CrmConfig): Promise<Fault[]> {
  const lookups = createLookups(config);
  try {
    const statuses = await lookups.check(AbortSignal.timeout(CHECK_MS));
    const byName = new Map(statuses.map((status) => [status.name, status]));
    return config.providers.flatMap(({ name, warning }) => {
      const { state = 'ok', message = null } = byName.get(name) ?? {};
      return message === null
        ? []
        : warning(`provider "${name}"${state === 'ok' ? '' : ' would not answer'}: ${message}`);
    });
  } finally {
    await lookups.close();
  }
}
