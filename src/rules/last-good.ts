import type { SourceFile } from './rules-folder.js';

/** A set of rule files that was accepted once. */
export interface AcceptedRules {
  readonly revision: string;
  readonly acceptedAt: Date;
  readonly files: readonly SourceFile[];
}

/** Keeps accepted rule files over a restart, in which the folder may hold broken ones. */
export abstract class LastGoodRules {
  /**
   * The set that was accepted last. Null when none was kept, or what was kept is damaged.
   *
   * @throws Error when that cannot be found out in a few seconds
   */
  abstract load(rulesFolder: string): Promise<AcceptedRules | null>;

  /** @throws Error when it is not sure that it was written */
  abstract save(accepted: AcceptedRules): Promise<void>;
}
