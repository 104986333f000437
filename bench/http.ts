/**
 * What the service costs, with every decision durable in SQLite before it is answered, beside the least that could answer: a bare Fastify
 * handler that reads the same body, checks the same secret and sends the same envelope. Both in one run, each in its own process, by turns:
 * only the ratio is worth keeping. Each message has an id of its own. Then what each step costs the main thread, by a CPU profile.
 *
 *   npm run bench:http -- --seconds 4 --rounds 5 --connections 50
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fastify } from 'fastify';
import { deliver, type Round as Answered, type Target } from './http/client.ts';
import { readStepCosts } from './http/step-costs.ts';

interface Server {
  readonly name: string;
  readonly url: string;
  readonly process: ChildProcess;
}

interface Round extends Answered {
  /** Processor time of the server for each delivery, in microseconds: of its main thread, and of all its threads. */
  readonly mainMicroseconds: number;
  readonly allMicroseconds: number;
}

/** Until what is compiled late is compiled. */
const WARM_UPS = 3;
/** The kernel's, on every common build. */
const TICK_MICROSECONDS = 10_000;
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
  const payload = JSON.parse(await readFile(`${ROOT}/samples/known-customer.json`, 'utf8')) as Target['payload'];
  const folder = await mkdtemp(join(tmpdir(), 'enricher-bench-'));
  const servers: Server[] = [];
  try {
    const service = await startService(secret, join(folder, 'measured'));
    servers.push(service);
    const envelope = await firstAnswer({ url: service.url, secret, payload });
    servers.unshift(await start('bare', ['bench/http.ts', 'bare'], { WEBHOOK_SECRET: secret, ENVELOPE: envelope }));

    const shoot = (server: Server) =>
      measure(server, () => deliver({ url: server.url, secret, payload, envelope }, connections, seconds));
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) for (const server of servers) await shoot(server);
    const results = new Map(servers.map(({ name }) => [name, [] as Round[]]));
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) results.get(server.name)?.push(await shoot(server));
    }
    console.log(`${rounds} rounds of ${seconds} s each by turns, ${connections} connections, Node ${process.version}`);
    console.log(`answer ${Buffer.byteLength(envelope)} bytes, all answers 200 and alike, no message twice\n`);
    printTable(results);
    while (servers.length > 0) await stop(servers.pop());

    const profiled = await startService(secret, folder, [`--cpu-prof`, `--cpu-prof-dir=${folder}`]);
    servers.push(profiled);
    const target = { url: profiled.url, secret, payload, envelope };
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) await deliver(target, connections, seconds);
    const from = process.hrtime.bigint();
    const { perSecond } = await deliver(target, connections, seconds);
    const to = process.hrtime.bigint();
    await stop(servers.pop());
    await printSteps(folder, { from, to, deliveries: perSecond * seconds });
  } finally {
    for (const server of servers) await stop(server);
    await rm(folder, { recursive: true });
  }
}

function startService(secret: string, folder: string, flags: readonly string[] = []): Promise<Server> {
  const settings = { LOG_LEVEL: 'error', DATA_DIR: folder, DATABASE_URL: `file:${join(folder, 'enricher.db')}` };
  return start('enricher', [...flags, 'dist/cli.js', 'start'], { WEBHOOK_SECRET: secret, ...settings });
}

async function stop(server: Server | undefined): Promise<void> {
  if (server === undefined || server.process.exitCode !== null) return;
  const ended = once(server.process, 'exit');
  server.process.kill();
  await ended;
}

function readOptions() {
  const option = (otherwise: string) => ({ type: 'string', default: otherwise }) as const;
  const { values } = parseArgs({ options: { seconds: option('4'), rounds: option('5'), connections: option('50') } });
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
async function firstAnswer({ url, secret, payload }: Omit<Target, 'envelope'>): Promise<string> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(payload) });
  const text = await response.text();
  const { status, actions } = JSON.parse(text) as { status?: unknown; actions?: readonly unknown[] };
  if (response.status === 200 && status === 'success' && (actions?.length ?? 0) > 0) return text;
  throw new Error(`The service did not answer with actions: ${response.status} ${text}`);
}

async function measure({ process: { pid = 0 } }: Server, run: () => Promise<Answered>): Promise<Round> {
  const [main, all] = [processorTime(`${pid}/task/${pid}`), processorTime(`${pid}`)];
  const answered = await run();
  return {
    ...answered,
    mainMicroseconds: (processorTime(`${pid}/task/${pid}`) - main) / answered.deliveries,
    allMicroseconds: (processorTime(`${pid}`) - all) / answered.deliveries,
  };
}

/** Of a process or thread, in microseconds; not a number where the system does not tell. @source proc_pid_stat(5) */
function processorTime(task: string): number {
  try {
    const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${task}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(user) + Number(system)) * TICK_MICROSECONDS;
  } catch {
    return Number.NaN;
  }
}

function printTable(results: ReadonlyMap<string, readonly Round[]>): void {
  const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
  const columns = ['perSecond', 'p50', 'p99', 'mainMicroseconds', 'allMicroseconds'] as const;
  const rows = [...results].map(([name, rounds]) => ({
    name,
    values: columns.map((column) => median(rounds.map((round) => round[column]))),
  }));
  const line = (...cells: string[]) =>
    console.log(cells.map((cell, index) => (index ? cell.padStart(14) : cell.padEnd(18))).join(''));
  line('medians', 'requests/s', 'p50 ms', 'p99 ms', 'main thread µs', 'all threads µs');
  for (const { name, values } of rows)
    line(name, ...values.map((value, column) => value.toFixed(column === 0 ? 0 : 2)));
  const [bare, service] = rows;
  if (bare === undefined || service === undefined) return;
  line('enricher / bare', ...service.values.map((value, column) => (value / bare.values[column]!).toFixed(2)));
}

/** Samples count time: a thread that waits for a processor is in them too. */
async function printSteps(folder: string, { from, to, deliveries }: { from: bigint; to: bigint; deliveries: number }) {
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
  if (file === undefined) throw new Error('The service left no profile');
  const costs = await readStepCosts(join(folder, file), from, to);
  const whole = costs.reduce((sum, { microseconds }) => sum + microseconds, 0);
  console.log('\nof the main thread                  µs a delivery     share');
  for (const { step, microseconds } of [...costs, { step: 'all', microseconds: whole }]) {
    const share = `${((microseconds / whole) * 100).toFixed(1)} %`;
    console.log(`${step.padEnd(36)}${(microseconds / deliveries).toFixed(1).padStart(13)}${share.padStart(10)}`);
  }
}
