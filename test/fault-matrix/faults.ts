import dns from 'node:dns';
import { answer, hang, reset, type Step } from '../support/scripted-server.js';

/** What may go wrong between us and a CRM, by the names of the table. */
export const FAULTS = [
  '30 s latency',
  'never answers',
  'connection reset',
  'half a body, then silence',
  '429, Retry-After 1',
  '429, Retry-After 3600',
  '500',
  '503',
  '401',
  'HTML instead of JSON',
  '50 MB answer',
  'redirect to another host',
  'DNS failure',
] as const;
export type FaultName = (typeof FAULTS)[number];

const MEGABYTE = 'x'.repeat(1_000_000);

const late: Step = (response) => void setTimeout(() => answer(200, {})(response), 30_000).unref();

const half: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '2000' });
  response.write('{ "data": { "people": [');
};

const endless: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  let sent = 0;
  const more = () => {
    let isTaken = true;
    while (isTaken && sent < 50 && !response.destroyed) {
      sent += 1;
      isTaken = response.write(sent === 1 ? `{ "data": "${MEGABYTE}` : MEGABYTE);
    }
    if (isTaken) response.end('" }');
    else response.once('drain', more);
  };
  more();
};

/** What an HTTP server does instead of answering; null for what is broken before it is reached. */
export const HTTP_FAULTS: Readonly<Record<FaultName, Step | null>> = {
  '30 s latency': late,
  'never answers': hang,
  'connection reset': reset,
  'half a body, then silence': half,
  '429, Retry-After 1': answer(429, { message: 'too many' }, { 'retry-after': '1' }),
  '429, Retry-After 3600': answer(429, { message: 'too many' }, { 'retry-after': '3600' }),
  '500': answer(500, { message: 'broken' }),
  '503': answer(503, { message: 'away' }),
  '401': answer(401, { message: 'who are you' }),
  'HTML instead of JSON': answer(200, '<html><body>Maintenance</body></html>', { 'content-type': 'text/html' }),
  '50 MB answer': endless,
  'redirect to another host': answer(302, '', { location: 'http://attacker.example/steal' }),
  'DNS failure': null,
};

/** Names that end in `localhost` are found nowhere while this runs; `restore` mends it. */
export function breakDns(): () => void {
  const { lookup } = dns;
  const broken = (name: string, ...rest: unknown[]) => {
    if (!name.endsWith('localhost')) return (lookup as (...all: unknown[]) => unknown)(name, ...rest);
    const failure = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), {
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
    });
    return (rest.at(-1) as (error: Error) => void)(failure);
  };
  dns.lookup = broken as typeof dns.lookup;
  return () => {
    dns.lookup = lookup;
  };
}
