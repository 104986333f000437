import type { PrefetchProgress, PrefetchResult } from '../crm/prefetch.js';
import { count } from '../shared/count.js';

/** How far a run is, for a line of the log or of a terminal. */
export function describeProgress({ customers, pages, isResumed }: PrefetchProgress): string {
  return `${count(customers, 'customer')} so far, ${count(pages, 'page')}${isResumed ? ' since it went on' : ''}`;
}

/** What a run came to. @param seconds how long it took */
export function describeResult(result: PrefetchResult, seconds: number): string {
  const { end, customers, pages, ambiguous, isResumed } = result;
  const what = `${count(customers, 'customer')}, ${count(pages, 'page')}${isResumed ? ' since it went on' : ''}`;
  const how = `${what}, ${seconds.toFixed(1)} s`;
  const twice =
    ambiguous === 0
      ? ''
      : `; ${count(ambiguous, 'address or domain', 'addresses or domains')} listed more than once, left out`;
  switch (end.kind) {
    case 'complete':
      return `${how}${twice}`;
    case 'stopped':
      return `stopped after ${how}${twice}; the next run goes on there`;
    case 'failed':
      return `gave up after ${how}${twice}: ${end.failure.message}; the next run goes on there`;
    default:
      return end satisfies never;
  }
}
