import { reasonOf } from '../shared/errors.js';
import type { AcceptedRules, LastGoodRules } from './last-good.js';

export type KeepingEvent =
  /** The set runs, but a restart with broken files would not find it. It is tried again; this is told once a set. */
  | { readonly kind: 'not_kept'; readonly revision: string; readonly reason: string }
  /** After `not_kept`. */
  | { readonly kind: 'kept'; readonly revision: string };

const TRY_AGAIN_MS = 10_000;

/** Saves the newest accepted set beside everything else, and tries until it is saved or another set was accepted. */
export class LastGoodKeeper {
  #waiting: AcceptedRules | null = null;
  /** The set that `not_kept` was told of. */
  #told: AcceptedRules | null = null;
  #saving: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly lastGood: LastGoodRules,
    private readonly report: (event: KeepingEvent) => void,
  ) {}

  keep(accepted: AcceptedRules): void {
    if (this.#isClosed) return;
    this.#waiting = accepted;
    this.#start();
  }

  /** Resolves after the save that is under way; none is begun afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#saving;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#saving ??= this.#save().finally(() => (this.#saving = undefined));
  }

  /** One save at a time; a set that is accepted meanwhile comes next. */
  async #save(): Promise<void> {
    while (this.#waiting !== null) {
      const accepted = this.#waiting;
      const reason = await this.#trySaving(accepted);
      if (this.#waiting !== accepted) continue;
      if (reason !== null) {
        this.#failed(accepted, reason);
        return;
      }
      this.#waiting = null;
      if (this.#told === accepted) this.report({ kind: 'kept', revision: accepted.revision });
    }
  }

  async #trySaving(accepted: AcceptedRules): Promise<string | null> {
    try {
      await this.lastGood.save(accepted);
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }

  #failed(accepted: AcceptedRules, reason: string): void {
    if (this.#told !== accepted) this.report({ kind: 'not_kept', revision: accepted.revision, reason });
    this.#told = accepted;
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#start(), TRY_AGAIN_MS).unref();
  }
}
