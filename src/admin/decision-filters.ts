import type { QueryDescription } from './described.js';
import { OUTCOMES } from '../enrichment/enrichment.js';
import { DEFAULT_LIMIT, MAX_LIMIT } from './read-decision-query.js';

const text = { type: 'string' } as const;

/** The query string of the list, described. */
export const DECISION_FILTERS: Readonly<Record<string, QueryDescription>> = {
  sender: {
    description: 'Address of the sender, or its hash as logs have it: servers on the way may log the address',
    schema: text,
  },
  rule: { description: 'Name of a rule that matched, live or shadow', schema: text },
  outcome: { description: 'How it ended', schema: { type: 'string', enum: OUTCOMES } },
  mailbox: { description: 'Address of the mailbox', schema: text },
  since: { description: 'Decided then or later: a time, or so long ago (`30m`, `12h`, `7d`)', schema: text },
  until: { description: 'Decided before', schema: text },
  limit: {
    description: 'Most decisions of a page',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
  },
  cursor: { description: 'The `next` of the page before, with the same filters', schema: text },
};
