import { Logger } from '@nestjs/common';
import { distance } from 'fastest-levenshtein';
import { VARIABLES } from './service-config.js';

/** What Compose and `enricher mailboxes pull` read. */
const OTHERS_OF_OURS = [
  'PUBLISH',
  'PUBLISH_CLUSTER',
  'SITE_ADDRESS',
  'UPSTREAMS',
  'EMAILGISTICS_API_URL',
  'EMAILGISTICS_API_KEY',
  'EMAILGISTICS_API_KEY_FILE',
];
const OURS: ReadonlySet<string> = new Set([...VARIABLES, ...OTHERS_OF_OURS]);
const MAX_SLIPS = 2;
/** Two slips lead from a shorter name, as `HOST`, to any other, as `HOME`. */
const MIN_LENGTH = 6;

/** One line for each variable whose name is nearly that of one of ours. Names only: it may hold a secret. */
export function misspeltVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).flatMap((name) => {
    if (OURS.has(name)) return [];
    const [meant] = [...OURS]
      .filter((ours) => isSlip(name.toUpperCase(), ours))
      .toSorted((one, other) => distance(name, one) - distance(name, other));
    return meant === undefined ? [] : [`${name} is no variable of the service, did you mean "${meant}"?`];
  });
}

export function warnOfMisspeltVariables(env: NodeJS.ProcessEnv): void {
  const logger = new Logger('Environment');
  for (const line of misspeltVariables(env)) logger.warn(line);
}

function isSlip(name: string, ours: string): boolean {
  if (letters(name) === letters(ours)) return true;
  return ours.length >= MIN_LENGTH && distance(name, ours) <= MAX_SLIPS;
}

function letters(name: string): string {
  return Array.from(name).toSorted().join('');
}
