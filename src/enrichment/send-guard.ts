import { LRUCache } from 'lru-cache';
import type { Composition } from '../actions/compose-actions.js';
import type { DeliveryKey } from '../decisions/decision-store.js';
import type { SendStore, Taking } from '../decisions/send-store.js';
import type { Facts } from '../facts/facts.js';
import type { AddressHash } from '../shared/address-hash.js';
import { within } from '../shared/within.js';

export interface SendGuardOptions {
  /** A rule sends for one message of a conversation in so many milliseconds, and forwards one; 0 for no limit. */
  readonly windowMs: number;
  /** Makes of conversations, senders and rules what is stored. */
  readonly hash: Pick<AddressHash, 'ofText'>;
  /** Then it is not asked. */
  readonly isStoreDown: () => boolean;
}

/** Longest wait for the store, for all messages of a delivery. */
const MAX_WAIT_MS = 500;
const MAX_REMEMBERED = 100_000;
/** So much the clocks of replicas may differ; a time that is further ahead is of a clock that was wrong. */
const MAX_AHEAD_MS = 60_000;

/**
 * Lets a rule send or forward for one message of a conversation in a while, counted in the store, so that two machines that answer each other
 * do not fill two mailboxes. What the rule has to send for that message goes out whole. While the store does not answer, this process counts
 * by itself.
 */
export class SendGuard {
  readonly #own = new LRUCache<string, { readonly by: string; readonly at: number }>({ max: MAX_REMEMBERED });

  constructor(
    private readonly store: SendStore,
    private readonly options: SendGuardOptions,
  ) {}

  /**
   * The actions that go out; the others are listed as suppressed. A delivery that is decided again may send again.
   *
   * @param leftMs of the time for the answer; half of it may be waited for the store
   */
  async admit(composition: Composition, facts: Facts, key: DeliveryKey, leftMs: number): Promise<Composition> {
    const { windowMs, hash } = this.options;
    if (windowMs === 0) return composition;
    const conversation = facts.message.conversationId ?? `from ${facts.sender.address ?? ''}`;
    const { actions, rules } = composition;
    const scopes = actions.map(({ type }, index) =>
      type === 'sendMessage' || type === 'forwardMessage'
        ? hash.ofText(JSON.stringify([key.mailbox, conversation, rules[index], type]))
        : null,
    );
    const asked = new Set(scopes.filter((scope) => scope !== null));
    if (asked.size === 0) return composition;
    const by = hash.ofText(JSON.stringify([key.mailbox, key.event, key.messageId]));
    const free = new Set(await this.#take([...asked], by, Math.max(0, Math.min(MAX_WAIT_MS, leftMs / 2))));
    const kept = scopes.map((scope) => scope === null || free.has(scope));
    const isKept = (_: unknown, index: number) => kept[index];
    const refused = actions.flatMap(({ type }, index) =>
      kept[index] === true
        ? []
        : [
            {
              rule: rules[index] ?? '',
              type,
              part: null,
              isRendered: false,
              reason: 'sent_lately',
              wonBy: null,
            } as const,
          ],
    );
    return {
      actions: actions.filter(isKept),
      rules: rules.filter(isKept),
      suppressed: [...composition.suppressed, ...refused],
    };
  }

  async #take(scopes: readonly string[], by: string, waitMs: number): Promise<Iterable<string>> {
    const at = Date.now();
    const taking = { by, at, since: at - this.options.windowMs, until: at + MAX_AHEAD_MS };
    const free = scopes.filter((scope) => this.#isFree(scope, taking));
    // Before the store is asked: of two deliveries at once, one has it.
    for (const scope of free) this.#own.set(scope, { by, at });
    if (free.length === 0 || this.options.isStoreDown()) return free;
    try {
      const taken = await within(waitMs, () => this.store.takeSends(free, taking));
      for (const scope of free) if (!taken.has(scope)) this.#own.delete(scope);
      return taken;
    } catch {
      return free;
    }
  }

  #isFree(scope: string, { by, since, until }: Taking): boolean {
    const own = this.#own.get(scope);
    return own === undefined || own.by === by || own.at <= since || own.at > until;
  }
}
