import { readFileSync } from 'node:fs';
import type { EnvDto } from './env.dto.js';

/** A key that can be guessed makes hashes that can be undone. */
const MIN_HASH_KEY_LENGTH = 16;
/** Behind it are customers. */
const MIN_ADMIN_TOKEN_LENGTH = 16;

/** One or more secrets, separated by commas or newlines. */
export function splitSecrets(text: string): string[] {
  return text
    .split(/[,\r\n]+/)
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
}

export function readAddressHashKey(dto: EnvDto, faults: string[]): string | null {
  const { ADDRESS_HASH_KEY: given, ADDRESS_HASH_KEY_FILE: file } = dto;
  if (given !== undefined && file !== undefined)
    faults.push('ADDRESS_HASH_KEY and ADDRESS_HASH_KEY_FILE are both set; keep one');
  if (given === undefined && file === undefined) return null;
  const [name, key] =
    given === undefined ? ['ADDRESS_HASH_KEY_FILE', readKeyFile(file ?? '', faults)] : ['ADDRESS_HASH_KEY', given];
  if (key !== null && key.length < MIN_HASH_KEY_LENGTH)
    faults.push(`${name}: must have ${MIN_HASH_KEY_LENGTH} characters or more`);
  return key;
}

function readKeyFile(file: string, faults: string[]): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    faults.push(
      `ADDRESS_HASH_KEY_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`,
    );
    return null;
  }
}

export function readAdminTokens(dto: EnvDto, faults: string[]): string[] {
  if (dto.ADMIN_TOKEN !== undefined && dto.ADMIN_TOKEN_FILE !== undefined)
    faults.push('ADMIN_TOKEN and ADMIN_TOKEN_FILE are both set; keep one');
  const tokens = readSecrets('ADMIN_TOKEN', dto, faults);
  if (tokens.some((token) => token.length < MIN_ADMIN_TOKEN_LENGTH))
    faults.push(
      `ADMIN_TOKEN${dto.ADMIN_TOKEN_FILE === undefined ? '' : '_FILE'}: a token must have ${MIN_ADMIN_TOKEN_LENGTH} characters or more`,
    );
  return tokens;
}

/** What stands in a variable, or in the file that its neighbour names. */
export function readSecrets(name: 'WEBHOOK_SECRET' | 'ADMIN_TOKEN', dto: EnvDto, faults: string[]): string[] {
  const given = dto[name];
  const file = dto[`${name}_FILE`];
  if (file === undefined) {
    const secrets = splitSecrets(given ?? '');
    if (given !== undefined && secrets.length === 0) faults.push(`${name}: holds no secret`);
    return secrets;
  }
  try {
    const secrets = splitSecrets(readFileSync(file, 'utf8'));
    if (secrets.length === 0) faults.push(`${name}_FILE: ${file} holds no secret`);
    return secrets;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    faults.push(`${name}_FILE: cannot read ${file} (${reason})`);
    return [];
  }
}
