import { MOMENT, readMoment } from '../rules/read-moment.js';
import type { Refuse } from './refuse.js';

/** `--since` and `--until` as moments, in milliseconds since the epoch; one that is not given is not there. */
export function readRange(
  given: { readonly since: string; readonly until?: string },
  refuse: Refuse,
): { since: number; until?: number };
export function readRange(
  given: { readonly since?: string; readonly until?: string },
  refuse: Refuse,
): { since?: number; until?: number };
export function readRange({ since, until }: { since?: string; until?: string }, refuse: Refuse) {
  const now = Date.now();
  const moment = (name: string, text: string) =>
    readMoment(text, now) ?? refuse(`error: --${name} "${text}" is not ${MOMENT}`);
  const range = {
    ...(since === undefined ? {} : { since: moment('since', since) }),
    ...(until === undefined ? {} : { until: moment('until', until) }),
  };
  if (range.since !== undefined && range.until !== undefined && range.since >= range.until)
    refuse(`error: --until ${until} is not after --since ${since}, so nothing is between them`);
  return range;
}
