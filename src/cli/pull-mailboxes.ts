import { readFile } from 'node:fs/promises';
import { EnvDto } from '../config/env.dto.js';
import type { EmailgisticsApi } from '../mailboxes/list-mailboxes.js';
import { pullMailboxes } from '../mailboxes/pull-mailboxes.js';
import { EnricherError } from '../shared/errors.js';
import type { Refuse } from './refuse.js';

/** What this command alone reads from the environment: the service needs no key of Emailgistics' API. */
export const PULL_VARIABLES = ['EMAILGISTICS_API_URL', 'EMAILGISTICS_API_KEY', 'EMAILGISTICS_API_KEY_FILE'] as const;

export interface PullMailboxesOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly out?: string;
  readonly dryRun?: boolean;
}

/**
 * Brings the mailbox catalogue up to date with Emailgistics and prints what changed.
 *
 * @param refuse ends the command as wrongly used
 * @throws EnricherError when it cannot be done; the file is then as before
 */
export async function pull(
  options: PullMailboxesOptions,
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
  refuse: Refuse,
): Promise<0> {
  const baseUrl = readUrl(options.url ?? env['EMAILGISTICS_API_URL']?.trim() ?? '', refuse);
  const api: EmailgisticsApi = { baseUrl, key: await readKey(options.keyFile, env, refuse) };
  const file = options.out ?? (env['MAILBOXES_CONFIG']?.trim() || new EnvDto().MAILBOXES_CONFIG);
  const isDryRun = options.dryRun ?? false;
  const { listed, changes, notListed } = await pullMailboxes({ api, file, isDryRun });
  for (const change of changes) out.write(`${change}\n`);
  for (const address of notListed) out.write(`${address}: not listed, stays as it is\n`);
  const result = changes.length === 0 ? 'is up to date' : isDryRun ? 'would be changed' : 'was changed';
  out.write(`${listed} mailbox${listed === 1 ? '' : 'es'} listed; ${file} ${result}\n`);
  return 0;
}

function readUrl(text: string, refuse: Refuse): URL {
  if (text === '') refuse('error: --url or EMAILGISTICS_API_URL must say where the API is (https://…)');
  if (!URL.canParse(text)) refuse('error: the address of the API is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    refuse('error: the address of the API must be https: the key goes there');
  }
  if (`${url.username}${url.password}${url.search}${url.hash}` !== '') {
    refuse('error: the address of the API must have no user, query or fragment');
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

async function readKey(keyFile: string | undefined, env: NodeJS.ProcessEnv, refuse: Refuse): Promise<string> {
  const given = env['EMAILGISTICS_API_KEY']?.trim() ?? '';
  const file = keyFile ?? env['EMAILGISTICS_API_KEY_FILE']?.trim() ?? '';
  if (keyFile === undefined && given !== '' && file !== '') {
    refuse('error: EMAILGISTICS_API_KEY and EMAILGISTICS_API_KEY_FILE are both set; keep one');
  }
  if (given === '' && file === '') {
    refuse('error: the API key is missing: set EMAILGISTICS_API_KEY or EMAILGISTICS_API_KEY_FILE, or use --key-file');
  }
  const key = file === '' ? given : await readKeyFile(file);
  // Such a key would be quoted in the error of whoever builds the header.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new EnricherError(
      'INPUT_INVALID',
      'The API key must be one line of letters, digits and signs, without spaces',
    );
  }
  return key;
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new EnricherError('INPUT_INVALID', `Cannot read the API key from ${file} (${code})`, { cause: error });
  }
}
