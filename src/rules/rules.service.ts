import { type Fault, sortFaults } from '../files/fault.js';
import { FileWatcher, type FileWatcherOptions, fingerprintOf } from '../files/file-watcher.js';
import { EnricherError } from '../shared/errors.js';
import { formatFault } from '../files/fault.js';
import { loadRules, type LoadOptions } from './load-rules.js';
import type { RuleSet } from './rule-set.js';

/** What happened to the rule set, for logs. */
export type RulesEvent =
  | { readonly kind: 'loaded'; readonly ruleSet: RuleSet; readonly warnings: readonly Fault[] }
  | { readonly kind: 'rejected'; readonly faults: readonly Fault[] };

/** What is running, for the health page. */
export interface RulesStatus {
  readonly revision: string;
  readonly loadedAt: Date;
  /** The files on disk as they are now, when they are not what is running. */
  readonly lastRejected: { readonly at: Date; readonly faults: readonly Fault[] } | null;
}

/** Holds the running rule set and replaces it as a whole when the folder changes; a set with a fault never runs. */
export class RulesService {
  #ruleSet: RuleSet;
  #loadedAt = new Date();
  #lastRejected: RulesStatus['lastRejected'] = null;
  readonly #watcher: FileWatcher;

  private constructor(
    readonly folder: string,
    private readonly options: LoadOptions,
    ruleSet: RuleSet,
    private readonly report: (event: RulesEvent) => void,
    watching: FileWatcherOptions,
  ) {
    this.#ruleSet = ruleSet;
    this.#watcher = new FileWatcher(folder, () => this.#reload(), watching);
  }

  /**
   * Loads the folder and watches it.
   *
   * @throws EnricherError `RULES_INVALID` with every fault, when the first set has any
   */
  static async start(
    folder: string,
    options: LoadOptions,
    report: (event: RulesEvent) => void = () => undefined,
    watching: FileWatcherOptions = {},
  ): Promise<RulesService> {
    const fingerprint = await fingerprintOf(folder);
    const load = await loadRules(folder, options);
    if (!load.ok) {
      const list = sortFaults(load.faults).map(formatFault).join('\n');
      throw new EnricherError('RULES_INVALID', `The rules in ${folder} have ${load.faults.length} fault(s):\n${list}`);
    }
    const service = new RulesService(folder, options, load.ruleSet, report, watching);
    report({ kind: 'loaded', ruleSet: load.ruleSet, warnings: load.warnings });
    service.#watcher.start(fingerprint);
    return service;
  }

  get current(): RuleSet {
    return this.#ruleSet;
  }

  get status(): RulesStatus {
    return { revision: this.#ruleSet.revision, loadedAt: this.#loadedAt, lastRejected: this.#lastRejected };
  }

  close(): void {
    this.#watcher.close();
  }

  async #reload(): Promise<void> {
    const before = await fingerprintOf(this.folder);
    const load = await loadRules(this.folder, this.options);
    // Edited while it was read: what was read may be half of each. The watcher calls again when the folder is quiet.
    if ((await fingerprintOf(this.folder)) !== before) return;
    if (!load.ok) {
      this.#lastRejected = { at: new Date(), faults: load.faults };
      this.report({ kind: 'rejected', faults: load.faults });
      return;
    }
    this.#lastRejected = null;
    if (load.ruleSet.revision === this.#ruleSet.revision) return;
    this.#ruleSet = load.ruleSet;
    this.#loadedAt = new Date();
    this.report({ kind: 'loaded', ruleSet: load.ruleSet, warnings: load.warnings });
  }
}
