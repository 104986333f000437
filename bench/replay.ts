/**
 * How long it takes to decide recorded messages again: a SQLite store is filled with invented decisions as the service keeps them, and the
 * real command replays them under edited rules.
 *
 *   npm run bench:replay -- --decisions 100000 --rules 100
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

/** What is measured is what runs: the build. */
const built = (path: string): Promise<unknown> => import(new URL(`../dist/${path}`, import.meta.url).href);
const { DecisionMasker } = (await built(
  'decisions/decision-record.js',
)) as typeof import('../src/decisions/decision-record.js');
const { AddressHash } = (await built('shared/address-hash.js')) as typeof import('../src/shared/address-hash.js');
const { buildFacts } = (await built('facts/build-facts.js')) as typeof import('../src/facts/build-facts.js');
const { parseDelivery } = (await built(
  'webhook/parse-delivery.js',
)) as typeof import('../src/webhook/parse-delivery.js');
const { loadRules } = (await built('rules/load-rules.js')) as typeof import('../src/rules/load-rules.js');
const { decide } = (await built('rules/decide.js')) as typeof import('../src/rules/decide.js');
const { composeActions } = (await built(
  'actions/compose-actions.js',
)) as typeof import('../src/actions/compose-actions.js');
const { Store } = (await built('store/store.js')) as typeof import('../src/store/store.js');
const { KyselyDecisionStore } = (await built(
  'store/kysely-decision-store.js',
)) as typeof import('../src/store/kysely-decision-store.js');
const { readDecisions } = (await built('replay/read-decisions.js')) as typeof import('../src/replay/read-decisions.js');
const { Replayer } = (await built('replay/replayer.js')) as typeof import('../src/replay/replayer.js');

const { values } = parseArgs({
  options: { decisions: { type: 'string', default: '100000' }, rules: { type: 'string', default: '100' } },
});
const DECISIONS = Number(values.decisions);
const RULES = Number(values.rules);
const LIMIT_SECONDS = 60;
const AT_ONCE = 500;
const MAILBOX = 'claims@insurer.example';

/** @param tierOfVip decides whom the edit is about */
function ruleFile(tierOfVip: readonly string[]): string {
  const vip = {
    name: 'vip',
    conditions: { all: [{ fact: 'customer.tier', operator: 'in', value: tierOfVip }] },
    actions: [
      { type: 'tag', value: { tags: ['VIP'] } },
      { type: 'setCustomFields', value: { tier: '{{ customer.tier | upcase }}', sender: '{{ sender.address }}' } },
    ],
  };
  const others = Array.from({ length: RULES - 1 }, (_, index) => ({
    name: `rule-${index}`,
    conditions: {
      all: [
        { fact: 'message.subject', operator: 'containsText', value: `claim ${index} ` },
        { fact: 'sender.isFreeMail', operator: 'equal', value: false },
      ],
    },
    actions: [{ type: 'setCustomFields', value: { [`field${index % 10}`]: '{{ customer.region }}' } }],
  }));
  return JSON.stringify({ rules: [vip, ...others] });
}

function messageOf(index: number) {
  const parsed = parseDelivery({
    id: `message-${index}`,
    event: 'received',
    mailbox: MAILBOX,
    subject: `Re: claim ${index % (RULES * 2)} of last week`,
    from: {
      emailAddress: { name: `Person ${index}`, address: `person${index % 5_000}@company${index % 900}.example` },
    },
    toRecipients: [{ emailAddress: { name: 'Claims', address: MAILBOX } }],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
  const tier = ['gold', 'silver', 'bronze'][index % 3]!;
  const customer = {
    tier,
    region: ['north', 'south'][index % 2]!,
    claimNumber: `CLM-${index}`,
    mail: `p${index}@x.example`,
  };
  const lookup = {
    state: 'found',
    matchedBy: 'email',
    source: 'crm',
    stale: false,
    ageSeconds: 0,
    incomplete: false,
  } as const;
  return { delivery: parsed.delivery, customer, lookup };
}

async function requireRules(folder: string) {
  const loaded = await loadRules(folder, { customerFields: null });
  if (!loaded.ok) throw new Error(loaded.faults[0]?.message);
  return loaded;
}

async function fill(url: string, folder: string): Promise<void> {
  const { ruleSet } = await requireRules(folder);
  const addressHash = new AddressHash('a key of this benchmark');
  const masker = new DecisionMasker({ masks: [], keepBody: false, addressHash });
  const store = new Store(url);
  const decisions = new KyselyDecisionStore(store);
  const first = Date.now() - 6 * 86_400_000;
  for (let start = 0; start < DECISIONS; start += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, DECISIONS - start) }, (_, offset) => {
      const index = start + offset;
      const { delivery, ...found } = messageOf(index);
      const decidedAt = first + index;
      const facts = buildFacts(delivery, found, new Date(decidedAt), ruleSet.lists);
      const { acting, verdicts } = decide(ruleSet, facts);
      const { actions, suppressed } = composeActions(acting, facts, null);
      return {
        mailbox: MAILBOX,
        event: 'received',
        messageId: delivery.id,
        id: `${decidedAt.toString(36).padStart(9, '0')}${index.toString(16).padStart(16, '0')}`,
        bodyHash: String(index),
        decidedAt,
        answer: {
          status: 200,
          body: JSON.stringify({ status: 'success', message: 'ok', actions }),
          revision: 'before',
        },
        outcome: 'acted',
        senderHash: addressHash.of(facts.sender.address ?? ''),
        lookupState: 'found',
        rules: verdicts.filter(({ verdict }) => verdict === 'matched').map(({ rule }) => rule),
        record: JSON.stringify({
          conversationId: null,
          verdicts: masker.verdicts(verdicts, facts),
          suppressed: masker.suppressed(suppressed),
          timings: { lookupMs: 1, totalMs: 2 },
          ...masker.facts(facts),
        }),
      };
    });
    await Promise.all(rows.map((row) => decisions.commit(row)));
  }
  await store.close();
}

/** What of the time is reading, and what is deciding and comparing. */
async function measureParts(url: string, folder: string): Promise<Record<'readMs' | 'decideMs', number>> {
  const store = new Store(url, { isReadOnly: true });
  const replayer = new Replayer(await requireRules(folder), () => null);
  const startedAt = performance.now();
  let decideMs = 0;
  for await (const page of readDecisions(new KyselyDecisionStore(store), { limit: Infinity })) {
    const from = performance.now();
    for (const row of page) replayer.replay(row);
    decideMs += performance.now() - from;
  }
  await store.close();
  return { readMs: performance.now() - startedAt - decideMs, decideMs };
}

const folder = mkdtempSync(join(tmpdir(), 'bench-replay-'));
try {
  const url = `file:${join(folder, 'enricher.db')}`;
  const [before, after] = [join(folder, 'before'), join(folder, 'after')];
  for (const [path, tiers] of [
    [before, ['gold']],
    [after, ['gold', 'silver']],
  ] as const) {
    mkdirSync(path);
    writeFileSync(join(path, 'rules.json'), ruleFile(tiers));
  }
  await fill(url, before);
  const megabytes = Math.round(statSync(join(folder, 'enricher.db')).size / 1_048_576);
  console.log(`${DECISIONS.toLocaleString('en')} decisions of ${RULES} rules, ${megabytes} MiB`);
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [cli, 'replay', '--rules', after, '--since', '7d', '--format', 'json'], {
    env: { DATABASE_URL: url, MAILBOXES_CONFIG: '' },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number]>]);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { changed, open } = JSON.parse(printed) as { changed: number; open: number };
  console.log(
    `enricher replay: ${seconds.toFixed(1)} s (exit code ${code}; ${changed} would change, ${open} cannot be told)`,
  );
  const { readMs, decideMs } = await measureParts(url, after);
  console.log(
    `waiting for the database ${(readMs / 1_000).toFixed(1)} s, deciding and comparing ${(decideMs / 1_000).toFixed(1)} s`,
  );
  if (seconds > LIMIT_SECONDS) {
    console.log(`slower than ${LIMIT_SECONDS} s`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
