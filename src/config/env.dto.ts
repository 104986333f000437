import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, Min } from 'class-validator';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const RULES_ON_ERROR = ['last-good', 'strict'] as const;
export type RulesOnError = (typeof RULES_ON_ERROR)[number];

export const DATABASE_URL = /^(file:.|postgres(ql)?:\/\/.)/;

export const DECISION_ADDRESSES = ['hash', 'plain'] as const;
export type DecisionAddresses = (typeof DECISION_ADDRESSES)[number];

/**
 * The environment, one property a variable, defaults beside them. `docs/operations.md` explains each;
 * a test compares them with `.env.example`.
 */
export class EnvDto {
  @IsOptional()
  @IsString()
  NODE_ENV?: string;

  /** Address to listen on. */
  @IsNotEmpty()
  HOST: string = '127.0.0.1';

  /** TCP port, 0 for any free one. */
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number' })
  @Min(0)
  @Max(65_535)
  PORT: number = 3000;

  /** Accepted secrets, separated by commas or newlines. */
  @IsOptional()
  WEBHOOK_SECRET?: string;

  /** A file with the same content, read again when it changes. */
  @IsOptional()
  WEBHOOK_SECRET_FILE?: string;

  /** Opens the Admin API: accepted tokens, separated by commas or newlines. */
  @IsOptional()
  ADMIN_TOKEN?: string;

  /** A file with the same content. */
  @IsOptional()
  ADMIN_TOKEN_FILE?: string;

  RULES_DIR: string = './rules';

  /** With faults in the rules at start: run the last set that had none, or refuse. */
  @IsIn(RULES_ON_ERROR)
  RULES_ON_ERROR: RulesOnError = 'last-good';

  /** The store: a SQLite file, or a PostgreSQL database that several replicas share. */
  @Matches(DATABASE_URL, {
    message: 'must be file: and a path, such as file:./data/enricher.db, or postgres://user:password@host/database',
  })
  DATABASE_URL: string = 'file:./data/enricher.db';

  /** A file with the same content, since it may hold a password. */
  @IsOptional()
  DATABASE_URL_FILE?: string;

  /** What belongs to this process alone: the key of the hashes. Default: the folder of the SQLite file. */
  @IsOptional()
  DATA_DIR?: string;

  /** A rule sends one message into a conversation in so many minutes; 0 for no limit. */
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number of minutes' })
  @Min(0)
  @Max(10_080)
  SEND_WINDOW_MINUTES: number = 60;

  /** How long decisions are kept, in days. */
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number of days' })
  @Min(1)
  @Max(3_650)
  DECISION_DAYS: number = 30;

  /** JSON Pointers into the facts, separated by commas: what is there is not kept beside the answer of a decision. */
  DECISION_MASKS: string = '/sender/name';

  /** How addresses are kept with a decision: as their keyed hash, or as they are. */
  @IsIn(DECISION_ADDRESSES)
  DECISION_ADDRESSES: DecisionAddresses = 'hash';

  /** Whether the text of a message is kept with its decision. */
  @IsBoolean({ message: 'must be true or false' })
  DECISION_BODY: boolean = false;

  CRM_CONFIG: string = './config/crm.json';

  /** What the mailboxes have. The default file may be missing, a named one must be there. */
  MAILBOXES_CONFIG: string = './config/mailboxes.json';

  /** For the whole answer, in milliseconds. The sender gives up after 100 s. */
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number of milliseconds' })
  @Min(100)
  @Max(90_000)
  ANSWER_DEADLINE_MS: number = 20_000;

  /** Largest accepted payload, in bytes. */
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number of bytes' })
  @Min(1024)
  @Max(104_857_600)
  BODY_LIMIT_BYTES: number = 10_485_760;

  /** Deliveries in flight at once; more get 429 and come again. */
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(1_000_000)
  MAX_IN_FLIGHT: number = 5000;

  /** Key of the hashes that stand for addresses in logs. Default: one that is made once and kept beside the store. */
  @IsOptional()
  ADDRESS_HASH_KEY?: string;

  /** A file with the same content. */
  @IsOptional()
  ADDRESS_HASH_KEY_FILE?: string;

  @IsIn(LOG_LEVELS)
  LOG_LEVEL: LogLevel = 'info';

  /** Lines for people instead of JSON. Default: on for a terminal. */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  LOG_PRETTY?: boolean;
}
