import type { Rule } from '../rules/rule.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { RulesEvent } from '../rules/rules.service.js';
import type { Metrics } from './metrics.js';

/** Follows the rule set: which runs, and whether it is what the files say. */
export class RulesMetrics {
  /** Of the rules in the running set, by name: the series that there are. */
  #modes: ReadonlyMap<string, Rule['mode']> = new Map();

  constructor(
    private readonly metrics: Metrics,
    private readonly clock: () => Date = () => new Date(),
  ) {}

  /** To be called with every event of the rules, and once with the set that the service started on. */
  heard(event: RulesEvent): void {
    switch (event.kind) {
      case 'loaded':
        this.running(event.ruleSet);
        this.#accepted();
        break;
      case 'mended':
        this.#accepted();
        break;
      case 'rejected':
      case 'reload_failed':
        this.metrics.rulesLastReloadSuccessful.set(0);
        break;
      case 'not_kept':
      case 'kept':
        break;
      default:
        event satisfies never;
    }
  }

  running({ revision, rules }: RuleSet): void {
    const { rulesInfo, rulesLoaded, ruleMatches } = this.metrics;
    rulesInfo.reset();
    rulesInfo.set({ revision }, 1);
    rulesLoaded.set(rules.length);
    const modes = new Map(rules.map(({ name, mode }) => [name, mode]));
    for (const [rule, mode] of this.#modes) if (modes.get(rule) !== mode) ruleMatches.remove({ rule, mode });
    // From 0 on, so that a rule that never matches is seen too.
    for (const [rule, mode] of modes) ruleMatches.inc({ rule, mode }, 0);
    this.#modes = modes;
  }

  /** Counts a match; not one of a rule that is gone meanwhile, whose series would stay for ever. */
  matched(rule: string, mode: Rule['mode']): void {
    if (this.#modes.get(rule) === mode) this.metrics.ruleMatches.inc({ rule, mode });
  }

  #accepted(): void {
    this.metrics.rulesLastReloadSuccessful.set(1);
    this.metrics.rulesLastReloadSuccessTimestamp.set(this.clock().getTime() / 1000);
  }
}
