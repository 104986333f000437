/**
 * What a look-up costs without a CRM's own time: the file provider with a million customers, and the cache with 100,000 of another
 * provider's, beside the least that could answer and beside csv-parse on the same bytes, in one run. Only the ratios are worth keeping.
 *
 *   npm run bench:lookup -- --rows 1000000
 */
import { createWriteStream } from 'node:fs';
import { copyFile, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'csv-parse/sync';
import type { CrmMatch } from '../src/crm/crm.provider.js';
import type { EmailAddress } from '../src/shared/email-address.js';

/** What is measured is what runs: the build. */
const built = (path: string): Promise<unknown> => import(new URL(`../dist/${path}`, import.meta.url).href);
const { FileProvider } = (await built(
  'crm/providers/file/file.provider.js',
)) as typeof import('../src/crm/providers/file/file.provider.js');
const { CrmProvider } = (await built('crm/crm.provider.js')) as typeof import('../src/crm/crm.provider.js');
const { createLookups } = (await built('crm/create-lookups.js')) as typeof import('../src/crm/create-lookups.js');
const { DEFAULT_LOOKUP_OPTIONS: lookup } = (await built(
  'crm/lookup-options.js',
)) as typeof import('../src/crm/lookup-options.js');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } });
const ROWS = Number(values.rows);
const DOMAINS = Math.ceil(ROWS / 5);
/** Companies with their domain in one row only, so that it finds. */
const SINGLE_DOMAINS = Math.ceil(DOMAINS / 5);
const ROUNDS = 7;
const ROUND_MS = 150;
const COLUMNS = ['email', 'domain', 'full_name', 'claim_no', 'tier', 'region'] as const;
const LIMITS = { loadMs: 5000, pauseMs: 50, lookupMicroseconds: 5, cachedMegabytes: 100 };
const CACHED = 100_000;

const addressOf = (index: number): EmailAddress => {
  const [local, domain] = [`person${index}`, `company${index % DOMAINS}.example`];
  return { address: `${local}@${domain}`, local, domain };
};

function cellsOf(index: number): string[] {
  const { address, domain } = addressOf(index);
  const ownDomain = index < SINGLE_DOMAINS ? `only${domain}` : domain;
  const tier = ['gold', 'silver', 'bronze'][index % 3]!;
  const region = ['north', 'south', 'east', 'west'][index % 4]!;
  return [address, ownDomain, `Person ${index} of Northwind`, `CLM-${100_000 + index}`, tier, region];
}

type Format = 'csv' | 'csv, all in quotes' | 'json';

function* textOf(format: Format): Generator<string> {
  const isJson = format === 'json';
  const wrap = (cell: string) => (format === 'csv' ? cell : `"${cell}"`);
  yield isJson ? '[\n' : `${COLUMNS.join()}\n`;
  let text = '';
  for (let index = 0; index < ROWS; index++) {
    const cells = cellsOf(index);
    const object = () => JSON.stringify(Object.fromEntries(COLUMNS.map((column, at) => [column, cells[at]])));
    text += isJson ? `${object()}${index < ROWS - 1 ? ',' : ''}\n` : `${cells.map(wrap).join()}\n`;
    if (text.length < 1e6) continue;
    yield text;
    text = '';
  }
  yield isJson ? `${text}]\n` : text;
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const line = (what: string, value: string, remark = '') =>
  console.log(`  ${what.padEnd(34)}${value.padStart(12)}  ${remark}`);
const beside = (value: number, limit: number) => `${(value / limit).toFixed(2)} × the limit`;

async function held(): Promise<number> {
  // What the first collection lets go of, outside the heap, is freed a little later.
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await wait(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Median microseconds a call takes, of rounds by turns. */
async function time(
  calls: Readonly<Record<string, (index: number) => Promise<unknown>>>,
): Promise<Map<string, number>> {
  const times = new Map(Object.keys(calls).map((name) => [name, [] as number[]]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(calls)) {
      let count = 0;
      const startedAt = performance.now();
      while (performance.now() - startedAt < ROUND_MS) {
        for (const end = count + 100; count < end; count++) await call(count);
      }
      // The first round warms up.
      if (round >= 0) times.get(name)!.push(((performance.now() - startedAt) * 1000) / count);
    }
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]));
}

type Ask = (email: EmailAddress, index: number) => Promise<unknown>;

/** Prints how long it takes to ask for 10,000 of so many customers, beside a map that holds just those. */
async function timeAsked(
  customers: number,
  calls: (asked: readonly EmailAddress[]) => Readonly<Record<string, Ask>>,
): Promise<void> {
  const asked = Array.from({ length: 10_000 }, (_, index) => addressOf((index * 7919) % customers));
  const map = new Map(asked.map(({ address }) => [address, { kind: 'found' }]));
  const least = 'Map.get in an async function';
  const all: Record<string, Ask> = { [least]: async ({ address }) => map.get(address), ...calls(asked) };
  const ask = (call: Ask) => (index: number) => call(asked[index % asked.length]!, index);
  const times = await time(Object.fromEntries(Object.entries(all).map(([name, call]) => [name, ask(call)])));
  for (const [name, microseconds] of times) {
    const ratio = `${(microseconds / times.get(least)!).toFixed(1)} × Map.get`;
    line(name, `${microseconds.toFixed(2)} µs`, `${beside(microseconds, LIMITS.lookupMicroseconds)}; ${ratio}`);
  }
}

async function measureFile(folder: string, format: Format): Promise<void> {
  const path = join(folder, `customers.${format === 'json' ? 'json' : 'csv'}`);
  await pipeline(Readable.from(textOf(format)), createWriteStream(path));
  const { size } = await stat(path);
  console.log(`\nfile provider, ${ROWS.toLocaleString('en')} rows, ${(size / 1e6).toFixed(0)} MB of ${format}`);

  const before = await held();
  const provider = new FileProvider({ name: 'customers', path, fields: null, match: {} });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  delay.enable();
  await provider.check();
  const loadMs = performance.now() - startedAt;
  await wait(5);
  delay.disable();
  const { user, system } = process.cpuUsage(cpuBefore);
  const pauseMs = delay.max / 1e6;
  line(
    'load',
    `${loadMs.toFixed(0)} ms`,
    `${beside(loadMs, LIMITS.loadMs)}; ${((user + system) / 1000).toFixed(0)} ms of CPU`,
  );
  line(
    'longest pause of the event loop',
    `${pauseMs.toFixed(1)} ms`,
    `${beside(pauseMs, LIMITS.pauseMs)}; 99 % below ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
  );
  line(
    'memory held',
    `${(((await held()) - before) / 1e6).toFixed(0)} MB`,
    `${(((await held()) - before) / size).toFixed(2)} × the file`,
  );
  if (format !== 'json') {
    const bytes = await readFile(path);
    const parsedAt = performance.now();
    parse(bytes, {
      bom: true,
      skipEmptyLines: true,
      trim: true,
      recordDelimiter: ['\r\n', '\n', '\r'],
      onRecord: () => null,
    });
    const parseMs = performance.now() - parsedAt;
    line('csv-parse, rows thrown away', `${parseMs.toFixed(0)} ms`, `load is ${(loadMs / parseMs).toFixed(2)} × that`);
  }

  const absent = ({ local, domain }: EmailAddress) => ({ address: `x${local}@${domain}`, local: `x${local}`, domain });
  await timeAsked(ROWS, (asked) => {
    const nobody = asked.map(absent);
    return {
      'by e-mail, found': (email) => provider.findByEmail(email),
      'by e-mail, not found': (_, index) => provider.findByEmail(nobody[index % nobody.length]!),
      'by domain, found': (_, index) => provider.findByDomain(`onlycompany${(index * 7919) % SINGLE_DOMAINS}.example`),
      'by domain, ambiguous': ({ domain }) => provider.findByDomain(domain),
    };
  });
  const read = Promise.withResolvers<unknown>();
  provider.onStanding(read.resolve);
  await copyFile(path, `${path}.new`);
  delay.reset();
  delay.enable();
  await rename(`${path}.new`, path);
  // What watches the file keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  await read.promise;
  clearInterval(alive);
  await wait(5);
  delay.disable();
  const againMs = delay.max / 1e6;
  line('longest pause, read again', `${againMs.toFixed(1)} ms`, beside(againMs, LIMITS.pauseMs));
  await provider.close();
}

/** A CRM that answers at once; its records come anew with each call, as from a database or a request. */
class InstantCrm extends CrmProvider {
  readonly name = 'crm';

  override findByEmail({ local }: EmailAddress): Promise<CrmMatch> {
    const cells = cellsOf(Number(local.slice('person'.length)));
    const record = Object.freeze(Object.fromEntries(COLUMNS.map((column, at) => [column, cells[at]!])));
    return Promise.resolve({ kind: 'found', record });
  }

  override check(): Promise<void> {
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

async function measureCache(): Promise<void> {
  console.log(`\ncache, ${CACHED.toLocaleString('en')} customers of ${COLUMNS.length} fields`);
  const before = await held();
  const provider = { identity: 'bench', protection: lookup.protection, create: () => new InstantCrm() };
  const lookups = createLookups({ providers: [provider], lookup });
  const { signal } = new AbortController();
  for (let index = 0; index < CACHED; index++) await lookups.lookup(addressOf(index), signal);
  const megabytes = ((await held()) - before) / 1e6;
  line('memory held', `${megabytes.toFixed(0)} MB`, beside(megabytes, LIMITS.cachedMegabytes));
  await timeAsked(CACHED, () => ({ 'cached look-up, found': (email) => lookups.lookup(email, signal) }));
  await lookups.close();
}

const folder = await mkdtemp(join(tmpdir(), 'bench-'));
try {
  await measureCache();
  for (const format of ['csv', 'csv, all in quotes', 'json'] as const) await measureFile(folder, format);
} finally {
  await rm(folder, { recursive: true });
}
