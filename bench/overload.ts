/**
 * What becomes of the service when three times what it can take comes in: it measures what that is, sends it for a minute, and looks
 * at every answer, at the memory, and at how soon all is as before. Exit code 1 when a claim does not hold.
 *
 *   npm run trial:overload -- --seconds 60 --capacity-seconds 8 --times 3 --connections 8000
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runTrial, type TrialReport } from './overload/trial.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The service's default. */
const ANSWER_DEADLINE_MS = 20_000;
const NORMAL_WITHIN_MS = 10_000;
/** The last third of the time against what was before: what leaks goes on growing. */
const MAX_GROWTH = 1.1;
/** Of a container of 1 GiB; its heap is limited as there. */
const MAX_MEMORY_BYTES = 805_306_368;

const option = (otherwise: string) => ({ type: 'string', default: otherwise }) as const;
const { values } = parseArgs({
  options: {
    seconds: option('60'),
    'capacity-seconds': option('8'),
    times: option('3'),
    connections: option('8000'),
    service: option(fileURLToPath(new URL('../dist/cli.js', import.meta.url))),
  },
});
const report = await runTrial({
  root: ROOT,
  cli: values.service,
  capacitySeconds: Number(values['capacity-seconds']),
  seconds: Number(values.seconds),
  times: Number(values.times),
  connections: Number(values.connections),
});
printFigures(report);
process.exitCode = printClaims(report) ? 0 : 1;

function printFigures({ capacity, offered, answers, memory, live, normalAgainMs }: TrialReport): void {
  const row = (name: string, ...cells: string[]) =>
    console.log(name.padEnd(34) + cells.map((cell) => cell.padStart(12)).join(''));
  row('capacity, deliveries/s', capacity.toFixed(0));
  row('sent, deliveries/s', offered.toFixed(0));
  const sent = [...answers.values()].reduce((sum, { length }) => sum + length, 0);
  row('answered with 200, of capacity', percent((answers.get(200)?.length ?? 0) / (sent / offered) / capacity));
  console.log();
  row('answers', 'count', 'share', 'p50 ms', 'p99 ms', 'longest ms');
  for (const [status, times] of [...answers].toSorted(([a], [b]) => a - b)) {
    times.sort((a, b) => a - b);
    const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? Number.NaN).toFixed(0);
    const name = status === 0 ? 'connection failed' : String(status);
    row(name, String(times.length), percent(times.length / sent), at(0.5), at(0.99), at(1));
  }
  console.log();
  row('resident memory, MiB', 'before', 'peak', 'after');
  row('', mebibytes(memory.before), mebibytes(Math.max(...memory.during)), mebibytes(memory.after));
  row('/health/live, answered of asked', `${live.answered}/${live.asked}`);
  row('normal again after, s', normalAgainMs === null ? 'never' : (normalAgainMs / 1000).toFixed(1));
  console.log();
}

function printClaims({ answers, memory: { during }, live, normalAgainMs }: TrialReport): boolean {
  const last = during.slice(Math.ceil((during.length * 2) / 3));
  const earlier = during.slice(0, during.length - last.length);
  const claims: readonly (readonly [string, boolean])[] = [
    ['every answer is 200 or 429', [...answers.keys()].every((status) => status === 200 || status === 429)],
    ['some of each', answers.has(200) && answers.has(429)],
    ['none over the deadline', [...answers.values()].every((times) => times.every((ms) => ms <= ANSWER_DEADLINE_MS))],
    ['memory stays below 768 MiB', Math.max(...during) < MAX_MEMORY_BYTES],
    ['memory levels off', Math.max(...last) <= MAX_GROWTH * Math.max(...earlier)],
    ['/health/live always answered', live.asked > 0 && live.answered === live.asked],
    ['normal again within 10 s', normalAgainMs !== null && normalAgainMs <= NORMAL_WITHIN_MS],
  ];
  for (const [claim, holds] of claims) console.log(`${holds ? 'holds ' : 'BROKEN'}  ${claim}`);
  return claims.every(([, holds]) => holds);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0);
}
