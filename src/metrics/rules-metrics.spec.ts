import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { loadRules } from '../rules/load-rules.js';
import type { RuleSet } from '../rules/rule-set.js';
import { Metrics } from './metrics.js';
import { RulesMetrics } from './rules-metrics.js';

const NOW = new Date('2026-11-24T09:00:00Z');

async function ruleSet(rules: Readonly<Record<string, 'live' | 'shadow'>>): Promise<RuleSet> {
  const list = Object.entries(rules).map(([name, mode]) => ({
    name,
    mode,
    conditions: { all: [] },
    actions: [{ type: 'tag', value: { tags: ['A'] } }],
  }));
  const load = await loadRules(tempFolder({ 'a.json': JSON.stringify({ rules: list }) }), { customerFields: null });
  if (!load.ok) throw new Error('the rules of the test have a fault');
  return load.ruleSet;
}

function watched() {
  const metrics = new Metrics();
  const rules = new RulesMetrics(metrics, () => NOW);
  const series = async (): Promise<string[]> => {
    const text = await metrics.registry.metrics();
    return text.split('\n').filter((line) => line.startsWith('enricher_rule'));
  };
  return { rules, series };
}

test('tells which set runs, how many rules it has, and that it was accepted', async () => {
  const { rules, series } = watched();
  const set = await ruleSet({ vip: 'live', trial: 'shadow' });
  rules.heard({ kind: 'loaded', ruleSet: set, warnings: [] });
  rules.matched('vip', 'live');
  expect(await series()).toEqual([
    'enricher_rule_matches_total{rule="vip",mode="live"} 1',
    'enricher_rule_matches_total{rule="trial",mode="shadow"} 0',
    `enricher_rules_info{revision="${set.revision}"} 1`,
    'enricher_rules_loaded 2',
    'enricher_rules_last_reload_successful 1',
    `enricher_rules_last_reload_success_timestamp_seconds ${NOW.getTime() / 1000}`,
  ]);
});

test('a start on the last good set is no success', async () => {
  const { rules, series } = watched();
  const set = await ruleSet({ vip: 'live' });
  rules.heard({ kind: 'rejected', faults: [], running: set.revision });
  rules.running(set);
  expect((await series()).slice(1)).toEqual([
    `enricher_rules_info{revision="${set.revision}"} 1`,
    'enricher_rules_loaded 1',
    'enricher_rules_last_reload_successful 0',
    'enricher_rules_last_reload_success_timestamp_seconds 0',
  ]);
});

test.each([
  [{ kind: 'rejected', faults: [], running: 'x' }, 0],
  [{ kind: 'reload_failed', reason: 'x' }, 0],
  [{ kind: 'not_kept', revision: 'x', reason: 'x' }, 1],
  [{ kind: 'kept', revision: 'x' }, 1],
] as const)('after %j a reload counts as %s, and as 1 again when the files are mended', async (event, successful) => {
  const { rules, series } = watched();
  rules.heard({ kind: 'loaded', ruleSet: await ruleSet({ vip: 'live' }), warnings: [] });
  rules.heard(event);
  expect(await series()).toContain(`enricher_rules_last_reload_successful ${successful}`);
  rules.heard({ kind: 'mended', running: 'x' });
  expect(await series()).toContain('enricher_rules_last_reload_successful 1');
});

test('a rule keeps its count over a reload; one that is gone or changed its mode leaves no series behind', async () => {
  const { rules, series } = watched();
  rules.running(await ruleSet({ kept: 'live', gone: 'live', changed: 'shadow' }));
  for (const name of ['kept', 'gone']) rules.matched(name, 'live');
  rules.matched('changed', 'shadow');
  rules.running(await ruleSet({ kept: 'live', changed: 'live', new: 'live' }));
  // A delivery that was decided by the set before.
  rules.matched('gone', 'live');
  rules.matched('changed', 'shadow');
  expect((await series()).filter((line) => line.startsWith('enricher_rule_matches'))).toEqual([
    'enricher_rule_matches_total{rule="kept",mode="live"} 1',
    'enricher_rule_matches_total{rule="changed",mode="live"} 0',
    'enricher_rule_matches_total{rule="new",mode="live"} 0',
  ]);
});

test('however often rules are renamed, there are no more series than rules', async () => {
  const { rules, series } = watched();
  for (let round = 0; round < 50; round++) {
    rules.running(await ruleSet({ [`rule ${round}`]: 'live' }));
    rules.matched(`rule ${round}`, 'live');
  }
  expect((await series()).filter((line) => /_matches|_info/.test(line))).toHaveLength(2);
});
