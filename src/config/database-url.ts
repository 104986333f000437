import { readFileSync } from 'node:fs';
import { DATABASE_URL, type EnvDto } from './env.dto.js';

/** The address of the store, from its variable or the file that its neighbour names. It is in no fault: it may hold a password. */
export function readDatabaseUrl(dto: EnvDto, env: NodeJS.ProcessEnv, faults: string[]): string {
  const { DATABASE_URL: given, DATABASE_URL_FILE: file } = dto;
  if (file === undefined) {
    // Of another kind it is told of already.
    if (DATABASE_URL.test(given) && !canBeRead(given)) faults.push(`DATABASE_URL: ${CANNOT_BE_READ}`);
    return given;
  }
  if (env['DATABASE_URL']?.trim()) faults.push('DATABASE_URL and DATABASE_URL_FILE are both set; keep one');
  try {
    const url = readFileSync(file, 'utf8').trim();
    if (!DATABASE_URL.test(url)) faults.push(`DATABASE_URL_FILE: ${file} holds no file: or postgres:// address`);
    else if (!canBeRead(url)) faults.push(`DATABASE_URL_FILE: what ${file} holds ${CANNOT_BE_READ}`);
    return url;
  } catch (error) {
    faults.push(`DATABASE_URL_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
    return given;
  }
}

const CANNOT_BE_READ =
  'cannot be read as an address; in its user and password write # as %23, / as %2F, ? as %3F, @ as %40 and % as %25';

/** By what the driver uses. A password that ends at its "#" or "/" leaves the rest, with the "@", where no "@" belongs. */
function canBeRead(url: string): boolean {
  if (url.startsWith('file:')) return true;
  // Without a host it goes to a socket.
  const parsed = URL.parse(url.replace('@/', '@localhost/'));
  return parsed !== null && !`${parsed.pathname}${parsed.hash}`.includes('@');
}
