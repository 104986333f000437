/**
 * What the service costs beside the least that could answer: a bare Fastify handler that reads the same body, checks the same
 * secret and sends the same envelope. Both in one run, each in its own process, by turns: only the ratio is worth keeping.
 *
 *   npm run bench:http -- --seconds 4 --rounds 5 --connections 20
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fastify } from 'fastify';

interface Load extends PromiseLike<{ errors: number; mismatches: number; statusCodeStats: Record<string, unknown> }> {
  on(event: 'response', listener: (client: unknown, status: number, bytes: number, milliseconds: number) => void): void;
}
/** autocannon has no types of its own. */
const autocannon = createRequire(import.meta.url)('autocannon') as (options: object) => Load;

interface Server {
  readonly name: string;
  readonly url: string;
  readonly process: ChildProcess;
}

interface Round {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const PATH = '/webhooks/emailgistics';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

if (process.argv[2] === 'bare') await serveBare(process.env['WEBHOOK_SECRET'] ?? '', process.env['ENVELOPE'] ?? '');
else await compare();

async function serveBare(secret: string, envelope: string): Promise<void> {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const accepted = digest(secret);
  const answer: unknown = JSON.parse(envelope);
  const app = fastify();
  app.post(PATH, (request, reply) => {
    const token = /^bearer +(.*)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!timingSafeEqual(digest(token), accepted)) return reply.code(401).send();
    return reply.send(answer);
  });
  process.stdout.write(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);
}

async function compare(): Promise<void> {
  const { seconds, rounds, connections } = readOptions();
  const secret = randomBytes(24).toString('base64url');
  const body = await readFile(`${ROOT}/samples/known-customer.json`, 'utf8');
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const servers: Server[] = [];
  try {
    const service = await start('enricher', ['dist/cli.js', 'start'], { WEBHOOK_SECRET: secret, LOG_LEVEL: 'error' });
    servers.push(service);
    const envelope = await firstAnswer(service.url, headers, body);
    servers.unshift(await start('bare', ['bench/http.ts', 'bare'], { WEBHOOK_SECRET: secret, ENVELOPE: envelope }));

    const measure = ({ name, url }: Server) => shoot(name, { url, headers, body, connections, envelope, seconds });
    for (const server of servers) await measure(server); // warm-up
    const results = new Map(servers.map(({ name }) => [name, [] as Round[]]));
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) results.get(server.name)?.push(await measure(server));
    }
    console.log(`${rounds} rounds of ${seconds} s each by turns, ${connections} connections, Node ${process.version}`);
    console.log(
      `body ${Buffer.byteLength(body)} bytes, answer ${Buffer.byteLength(envelope)} bytes, all answers 200 and alike\n`,
    );
    printTable(results);
  } finally {
    for (const { process: child } of servers) child.kill();
  }
}

function readOptions() {
  const option = (otherwise: string) => ({ type: 'string', default: otherwise }) as const;
  const { values } = parseArgs({ options: { seconds: option('4'), rounds: option('5'), connections: option('20') } });
  const options = { seconds: +values.seconds, rounds: +values.rounds, connections: +values.connections };
  if (!Object.values(options).every((value) => Number.isInteger(value) && value > 0)) {
    throw new RangeError('--seconds, --rounds and --connections are whole numbers above 0');
  }
  return options;
}

async function start(name: string, args: string[], settings: NodeJS.ProcessEnv): Promise<Server> {
  const env = { PATH: process.env['PATH'], NODE_ENV: 'production', PORT: '0', ...settings };
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(child.stdout)) {
    const origin = /listens on (http:\/\/[^/\s]+)/.exec(line)?.[1];
    if (origin !== undefined) return { name, url: `${origin}${PATH}`, process: child };
  }
  throw new Error(`${name} did not start; its own words are above. Is dist/ built?`);
}

/** The envelope that every answer must be: a success with actions. */
async function firstAnswer(url: string, headers: Record<string, string>, body: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  const { status, actions } = JSON.parse(text) as { status?: unknown; actions?: readonly unknown[] };
  if (response.status === 200 && status === 'success' && (actions?.length ?? 0) > 0) return text;
  throw new Error(`The service did not answer with actions: ${response.status} ${text}`);
}

async function shoot(
  name: string,
  load: { url: string; headers: object; body: string; connections: number; envelope: string; seconds: number },
): Promise<Round> {
  const { envelope: expectBody, seconds: duration, ...rest } = load;
  const times: number[] = [];
  const run = autocannon({ ...rest, method: 'POST', duration, expectBody });
  run.on('response', (_client, _status, _bytes, milliseconds) => void times.push(milliseconds));
  const { errors, mismatches, statusCodeStats } = await run;
  const statuses = Object.keys(statusCodeStats).join();
  if (errors > 0 || mismatches > 0 || statuses !== '200') {
    throw new Error(`${name}: ${errors} errors, ${mismatches} other answers, status codes ${statuses}`);
  }
  times.sort((a, b) => a - b);
  const percentile = (share: number) => times[Math.floor(share * (times.length - 1))] ?? Number.NaN;
  return { perSecond: times.length / duration, p50: percentile(0.5), p99: percentile(0.99) };
}

function printTable(results: ReadonlyMap<string, readonly Round[]>): void {
  const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
  const rows = [...results].map(([name, rounds]) => ({
    name,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
  }));
  const line = (...cells: string[]) =>
    console.log(cells.map((cell, index) => (index ? cell.padStart(12) : cell.padEnd(16))).join(''));
  line('medians', 'requests/s', 'p50 ms', 'p99 ms');
  for (const { name, perSecond, p50, p99 } of rows) line(name, perSecond.toFixed(0), p50.toFixed(2), p99.toFixed(2));
  const [bare, service] = rows;
  if (bare === undefined || service === undefined) return;
  const ratio = (of: 'perSecond' | 'p50' | 'p99') => (service[of] / bare[of]).toFixed(2);
  line('enricher / bare', ratio('perSecond'), ratio('p50'), ratio('p99'));
}
