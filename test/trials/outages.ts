/** Times in milliseconds since the epoch. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

const DOWN = 'The store does not answer';
const BACK = 'The store answers again';

/**
 * When the store did not answer, by the service's own log.
 *
 * @param end when the process ended: an outage that was not over by then ended with it
 */
export function readOutages(log: string, end: number): Outage[] {
  const outages: Outage[] = [];
  let from: number | null = null;
  for (const line of log.split('\n')) {
    if (!line.includes(DOWN) && !line.includes(BACK)) continue;
    const at = Date.parse((JSON.parse(line) as { time: string }).time);
    if (line.includes(DOWN)) from ??= at;
    else if (from !== null) {
      outages.push({ from, to: at });
      from = null;
    }
  }
  return from === null ? outages : [...outages, { from, to: end }];
}
