import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Composition } from '../actions/compose-actions.js';
import type { DeliveryKey } from '../decisions/decision-store.js';
import type { SendStore } from '../decisions/send-store.js';
import type { Facts } from '../facts/facts.js';
import { within } from '../shared/within.js';

export interface SendGuardOptions {
  /** One message for each conversation, rule and kind in so many milliseconds; 0 for no limit. */
  readonly windowMs: number;
}

const STORE_TIMEOUT_MS = 500;
const MAX_REMEMBERED = 100_000;

/**
 * Lets a rule send or forward one message for each conversation in a while, counted in the store, so that two machines that answer each other
 * do not fill two mailboxes. While the store does not answer, this process counts by itself.
 */
export class SendGuard {
  readonly #own = new LRUCache<string, { readonly by: string; readonly at: number }>({ max: MAX_REMEMBERED });

  constructor(
    private readonly store: SendStore,
    private readonly options: SendGuardOptions,
  ) {}

  /** The actions that go out; the others are listed as suppressed. A delivery that is decided again may send again. */
  async admit(composition: Composition, facts: Facts, key: DeliveryKey): Promise<Composition> {
    const { windowMs } = this.options;
    const sends = composition.actions.flatMap(({ type }, index) =>
      type === 'sendMessage' || type === 'forwardMessage'
        ? [{ type, index, rule: composition.rules[index] ?? '' }]
        : [],
    );
    if (sends.length === 0 || windowMs === 0) return composition;
    const by = hash(JSON.stringify([key.mailbox, key.event, key.messageId]));
    const conversation = facts.message.conversationId ?? `from ${facts.sender.address ?? ''}`;
    const refused = new Set<number>();
    for (const { type, index, rule } of sends) {
      const scope = hash(JSON.stringify([key.mailbox, conversation, rule, type]));
      if (!(await this.#take(scope, by))) refused.add(index);
    }
    if (refused.size === 0) return composition;
    const isKept = (_: unknown, index: number) => !refused.has(index);
    return {
      actions: composition.actions.filter(isKept),
      rules: composition.rules.filter(isKept),
      suppressed: [
        ...composition.suppressed,
        ...sends
          .filter(({ index }) => refused.has(index))
          .map(
            ({ type, rule }) =>
              ({ rule, type, part: null, isRendered: false, reason: 'sent_lately', wonBy: null }) as const,
          ),
      ],
    };
  }

  async #take(scope: string, by: string): Promise<boolean> {
    const now = Date.now();
    const since = now - this.options.windowMs;
    const own = this.#own.get(scope);
    if (own !== undefined && own.by !== by && own.at > since) return false;
    const isFree = await within(STORE_TIMEOUT_MS, () => this.store.takeSend(scope, by, now, since)).catch(() => true);
    if (isFree) this.#own.set(scope, { by, at: now });
    return isFree;
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 32);
}
