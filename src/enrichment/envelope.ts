import type { Action } from '../actions/action.js';
import type { Enrichment } from './enrichment.js';

/**
 * The answer that Emailgistics understands.
 *
 * @source Emailgistics webhook documentation, "Response envelope"
 */
export interface Envelope {
  /** `error`: the actions are ignored and the message is not sent again. */
  readonly status: 'success' | 'error';
  /** Shown to administrators. */
  readonly message: string;
  /** Applied in order; absent when there is nothing to do. */
  readonly actions?: readonly Action[];
}

export function toEnvelope({ outcome, message, actions }: Enrichment): Envelope {
  const status = outcome === 'crm_unavailable' ? 'error' : 'success';
  return actions.length === 0 ? { status, message } : { status, message, actions };
}
