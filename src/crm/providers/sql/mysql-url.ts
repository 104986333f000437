import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConnectionOptions, SslOptions } from 'mysql2/promise';
import { didYouMean } from '../../../files/did-you-mean.js';

const PARAMETERS = ['sslmode', 'sslrootcert', 'socket'] as const;
/** As those of PostgreSQL's driver: all that encrypt verify the server too, but the last. MySQL's own `ssl-mode` is these with `_`. */
const MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const ALIASES: Readonly<Record<string, string>> = {
  'ssl-mode': 'sslmode',
  'ssl-ca': 'sslrootcert',
  disabled: 'disable',
  preferred: 'prefer',
  required: 'require',
  'verify-identity': 'verify-full',
};

/**
 * Whom to connect to, of `mysql://user:password@host:3306/database?sslmode=require&sslrootcert=ca.pem`.
 *
 * @param folder where paths begin
 * @throws Error saying what is wrong, without any of the address
 */
export function mysqlOptions(written: string, folder: string): ConnectionOptions {
  const { url, user, password, database } = parseUrl(written);
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const known = ALIASES[name.toLowerCase()] ?? name;
    if (!(PARAMETERS as readonly string[]).includes(known))
      throw new Error(
        `unknown parameter "${name}"${didYouMean(name, PARAMETERS)} (there are ${PARAMETERS.join(', ')})`,
      );
    parameters.set(known, value);
  }
  const ssl = sslOptions(parameters.get('sslmode'), parameters.get('sslrootcert'), folder);
  const socketPath = parameters.get('socket');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 3306),
    user,
    password,
    database,
    ...(ssl && { ssl }),
    ...(socketPath !== undefined && { socketPath }),
  };
}

function parseUrl(written: string) {
  try {
    const url = new URL(written);
    const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent);
    return { url, user, password, database } as { url: URL } & Record<'user' | 'password' | 'database', string>;
  } catch {
    throw new Error('it is no address; user and password must be percent-encoded');
  }
}

function sslOptions(mode: string | undefined, caFile: string | undefined, folder: string): SslOptions | undefined {
  const lower = mode?.toLowerCase().replaceAll('_', '-');
  const known = lower === undefined ? (caFile === undefined ? 'disable' : 'verify-full') : (ALIASES[lower] ?? lower);
  if (!MODES.includes(known)) throw new Error(`"sslmode" is one of ${MODES.join(', ')}`);
  if (known === 'disable') return undefined;
  if (known === 'no-verify') return { rejectUnauthorized: false };
  const ca = caFile === undefined ? {} : { ca: readCertificate(resolve(folder, caFile)) };
  return { rejectUnauthorized: true, verifyIdentity: true, ...ca };
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`a file that it names cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
