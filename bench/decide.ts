/**
 * What deciding costs beside the engines that people would use instead: the same rules and facts, in one run, by turns. Only
 * the ratios are worth keeping. Three conditions a rule with paths; five rules match; the why of those is recorded.
 *
 *   npm run bench:decide
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Facts } from '../src/facts/facts.js';
import {
  type BenchFacts,
  type BenchRule,
  jsonLogicEngine,
  jsonRulesEngine,
  type Peer,
  zenEngine,
} from './decide-peers.ts';

/** What is measured is what runs: the build. */
const built = (path: string): Promise<unknown> => import(new URL(`../dist/rules/${path}`, import.meta.url).href);
const { decide } = (await built('decide.js')) as typeof import('../src/rules/decide.js');
const { loadRules } = (await built('load-rules.js')) as typeof import('../src/rules/load-rules.js');

const MATCHES = 5;
const ROUNDS = 7;
const ROUND_MS = 150;

const FACTS = {
  message: {
    subject: 'Water damage in the basement, policy POL-104233',
    isReply: false,
    mailbox: 'claims@insurer.example',
    to: [],
    cc: [],
    bodyText: 'Our basement flooded last night. '.repeat(20),
  },
  sender: { address: 'dana@northwind.example', name: 'Dana Reyes', domain: 'northwind.example' },
  customer: { segment: 'segment-7', tier: 'gold', premium: 12_000 },
  lookup: { state: 'found', matchedBy: 'email', source: 'crm', stale: false, ageSeconds: 0, incomplete: false },
  conversation: { customFields: {} },
  now: '2026-11-24T09:00:00.000Z',
  lists: {},
};

/** Rules that an index can tell apart: by segment, of which there are as many as give five matches. */
function indexed(count: number): BenchRule[] {
  return Array.from({ length: count }, (_, index) => [
    {
      fact: 'customer',
      field: 'segment',
      operator: 'equal',
      value: index < MATCHES ? 'segment-7' : `segment-${index + 10}`,
    },
    { fact: 'customer', field: 'tier', operator: 'in', value: ['gold', 'platinum'] },
    { fact: 'customer', field: 'premium', operator: 'greaterThan', value: 10_000 },
  ]);
}

/** Rules of text conditions, which no index helps; most fail at the first, as rules of real life do. */
function textual(count: number): BenchRule[] {
  return Array.from({ length: count }, (_, index) => [
    {
      fact: 'message',
      field: 'subject',
      operator: 'containsText',
      value: index < MATCHES || index % 4 === 0 ? 'damage' : `word-${index}`,
    },
    {
      fact: 'sender',
      field: 'name',
      operator: 'containsText',
      value: index < MATCHES || index % 8 === 0 ? 'reyes' : `name-${index}`,
    },
    {
      fact: 'message',
      field: 'bodyText',
      operator: 'containsText',
      value: index < MATCHES ? 'flooded' : `body-${index}`,
    },
  ]);
}

function ruleFile(rules: readonly BenchRule[]): string {
  return JSON.stringify({
    rules: rules.map((rule, index) => ({
      name: `rule-${index}`,
      conditions: {
        all: rule.map(({ fact, field, operator, value }) => ({ fact, path: `$.${field}`, operator, value })),
      },
      actions: [{ type: 'setCustomFields', value: { [`field${index}`]: '{{ customer.segment }}' } }],
    })),
  });
}

async function load(rules: readonly BenchRule[]) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    await writeFile(join(folder, 'rules.json'), ruleFile(rules));
    const startedAt = performance.now();
    const loaded = await loadRules(folder, { customerFields: null });
    if (!loaded.ok) throw new Error(loaded.faults[0]?.message);
    return { ruleSet: loaded.ruleSet, ms: performance.now() - startedAt };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function enricher(rules: readonly BenchRule[]): Promise<Peer> {
  const { ruleSet } = await load(rules);
  return { name: 'enricher', run: (facts) => decide(ruleSet, facts as unknown as Facts).verdicts.length };
}

/** Median microseconds a decision takes, of rounds by turns. */
async function measure(peers: readonly Peer[], facts: BenchFacts): Promise<Map<string, number>> {
  const times = new Map(peers.map(({ name }) => [name, [] as number[]]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const peer of peers) {
      const matched = await peer.run(facts);
      if (matched !== MATCHES) throw new Error(`${peer.name} matched ${matched} rules instead of ${MATCHES}`);
      let runs = 0;
      const startedAt = performance.now();
      while (performance.now() - startedAt < ROUND_MS) {
        for (let repeat = 0; repeat < 10; repeat++) {
          const result = peer.run(facts);
          if (typeof result !== 'number') await result;
        }
        runs += 10;
      }
      // The first round warms up.
      if (round >= 0) times.get(peer.name)!.push(((performance.now() - startedAt) * 1000) / runs);
    }
  }
  return new Map(
    [...times].map(([name, list]) => [name, list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!]),
  );
}

function print(title: string, times: ReadonlyMap<string, number>): void {
  console.log(`\n${title}`);
  const own = times.get('enricher')!;
  for (const [name, time] of times) {
    const ratio = name === 'enricher' ? '' : `${(time / own).toFixed(0)} × enricher`;
    console.log(`  ${name.padEnd(34)}${time.toFixed(2).padStart(12)} µs  ${ratio}`);
  }
}

for (const [title, rules] of [
  ['1,000 rules that an index tells apart', indexed(1000)],
  ['1,000 rules of text conditions', textual(1000)],
] as const) {
  print(
    `${title}, ${MATCHES} match`,
    await measure([await enricher(rules), jsonRulesEngine(rules), zenEngine(rules), jsonLogicEngine(rules)], FACTS),
  );
}

const bySize = new Map<string, number>();
const sizes = [100, 1000, 10_000];
const peers = await Promise.all(
  sizes.map(async (count) => ({ ...(await enricher(indexed(count))), name: `${count} rules` })),
);
for (const [name, time] of await measure(peers, FACTS)) bySize.set(name, time);
console.log(`\nenricher by number of rules, ${MATCHES} match each`);
for (const [name, time] of bySize)
  console.log(
    `  ${name.padEnd(34)}${time.toFixed(2).padStart(12)} µs  ${(time / bySize.get('100 rules')!).toFixed(2)} × that of 100`,
  );

console.log('\nloading 1,000 rules');
const loads: { ms: number; pause: number }[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const { ms } = await load(indexed(1000));
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  loads.push({ ms, pause: delay.max / 1e6 });
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
console.log(
  `  whole                             ${median(loads.map(({ ms }) => ms))
    .toFixed(1)
    .padStart(12)} ms   first: ${loads[0]!.ms.toFixed(1)} ms`,
);
console.log(
  `  longest pause of the event loop   ${median(loads.map(({ pause }) => pause))
    .toFixed(1)
    .padStart(12)} ms   first: ${loads[0]!.pause.toFixed(1)} ms`,
);
