import { type Fault, formatFault, sortFaults } from '../files/fault.js';
import { FileWatcher, type FileWatcherOptions, fingerprintOf } from '../files/file-watcher.js';
import { EnricherError, reasonOf } from '../shared/errors.js';
import type { LastGoodRules } from './last-good.js';
import { type KeepingEvent, LastGoodKeeper } from './last-good-keeper.js';
import { buildRuleSet, type LoadedRules, type LoadOptions, loadRules, type RulesLoader } from './load-rules.js';
import type { RuleSet } from './rule-set.js';
import { isOfRules } from './rules-folder.js';

/** What happened to the rule set, for logs. */
export type RulesEvent =
  | KeepingEvent
  | { readonly kind: 'loaded'; readonly ruleSet: RuleSet; readonly warnings: readonly Fault[] }
  /** `running`: the revision that goes on instead. */
  | { readonly kind: 'rejected'; readonly faults: readonly Fault[]; readonly running: string }
  /** The files are again what is running, after a set was rejected. */
  | { readonly kind: 'mended'; readonly running: string }
  /** Looking at the changed files failed in a way that nobody expected; the set stays. */
  | { readonly kind: 'reload_failed'; readonly reason: string };

/** How a reload ended. */
export type RulesReload =
  | { readonly kind: 'loaded'; readonly revision: string; readonly warnings: readonly Fault[] }
  /** The files are what is running. */
  | { readonly kind: 'same'; readonly revision: string; readonly warnings: readonly Fault[] }
  | { readonly kind: 'rejected'; readonly running: string; readonly faults: readonly Fault[] }
  /** Somebody wrote while the files were read; nothing was replaced. */
  | { readonly kind: 'edited' };

/** What is running, for the health page. */
export interface RulesStatus {
  readonly revision: string;
  readonly loadedAt: Date;
  /** The files on disk as they are now, when they are not what is running. */
  readonly lastRejected: { readonly at: Date; readonly faults: readonly Fault[] } | null;
}

export interface RulesServiceOptions extends LoadOptions {
  readonly folder: string;
  /** Default: `loadRules`. */
  readonly load?: RulesLoader;
  /** Where accepted sets are kept; null keeps none, and then a first set with a fault is refused. */
  readonly lastGood: LastGoodRules | null;
  /** A first set with a fault is refused, whatever is kept. */
  readonly isStrict?: boolean;
  readonly report?: (event: RulesEvent) => void;
  readonly watching?: FileWatcherOptions;
}

/** Holds the running rule set and replaces it as a whole when the folder changes; a set with a fault never runs. */
export class RulesService {
  #ruleSet: RuleSet;
  #loadedAt = new Date();
  #lastRejected: RulesStatus['lastRejected'] = null;
  #lastReload: Promise<unknown> = Promise.resolve();
  /** Of the files as they were last looked at. */
  #lastSeen = '';
  readonly #watcher: FileWatcher;
  readonly #keeper: LastGoodKeeper | null;

  private constructor(
    private readonly options: RulesServiceOptions,
    ruleSet: RuleSet,
  ) {
    this.#ruleSet = ruleSet;
    const { lastGood, report = () => undefined } = options;
    this.#keeper = lastGood === null ? null : new LastGoodKeeper(lastGood, report);
    this.#watcher = new FileWatcher(options.folder, () => this.#follow(), {
      onError: (error) => options.report?.({ kind: 'reload_failed', reason: String(error) }),
      ...options.watching,
      counts: isOfRules,
    });
  }

  /**
   * Loads the folder and watches it. When it has faults, the last accepted set runs instead.
   *
   * @throws EnricherError `RULES_INVALID` with every fault, when there is no such set; `STORE_UNAVAILABLE` when it cannot be asked for
   */
  static async start(options: RulesServiceOptions): Promise<RulesService> {
    const { folder } = options;
    const fingerprint = await fingerprintOf(folder, isOfRules);
    const load = await (options.load ?? loadRules)(folder, options);
    const service = load.ok
      ? new RulesService(options, load.ruleSet)
      : await RulesService.#startFromLastGood(options, load.faults);
    if (load.ok) service.#accept(load);
    else service.#reject(load.faults);
    service.#lastSeen = fingerprint;
    service.#watcher.start(fingerprint);
    return service;
  }

  static async #startFromLastGood(options: RulesServiceOptions, faults: readonly Fault[]): Promise<RulesService> {
    const what = `The rules in ${options.folder} have ${faults.length} fault(s)`;
    const list = sortFaults(faults).map(formatFault).join('\n');
    const invalid = new EnricherError('RULES_INVALID', `${what}:\n${list}`);
    if (options.isStrict === true) throw invalid;
    const accepted = await options.lastGood?.load(options.folder).catch((error: unknown) => {
      const why = `the store could not be asked for the set that was accepted last: ${reasonOf(error)}`;
      throw new EnricherError('STORE_UNAVAILABLE', `${what}, and ${why}`, { cause: invalid });
    });
    const load = accepted ? await buildRuleSet(accepted.files, options) : null;
    if (load?.ok === true) return new RulesService(options, load.ruleSet);
    throw invalid;
  }

  get current(): RuleSet {
    return this.#ruleSet;
  }

  get status(): RulesStatus {
    return { revision: this.#ruleSet.revision, loadedAt: this.#loadedAt, lastRejected: this.#lastRejected };
  }

  /** Resolves when nothing is being saved any more. */
  async close(): Promise<void> {
    this.#watcher.close();
    await this.#keeper?.close();
  }

  /** Loads the folder now, after any load that is under way. */
  reload(): Promise<RulesReload> {
    return this.#inTurn(() => this.#load());
  }

  /** What the watcher saw may have been loaded meanwhile, because somebody asked for it. */
  async #follow(): Promise<void> {
    await this.#inTurn(async () => {
      if ((await fingerprintOf(this.options.folder, isOfRules)) !== this.#lastSeen) await this.#load();
    });
  }

  /** One at a time: a load that began earlier must not replace what a later one gave. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastReload.then(work);
    this.#lastReload = turn.catch(() => undefined);
    return turn;
  }

  async #load(): Promise<RulesReload> {
    const { folder } = this.options;
    const before = await fingerprintOf(folder, isOfRules);
    const load = await (this.options.load ?? loadRules)(folder, this.options);
    // Edited while it was read: what was read may be half of each. The watcher calls again when the folder is quiet.
    if ((await fingerprintOf(folder, isOfRules)) !== before) return { kind: 'edited' };
    this.#lastSeen = before;
    if (!load.ok) {
      this.#reject(load.faults);
      return { kind: 'rejected', running: this.#ruleSet.revision, faults: load.faults };
    }
    const { ruleSet, warnings } = load;
    const isSame = ruleSet.revision === this.#ruleSet.revision;
    if (isSame) this.#mend();
    else this.#accept(load);
    return { kind: isSame ? 'same' : 'loaded', revision: ruleSet.revision, warnings };
  }

  #accept({ ruleSet, warnings, files }: LoadedRules): void {
    this.#ruleSet = ruleSet;
    this.#loadedAt = new Date();
    this.#lastRejected = null;
    this.options.report?.({ kind: 'loaded', ruleSet, warnings });
    this.#keeper?.keep({ revision: ruleSet.revision, acceptedAt: this.#loadedAt, files });
  }

  #mend(): void {
    if (this.#lastRejected === null) return;
    this.#lastRejected = null;
    this.options.report?.({ kind: 'mended', running: this.#ruleSet.revision });
  }

  #reject(faults: readonly Fault[]): void {
    this.#lastRejected = { at: new Date(), faults };
    this.options.report?.({ kind: 'rejected', faults, running: this.#ruleSet.revision });
  }
}
