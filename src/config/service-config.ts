import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isatty } from 'node:tty';
import { Inject } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { EnricherError } from '../shared/errors.js';
import { DATABASE_URL, type DecisionAddresses, EnvDto, type LogLevel, type RulesOnError } from './env.dto.js';

/** What the environment says, parsed once. */
export interface ServiceConfig {
  readonly isProduction: boolean;
  readonly host: string;
  readonly port: number;
  /** Empty when none is set. */
  readonly webhookSecrets: readonly string[];
  /** The file that the secrets came from, to be read again when it changes; null when they came from the variable. */
  readonly webhookSecretFile: string | null;
  /** Who may use the Admin API; empty: there is none. */
  readonly adminTokens: readonly string[];
  readonly rulesDir: string;
  readonly rulesOnError: RulesOnError;
  /** Where the service keeps what it must not forget. */
  readonly dataDir: string;
  /** The store: `file:…` or `postgres://…`. It may hold a password. */
  readonly databaseUrl: string;
  /** 0 for no limit. */
  readonly sendWindowMinutes: number;
  readonly decisions: {
    readonly days: number;
    /** JSON Pointers. */
    readonly masks: readonly string[];
    readonly addresses: DecisionAddresses;
    readonly keepBody: boolean;
  };
  readonly crmConfigFile: string;
  readonly mailboxesConfigFile: string;
  /** Somebody named the file, so it must be there; the default one may be missing. */
  readonly isMailboxesConfigRequired: boolean;
  readonly answerDeadlineMs: number;
  readonly bodyLimitBytes: number;
  /** Deliveries at once. */
  readonly maxInFlight: number;
  /** Null when none is set: then one is kept in the data folder. */
  readonly addressHashKey: string | null;
  readonly logLevel: LogLevel;
  readonly logPretty: boolean;
}

/** A key that can be guessed makes hashes that can be undone. */
const MIN_HASH_KEY_LENGTH = 16;
/** Behind it are customers. */
const MIN_ADMIN_TOKEN_LENGTH = 16;

export const SERVICE_CONFIG = 'service';

/** Injects the one `ServiceConfig` of the application. */
export const InjectConfig = (): ParameterDecorator => Inject(getConfigToken(SERVICE_CONFIG));

/**
 * The configuration in these variables; an empty variable counts as unset.
 *
 * @throws EnricherError `ENVIRONMENT_INVALID` with every fault, one a line
 */
export function readServiceConfig(env: NodeJS.ProcessEnv): ServiceConfig {
  const faults: string[] = [];
  const dto = readEnvDto(env, faults);
  if (dto.WEBHOOK_SECRET !== undefined && dto.WEBHOOK_SECRET_FILE !== undefined) {
    faults.push('WEBHOOK_SECRET and WEBHOOK_SECRET_FILE are both set; keep one');
  }
  const webhookSecrets = readSecrets('WEBHOOK_SECRET', dto, faults);
  const adminTokens = readAdminTokens(dto, faults);
  const addressHashKey = readAddressHashKey(dto, faults);
  const databaseUrl = readDatabaseUrl(dto, env, faults);
  checkMasks(dto.DECISION_MASKS, faults);
  if (faults.length > 0) {
    throw new EnricherError(
      'ENVIRONMENT_INVALID',
      `The environment has ${faults.length} fault(s):\n  ${faults.join('\n  ')}`,
    );
  }
  return Object.freeze({
    isProduction: dto.NODE_ENV === 'production',
    host: dto.HOST,
    port: dto.PORT,
    webhookSecrets,
    webhookSecretFile: dto.WEBHOOK_SECRET_FILE ?? null,
    adminTokens,
    rulesDir: dto.RULES_DIR,
    rulesOnError: dto.RULES_ON_ERROR,
    databaseUrl,
    dataDir: dto.DATA_DIR ?? dataDirOf(databaseUrl),
    sendWindowMinutes: dto.SEND_WINDOW_MINUTES,
    decisions: {
      days: dto.DECISION_DAYS,
      masks: splitMasks(dto.DECISION_MASKS),
      addresses: dto.DECISION_ADDRESSES,
      keepBody: dto.DECISION_BODY,
    },
    crmConfigFile: dto.CRM_CONFIG,
    mailboxesConfigFile: dto.MAILBOXES_CONFIG,
    isMailboxesConfigRequired: Boolean(env['MAILBOXES_CONFIG']?.trim()),
    answerDeadlineMs: dto.ANSWER_DEADLINE_MS,
    bodyLimitBytes: dto.BODY_LIMIT_BYTES,
    maxInFlight: dto.MAX_IN_FLIGHT,
    addressHashKey,
    logLevel: dto.LOG_LEVEL,
    logPretty: dto.LOG_PRETTY ?? isatty(process.stdout.fd),
  });
}

/** One or more secrets, separated by commas or newlines. */
export function splitSecrets(text: string): string[] {
  return text
    .split(/[,\r\n]+/)
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
}

function readEnvDto(env: NodeJS.ProcessEnv, faults: string[]): EnvDto {
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(new EnvDto()).concat(
    'NODE_ENV',
    'WEBHOOK_SECRET',
    'WEBHOOK_SECRET_FILE',
    'ADMIN_TOKEN',
    'ADMIN_TOKEN_FILE',
    'LOG_PRETTY',
    'DATABASE_URL_FILE',
    'DATA_DIR',
    'ADDRESS_HASH_KEY',
    'ADDRESS_HASH_KEY_FILE',
  )) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') given[name] = BOOLEANS.has(name) ? toBoolean(value) : value;
  }
  const dto = plainToInstance(EnvDto, given, { exposeDefaultValues: true });
  for (const { property, constraints = {} } of validateSync(dto)) {
    // What is no number is out of range too; that would only be noise.
    const message = constraints['isInt'] ?? Object.values(constraints)[0] ?? 'is wrong';
    faults.push(`${property}: ${message.replace(`${property} `, '')}`);
  }
  return dto;
}

const BOOLEANS: ReadonlySet<string> = new Set(['LOG_PRETTY', 'DECISION_BODY']);
const DEFAULT_DATA_DIR = './data';

function dataDirOf(databaseUrl: string): string {
  return databaseUrl.startsWith('file:') ? dirname(databaseUrl.slice('file:'.length)) : DEFAULT_DATA_DIR;
}

function readDatabaseUrl(dto: EnvDto, env: NodeJS.ProcessEnv, faults: string[]): string {
  const { DATABASE_URL: given, DATABASE_URL_FILE: file } = dto;
  if (file === undefined) return given;
  if (env['DATABASE_URL']?.trim()) faults.push('DATABASE_URL and DATABASE_URL_FILE are both set; keep one');
  try {
    const url = readFileSync(file, 'utf8').trim();
    if (DATABASE_URL.test(url)) return url;
    faults.push(`DATABASE_URL_FILE: ${file} holds no file: or postgres:// address`);
  } catch (error) {
    faults.push(`DATABASE_URL_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`);
  }
  return given;
}

function splitMasks(text: string): string[] {
  return text
    .split(',')
    .map((mask) => mask.trim())
    .filter((mask) => mask !== '');
}

/** @source RFC 6901 */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;

function checkMasks(text: string, faults: string[]): void {
  for (const mask of splitMasks(text))
    if (!POINTER.test(mask)) faults.push(`DECISION_MASKS: "${mask}" is no JSON Pointer such as /customer/iban`);
}

function toBoolean(text: string): unknown {
  const lower = text.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(lower)) return true;
  return ['false', '0', 'no', 'off'].includes(lower) ? false : text;
}

function readAddressHashKey(dto: EnvDto, faults: string[]): string | null {
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

function readAdminTokens(dto: EnvDto, faults: string[]): string[] {
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
function readSecrets(name: 'WEBHOOK_SECRET' | 'ADMIN_TOKEN', dto: EnvDto, faults: string[]): string[] {
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
