import { hash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DecisionKeeper } from '../decisions/decision-keeper.js';
import type { DecisionMasker, DecisionRecord } from '../decisions/decision-record.js';
import type { Claim, DecisionRow, DeliveryKey, StoredAnswer } from '../decisions/decision-store.js';
import { senderAddress } from '../facts/build-facts.js';
import type { Delivery } from '../facts/delivery.js';
import type { AddressHash } from '../shared/address-hash.js';
import type { Enrichment } from './enrichment.js';
import type { EnrichmentService } from './enrichment.service.js';
import { toEnvelope } from './envelope.js';

/** What the sender gets. */
export interface Answer extends StoredAnswer {
  /** It was decided for an earlier delivery of the same message. */
  readonly isReplay: boolean;
  /** Null for a replay. */
  readonly enrichment: Enrichment | null;
}

export interface AnswerParts {
  readonly enrichment: EnrichmentService;
  readonly keeper: DecisionKeeper;
  readonly masker: DecisionMasker;
  readonly addressHash: AddressHash;
  /** For the whole answer, in milliseconds. */
  readonly answerDeadlineMs: number;
  /** Hears of a message that came again with another content; null: while the first was being decided. */
  readonly cameChanged: (decidedAt: number | null) => void;
}

/** How often we look whether the replica that decides a message is done. */
const LOOK_AGAIN_MS = 100;
/** How long the store is waited for, twice at most: a restart of PostgreSQL, or another one that takes over, goes by unnoticed. */
const MAX_PATIENCE_MS = 5_000;
/** And at least, however late it is. */
const MIN_PATIENCE_MS = 500;
/** Kept free of the deadline for deciding ourselves when the other replica is not done. */
const RESERVE_MS = 2_000;

/**
 * One answer for each message, however often and wherever it is delivered, as long as its decision is kept: a delivery that comes again gets
 * the same bytes, one that comes while the first is decided waits for it, here or on another replica. Each decision is kept before it is
 * answered.
 */
export class AnswerService {
  /** What is being decided here: by message, then by content. */
  readonly #open = new Map<string, Map<string, Promise<Answer>>>();

  constructor(private readonly parts: AnswerParts) {}

  async answer(delivery: Delivery): Promise<Answer> {
    const arrivedAt = performance.now();
    const bodyHash = hashOf(delivery);
    const id = JSON.stringify([delivery.mailbox, delivery.event, delivery.id]);
    const ofMessage = this.#open.get(id) ?? new Map<string, Promise<Answer>>();
    const open = ofMessage.get(bodyHash);
    if (open !== undefined) return { ...(await open), isReplay: true, enrichment: null };
    if (ofMessage.size > 0) this.parts.cameChanged(null);
    const answer = this.#answerOnce(delivery, bodyHash, arrivedAt);
    this.#open.set(id, ofMessage.set(bodyHash, answer));
    try {
      return await answer;
    } finally {
      ofMessage.delete(bodyHash);
      if (ofMessage.size === 0) this.#open.delete(id);
    }
  }

  async #answerOnce(delivery: Delivery, bodyHash: string, arrivedAt: number): Promise<Answer> {
    const key = keyOf(delivery);
    const claim = await this.#claim(key, bodyHash, arrivedAt);
    if (claim?.kind === 'done' && claim.bodyHash === bodyHash) return replay(claim.answer);
    if (claim?.kind === 'done') this.parts.cameChanged(claim.decidedAt);
    if (claim?.kind === 'taken') this.parts.cameChanged(null);
    return this.#decide(delivery, { key, bodyHash, arrivedAt, isClaimed: claim?.kind === 'claimed' });
  }

  /** Waits while another replica decides the same message, as long as there is time left to do it ourselves. */
  async #claim(key: DeliveryKey, bodyHash: string, arrivedAt: number): Promise<Claim | null> {
    const { keeper, answerDeadlineMs } = this.parts;
    for (;;) {
      const leftMs = answerDeadlineMs - RESERVE_MS - (performance.now() - arrivedAt);
      const claim = await keeper.claim(key, bodyHash, patienceMs(Math.min(leftMs, answerDeadlineMs / 4)));
      if (claim?.kind !== 'taken' || claim.bodyHash !== bodyHash) return claim;
      if (performance.now() - arrivedAt > answerDeadlineMs - RESERVE_MS) return null;
      await pause(LOOK_AGAIN_MS);
    }
  }

  async #decide(
    delivery: Delivery,
    {
      key,
      bodyHash,
      arrivedAt,
      isClaimed,
    }: { key: DeliveryKey; bodyHash: string; arrivedAt: number; isClaimed: boolean },
  ): Promise<Answer> {
    const { enrichment: service, keeper, answerDeadlineMs } = this.parts;
    let enrichment: Enrichment;
    let row: DecisionRow | null;
    try {
      enrichment = await service.enrich(delivery, arrivedAt);
      row = enrichment.shouldRetry ? null : this.#row(delivery, { key, bodyHash, arrivedAt }, enrichment);
    } catch (error) {
      if (isClaimed) await keeper.release(key);
      throw error;
    }
    if (row === null) {
      if (isClaimed) await keeper.release(key);
      const { message: body, revision } = enrichment;
      return { status: 503, body, revision, isReplay: false, enrichment };
    }
    const leftMs = answerDeadlineMs - MIN_PATIENCE_MS - (performance.now() - arrivedAt);
    const kept = await keeper.keep(row, patienceMs(leftMs));
    return kept.body === row.answer.body ? { ...row.answer, isReplay: false, enrichment } : replay(kept);
  }

  #row(
    delivery: Delivery,
    { key, bodyHash, arrivedAt }: { key: DeliveryKey; bodyHash: string; arrivedAt: number },
    enrichment: Enrichment,
  ): DecisionRow {
    const { outcome, trace, revision } = enrichment;
    const { masker, addressHash } = this.parts;
    const decidedAt = Date.now();
    const sender = senderAddress(delivery);
    const verdicts = trace?.decision.verdicts ?? [];
    const kept = trace === null ? null : masker.facts(trace.facts);
    const record: DecisionRecord = {
      conversationId: delivery.conversationId === '' ? null : delivery.conversationId,
      verdicts: trace === null ? [] : masker.verdicts(verdicts, trace.facts),
      suppressed: masker.suppressed(trace?.composition.suppressed ?? []),
      timings: {
        lookupMs: round(trace?.lookupMs ?? 0),
        totalMs: round(performance.now() - arrivedAt),
      },
      facts: kept?.facts ?? null,
      masked: kept?.masked ?? [],
    };
    return {
      ...key,
      id: makeId(decidedAt),
      bodyHash,
      decidedAt,
      answer: { status: 200, body: JSON.stringify(toEnvelope(enrichment)), revision },
      outcome,
      senderHash: sender === null ? null : addressHash.of(sender.address),
      lookupState: trace?.facts.lookup.state ?? null,
      rules: verdicts.filter(({ verdict }) => verdict === 'matched').map(({ rule }) => rule),
      record: JSON.stringify(record),
    };
  }
}

function keyOf({ mailbox, event, id }: Delivery): DeliveryKey {
  return { mailbox, event, messageId: id };
}

/** Of everything in the payload that is read: two deliveries with the same hash cannot be decided differently by their content. */
function hashOf(delivery: Delivery): string {
  return hash('sha256', JSON.stringify(delivery), 'base64url');
}

/** How long the store is waited for when so much time is left. */
function patienceMs(leftMs: number): number {
  return Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, leftMs));
}

function replay(answer: StoredAnswer): Answer {
  return { ...answer, isReplay: true, enrichment: null };
}

/** Sorts by time: 9 digits of base 36 last until the year 5188. */
function makeId(time: number): string {
  // Not `randomBytes`: Node keeps random bytes ready for these only, and others take it 20 µs.
  const uuid = randomUUID();
  return `${time.toString(36).padStart(9, '0')}${uuid.slice(0, 8)}${uuid.slice(-8)}`;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
