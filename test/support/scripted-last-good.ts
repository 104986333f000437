import { type AcceptedRules, LastGoodRules } from '../../src/rules/last-good.js';

/** Keeps accepted rules in memory, and can be told to fail or to stall. */
export class ScriptedLastGood extends LastGoodRules {
  kept: AcceptedRules | null = null;
  /** What every call fails with; null for none. */
  fault: Error | null = null;
  /** What saves wait for. */
  held: Promise<void> = Promise.resolve();
  /** The revisions that it was asked to save, each time. */
  readonly asked: string[] = [];

  override async load(): Promise<AcceptedRules | null> {
    if (this.fault !== null) throw this.fault;
    return this.kept;
  }

  override async save(accepted: AcceptedRules): Promise<void> {
    this.asked.push(accepted.revision);
    await this.held;
    if (this.fault !== null) throw this.fault;
    this.kept = accepted;
  }
}
