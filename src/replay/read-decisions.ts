import type { DecisionQuery, DecisionRow, DecisionStore } from '../decisions/decision-store.js';

const PAGE = 500;

/** Which of the decisions that are kept, oldest first. */
export interface DecisionRange extends Pick<DecisionQuery, 'mailbox' | 'since' | 'until'> {
  /** At most so many. */
  readonly limit: number;
}

/** Reads page by page, so that neither the database nor who writes to it is held up; the next page comes while this one is worked on. */
export async function* readDecisions(
  store: Pick<DecisionStore, 'list'>,
  { limit, ...range }: DecisionRange,
): AsyncGenerator<readonly DecisionRow[]> {
  let left = limit;
  const read = (after?: string) =>
    store.list({ ...range, ...(after === undefined ? {} : { after }), oldestFirst: true, limit: Math.min(PAGE, left) });
  let page = await read();
  while (page.length > 0) {
    left -= page.length;
    const isLast = page.length < PAGE || left === 0;
    const next = isLast ? Promise.resolve([]) : read(page.at(-1)?.id);
    // Whoever stops reading early leaves it unread.
    next.catch(() => undefined);
    yield page;
    page = await next;
  }
}
