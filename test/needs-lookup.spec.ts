import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { composeActions } from '../src/actions/compose-actions.js';
import { NOT_LOOKED_UP } from '../src/crm/lookup.service.js';
import type { Facts } from '../src/facts/facts.js';
import { decide, needsLookup } from '../src/rules/decide.js';
import type { RuleSet } from '../src/rules/rule-set.js';
import { factsWith } from './support/rule-program.js';
import { loadRuleFile, message, outcome, ruleFile } from './support/rule-files.js';

/**
 * A look-up that is left out would have changed nothing. `NEEDS_LOOKUP_SEED` repeats a run, `NEEDS_LOOKUP_SETS` makes it longer.
 */
const SEED = Number(process.env['NEEDS_LOOKUP_SEED'] ?? Date.now() % 2 ** 31);
const SETS = Number(process.env['NEEDS_LOOKUP_SETS'] ?? 300);

/** Texts of which nobody could tell whether they read the look-up. */
const UNTOLD = [
  ...['where_exp', 'reject_exp', 'group_by_exp', 'has_exp', 'find_exp', 'find_index_exp'].map(
    (filter) => `{{ lists.tiers | ${filter}: "x", "x == customer.tier" }}`,
  ),
  '{% assign k = "customer" %}{{ [k].tier }}',
  '{{ lists.regions[["customer"].tier] }}',
  '{{ (1..customer.count)[0] }}',
  '{{ lists.regions[(1..customer.count)] }}',
  '{% if false %}{% assign customer = "x" %}{% endif %}{{ customer.tier }}',
  '{% if false %}{% capture customer %}x{% endcapture %}{% endif %}{{ customer.tier }}',
  '{% if false %}{% increment lookup %}{% endif %}{{ lookup.state }}',
  '{% if false %}{% decrement lookup %}{% endif %}{{ lookup.state }}',
  '{% for customer in lists.tiers %}{{ customer }}{% endfor %}',
  '{% tablerow customer in lists.tiers %}{{ customer }}{% endtablerow %}',
  '{% assign message = lookup %}{{ message.state }}',
];
const actionsOf = (ruleSet: RuleSet, facts: Facts) =>
  composeActions(decide(ruleSet, facts).acting, facts, null).actions;

test.each(UNTOLD)('%s is refused', async (source) => {
  const actions = [{ type: 'tag', name: 'Tag', value: { tags: [source] } }];
  await expect(loadRuleFile({ rules: [{ name: 'r', conditions: { all: [] }, actions }] })).rejects.toThrow(
    /unknown template filter|template: (a path begins|a range|"\w+" is a fact)/,
  );
});

test(`where no look-up is needed, none would have changed the actions: ${SETS} rule sets, seed ${SEED}`, async () => {
  const counts = { needed: 0, spared: 0, sparedAndActing: 0 };
  const messages = fc.array(message, { minLength: 4, maxLength: 4 });
  const outcomes = fc.array(outcome, { minLength: 8, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(ruleFile, messages, outcomes, async (file, given, endings) => {
      const { ruleSet } = await loadRuleFile(file);
      for (const each of given) {
        const plain = factsWith(null, false, ruleSet.lists);
        const before: Facts = { ...plain, message: { ...plain.message, ...each }, ...NOT_LOOKED_UP };
        const isNeeded = needsLookup(ruleSet, before);
        counts[isNeeded ? 'needed' : 'spared'] += 1;
        if (isNeeded) continue;
        const actions = actionsOf(ruleSet, before);
        if (actions.length > 0) counts.sparedAndActing += 1;
        for (const ending of endings) expect(actionsOf(ruleSet, { ...before, ...ending })).toEqual(actions);
      }
    }),
    { seed: SEED, numRuns: SETS },
  );
  process.stdout.write(`needs-lookup: ${JSON.stringify(counts)}, seed ${SEED}\n`);
  // Else it has shown nothing.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(SETS / 10);
}, 120_000);
