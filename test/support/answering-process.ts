import { AnswerService } from '../../src/enrichment/answer.service.js';
import { EnrichmentService } from '../../src/enrichment/enrichment.service.js';
import { Intake } from '../../src/enrichment/intake.js';
import { DecisionKeeper } from '../../src/decisions/decision-keeper.js';
import { DecisionMasker } from '../../src/decisions/decision-record.js';
import {
  type Claim,
  type DecisionQuery,
  type DecisionRow,
  DecisionStore,
  type DeliveryKey,
  type Lease,
  type StoredAnswer,
} from '../../src/decisions/decision-store.js';
import type { Delivery } from '../../src/facts/delivery.js';
import { MailboxCatalogue } from '../../src/mailboxes/mailbox-catalogue.js';
import type { RuleSet } from '../../src/rules/rule-set.js';
import type { RulesService } from '../../src/rules/rules.service.js';
import { AddressHash } from '../../src/shared/address-hash.js';
import { lookupsOver, ScriptedProvider } from './scripted-provider.js';
import { until } from './until.js';

/** Where the next delivery strikes: what the step has written stays written when it is struck afterwards. */
export type Strike = `${'before' | 'after'} ${'claim' | 'lookup' | 'commit'}`;

export interface Surroundings {
  readonly store: DecisionStore;
  /** Shared by all processes, as a folder is: the rules of now. */
  readonly rules: { readonly current: RuleSet };
  /** What the CRM says now; called once a look-up. */
  readonly lookUp: (address: string) => Readonly<Record<string, string>>;
}

/** Long enough for a slow disk; a claim that its owner left is waited for no longer than it takes to see that it is taken. */
const ANSWER_DEADLINE_MS = 2_100;
const KEEPER = {
  timeoutMs: 20_000,
  // What the store fails counts as down at once: waiting for it is tried elsewhere.
  askAgainMs: 20_000,
  tryAgainMs: 1,
  maxBuffered: 1_000,
  maxBufferedCharacters: Infinity,
  report: () => undefined,
  lost: () => undefined,
};
let count = 0;

/**
 * The part of the service that answers, over a store that outlives it: it can be killed in the middle of a delivery, and its store can fail
 * it once or for a while.
 */
export class AnsweringProcess {
  /** A killed process writes nothing, asks nobody, and nobody hears it. */
  #isDead = false;
  readonly #died = Promise.withResolvers<undefined>();
  #isStoreDown = false;
  #next: { readonly at: Strike; readonly kills: boolean } | null = null;
  readonly #keeper: DecisionKeeper;
  readonly #answers: AnswerService;

  constructor({ store, rules, lookUp }: Surroundings) {
    const crm = new ScriptedProvider('crm', {});
    crm.findByEmail = ({ address }) =>
      this.#step('lookup', () => Promise.resolve({ kind: 'found' as const, record: lookUp(address) }));
    const options = { answerDeadlineMs: ANSWER_DEADLINE_MS, onUnavailable: 'error' as const };
    const lookups = lookupsOver([crm], { lookup: NO_CACHE });
    const mailboxes = { current: MailboxCatalogue.EMPTY };
    this.#keeper = new DecisionKeeper(
      new FailingStore(store, (name, work) => this.#step(name, work)),
      `process-${count++}`,
      KEEPER,
    );
    this.#answers = new AnswerService({
      enrichment: new EnrichmentService(rules as RulesService, lookups, mailboxes, new Intake(), options),
      keeper: this.#keeper,
      masker: new DecisionMasker({ masks: [], keepBody: false, addressHash: null }),
      addressHash: new AddressHash('key'),
      answerDeadlineMs: ANSWER_DEADLINE_MS,
      cameChanged: () => undefined,
    });
  }

  /** The bytes of the answer; null when the process was killed before it was sent. */
  async deliver(delivery: Delivery): Promise<string | null> {
    const answer = this.#answers.answer(delivery).catch((error: unknown) => {
      if (!this.#isDead) throw error;
    });
    const first = await Promise.race([answer, this.#died.promise]);
    return this.#isDead || first === undefined ? null : first.body;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** What comes by there next is struck: the process is killed, or the store fails it once. */
  strike(at: Strike, kills: boolean): void {
    this.#next = { at, kills };
  }

  /** Takes the strike back when nothing came by there. */
  spare(): void {
    this.#next = null;
  }

  kill(): void {
    this.#isDead = true;
    this.#died.resolve(undefined);
    void this.#keeper.close();
  }

  /** Ends as a signal would end it. */
  async stop(): Promise<void> {
    this.storeIsDown(false);
    await this.#keeper.close();
    this.#isDead = true;
  }

  storeIsDown(isDown: boolean): void {
    this.#isStoreDown = isDown;
  }

  /** Resolves when all is in the store that was answered. */
  settle(): Promise<void> {
    this.storeIsDown(false);
    return until('all is kept', () => this.#keeper.status.state === 'ok' && this.#keeper.status.buffered === 0);
  }

  async #step<T>(name: 'claim' | 'lookup' | 'commit' | 'other', work: () => Promise<T>): Promise<T> {
    this.#refuse(name);
    this.#struck(`before ${name}`);
    const result = await work();
    this.#struck(`after ${name}`);
    this.#refuse(name);
    return result;
  }

  #refuse(name: string): void {
    if (this.#isDead) throw new Error('the process was killed');
    if (this.#isStoreDown && name !== 'lookup') throw new Error('the store is down');
  }

  #struck(at: string): void {
    if (this.#next?.at !== at) return;
    if (this.#next.kills) this.kill();
    this.#next = null;
    throw new Error('struck');
  }
}

const NO_CACHE = {
  cache: { foundSeconds: 0, notFoundSeconds: 0, staleSeconds: 0, maxEntries: 1, maxMegabytes: 1 },
  lastKnownDays: 0,
};

type Step = <T>(name: 'claim' | 'commit' | 'other', work: () => Promise<T>) => Promise<T>;

class FailingStore extends DecisionStore {
  constructor(
    private readonly store: DecisionStore,
    private readonly step: Step,
  ) {
    super();
  }

  override claim(key: DeliveryKey, bodyHash: string, lease: Lease): Promise<Claim> {
    return this.step('claim', () => this.store.claim(key, bodyHash, lease));
  }

  override commit(decision: DecisionRow): Promise<StoredAnswer> {
    return this.step('commit', () => this.store.commit(decision));
  }

  override release(key: DeliveryKey, owner: string): Promise<void> {
    return this.step('other', () => this.store.release(key, owner));
  }

  override renew(keys: readonly DeliveryKey[], lease: Lease): Promise<void> {
    return this.step('other', () => this.store.renew(keys, lease));
  }

  override list(query: DecisionQuery): Promise<DecisionRow[]> {
    return this.step('other', () => this.store.list(query));
  }

  override get(id: string): Promise<DecisionRow | null> {
    return this.step('other', () => this.store.get(id));
  }

  override eraseSender(senderHash: string): Promise<number> {
    return this.step('other', () => this.store.eraseSender(senderHash));
  }

  override purge(before: number, limit: number): Promise<number> {
    return this.step('other', () => this.store.purge(before, limit));
  }
}
