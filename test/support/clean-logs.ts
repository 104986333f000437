import { readFileSync } from 'node:fs';
import { afterAll } from '@jest/globals';

/** As people write addresses, in plain text, in JSON and in URLs; paths such as `node_modules/@nestjs/core` are none. */
const ADDRESS = /[\p{L}\p{N}._+%"'-]+(?:@|%40)(?:[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+|\[[\da-f.:]+\])/iu;
const CREDENTIALS = /\b(?:bearer|basic) +[\w.~+/=-]{8,}/i;
const NAME_OF_SECRET = /(?:SECRET|TOKEN|PASSWORD|KEY)(_FILE)?$/;
const SHORTEST_SECRET = 8;
const SHOWN_LEAKS = 5;

const secrets = new Set<string>();
/** What is wrong with the lines so far, masked: the report of a leak must be none. */
const leaks: string[] = [];
let count = 0;

/** From now on no log line may hold this. */
export function keepSecret(secret: string): void {
  if (secret.length >= SHORTEST_SECRET) secrets.add(secret);
}

/** Keeps what stands in variables whose name says so, or in the files that they name. */
export function keepSecretsOf(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value = ''] of Object.entries(env)) {
    const [isSecret, isFile] = NAME_OF_SECRET.exec(name) ?? [];
    if (isSecret === undefined || value === '') continue;
    const text = isFile === undefined ? value : readFileSync(value, 'utf8');
    for (const secret of text.split(/[,\r\n]+/)) keepSecret(secret.trim());
  }
}

/** What is in a log line that must not be, with the line so far as it may be shown; null when it is clean. */
export function leakIn(line: string): string | null {
  for (const secret of secrets) if (line.includes(secret)) return `a secret: ${line.replaceAll(secret, '***')}`;
  if (CREDENTIALS.test(line)) return `credentials: ${line.replace(CREDENTIALS, '***')}`;
  return ADDRESS.test(line) ? `an address: ${line.replaceAll(new RegExp(ADDRESS, 'giu'), '***')}` : null;
}

/** Every log line of every application that a test starts comes by here. */
export function watchLines(text: string): void {
  for (const line of text.split('\n')) {
    if (line !== '') count++;
    const leak = leakIn(line);
    if (leak !== null) leaks.push(leak);
  }
}

/** @returns how many lines were looked at in this test file */
export function linesWatched(): number {
  return count;
}

/**
 * Fails whoever asks when a line had a secret or an address in it; each leak is told once.
 *
 * @throws Error with the first of these lines, masked
 */
export function expectCleanLogs(): void {
  const found = leaks.splice(0);
  if (found.length === 0) return;
  const more = found.length > SHOWN_LEAKS ? `\n… and ${found.length - SHOWN_LEAKS} more` : '';
  throw new Error(`Log lines must not hold secrets or addresses:\n${found.slice(0, SHOWN_LEAKS).join('\n')}${more}`);
}

// Jest loads this file before each test file, see jest.config.js; applications that are closed later are asked again then.
afterAll(expectCleanLogs);
