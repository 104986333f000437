import { Logger } from '@nestjs/common';
import { senderAddress } from '../facts/build-facts.js';
import type { Delivery } from '../facts/delivery.js';
import type { AddressHash } from '../shared/address-hash.js';
import { describeSuppressed, whatWasLeftOut } from './describe-outcome.js';
import type { Enrichment } from './enrichment.js';

/** Tells of every delivery in one line, and in a second one of what the mailbox would not take. */
export class DeliveryLog {
  readonly #logger = new Logger('Webhook');

  constructor(private readonly hash: AddressHash) {}

  /** @param elapsedMs from its arrival to its answer */
  replayed(delivery: Delivery, elapsedMs: number): void {
    const durationMs = Math.round(elapsedMs * 10) / 10;
    const mailbox = this.hash.of(delivery.mailbox);
    this.#logger.log({ outcome: 'replayed', durationMs, mailbox }, 'replayed: the answer of an earlier delivery');
  }

  /** @param elapsedMs from its arrival to its decision */
  decided(delivery: Delivery, { outcome, actions, revision, trace }: Enrichment, elapsedMs: number): void {
    const refused = whatWasLeftOut(trace?.composition.suppressed ?? []);
    const sender = senderAddress(delivery);
    this.#logger.log(
      {
        outcome,
        actions: actions.map(({ type }) => type),
        leftOut: refused.length,
        rules: trace?.decision.acting.length ?? 0,
        lookup: trace?.facts.lookup.state ?? null,
        matchedBy: trace?.facts.lookup.matchedBy ?? null,
        source: trace?.facts.lookup.source ?? null,
        stale: trace?.facts.lookup.stale ?? false,
        durationMs: Math.round(elapsedMs * 10) / 10,
        revision,
        mailbox: this.hash.of(delivery.mailbox),
        sender: sender && this.hash.of(sender.address),
      },
      `${outcome}: ${actions.length} action(s), ${refused.length} left out, look-up ${trace?.facts.lookup.state ?? 'none'}`,
    );
    if (refused.length === 0) return;
    const list = refused.map((one) => describeSuppressed(one, one.isRendered ? null : one.part));
    this.#logger.warn(`Left out: ${list.join('; ')}`);
  }
}
