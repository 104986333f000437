import { dirname } from 'node:path';
import { isatty } from 'node:tty';
import { Inject } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { EnricherError } from '../shared/errors.js';
import { readDatabaseUrl } from './database-url.js';
import { type DecisionAddresses, EnvDto, type LogLevel, type RulesOnError } from './env.dto.js';
import { readAddressHashKey, readAdminTokens, readSecrets } from './read-secrets.js';

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

export const SERVICE_CONFIG = 'service';

/** What the service reads. */
export const VARIABLES: readonly string[] = [
  ...Object.keys(new EnvDto()),
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
];

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

function readEnvDto(env: NodeJS.ProcessEnv, faults: string[]): EnvDto {
  const given: Record<string, unknown> = {};
  for (const name of VARIABLES) {
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
