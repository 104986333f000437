import type { KeptFacts, KeptVerdict } from '../decisions/decision-record.js';
import { FALSE, TRUE, type Truth, UNKNOWN } from '../rules/compile-condition.js';
import { reasonToSkip } from '../rules/decide.js';
import type { LoadedRules } from '../rules/load-rules.js';
import type { Rule } from '../rules/rule.js';
import { diffRules } from '../rules/rules-diff.js';

/** The rules that decided a message then, beside those of now: what the record says of a rule holds of one that has not changed. */
export class FormerRules {
  readonly #rules: readonly Rule[];
  readonly #byName: ReadonlyMap<string, Rule>;
  /** By name: rules that differ, and whether their conditions do. */
  readonly #changed = new Map<string, { readonly conditions: boolean }>();
  /** A named condition or a list differs, and nobody has looked who reads it. */
  readonly #areTermsChanged: boolean;

  constructor(before: LoadedRules, after: LoadedRules) {
    this.#rules = before.ruleSet.rules;
    this.#byName = new Map(this.#rules.map((rule) => [rule.name, rule]));
    const differences = diffRules(before.files, after.files);
    this.#areTermsChanged = differences.some(({ what }) => what === 'condition' || what === 'list');
    for (const { what, name, change, keys } of differences)
      if (what === 'rule') this.#changed.set(name, { conditions: change !== 'changed' || keys.includes('conditions') });
  }

  /** The rule of this name as it was. */
  rule(name: string): Rule | undefined {
    return this.#byName.get(name);
  }

  /** Whether nothing of the rule differs. */
  isSame(name: string): boolean {
    return !this.#areTermsChanged && this.#byName.has(name) && !this.#changed.has(name);
  }

  /** By the names of rules whose conditions are the same: whether they held, where the record tells. */
  truths(
    verdicts: readonly KeptVerdict[],
    { message: { mailbox }, now, lookup }: KeptFacts,
  ): ReadonlyMap<string, Truth> {
    const truths = new Map<string, Truth>();
    if (this.#areTermsChanged) return truths;
    const recorded = new Map(verdicts.map((verdict) => [verdict.rule, verdict]));
    const groups = new Set<string>();
    for (const rule of this.#rules) {
      if (reasonToSkip(rule, mailbox, Date.parse(now)) !== null) continue;
      const verdict = recorded.get(rule.name)?.verdict ?? null;
      // Without a look-up, only rules were asked whose part was settled without one.
      const isSettled = rule.mode === 'live' && !(rule.exclusive !== null && groups.has(rule.exclusive));
      const truth = lookup.state !== 'skipped' || isSettled ? truthOf(rule, verdict) : null;
      if (truth !== null && this.#changed.get(rule.name)?.conditions !== true) truths.set(rule.name, truth);
      if (verdict !== 'matched' || rule.mode !== 'live') continue;
      if (rule.exclusive !== null) groups.add(rule.exclusive);
      // After it nobody was asked.
      if (rule.stop) break;
    }
    return truths;
  }
}

/** Null where a rule may have matched because its condition was unknown, or because it held. */
function truthOf({ onUnknown }: Rule, verdict: KeptVerdict['verdict'] | null): Truth | null {
  switch (verdict) {
    case 'undecided':
      return UNKNOWN;
    case 'matched':
    case 'skipped':
      return onUnknown === 'match' ? null : TRUE;
    default:
      return FALSE;
  }
}
