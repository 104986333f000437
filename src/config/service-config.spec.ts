import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { describe, expect, test } from '@jest/globals';
import { PULL_VARIABLES } from '../cli/pull-mailboxes.js';
import { tempFolder } from '../../test/support/temp-folder.js';
import { EnvDto } from './env.dto.js';
import { readServiceConfig } from './service-config.js';

const faultsOf = (env: NodeJS.ProcessEnv): string[] => {
  try {
    readServiceConfig(env);
    return [];
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
};

test('the defaults are those of the documentation', () => {
  expect(readServiceConfig({})).toEqual({
    isProduction: false,
    host: '127.0.0.1',
    port: 3000,
    webhookSecrets: [],
    webhookSecretFile: null,
    adminTokens: [],
    rulesDir: './rules',
    rulesOnError: 'last-good',
    dataDir: './data',
    databaseUrl: 'file:./data/enricher.db',
    sendWindowMinutes: 60,
    decisions: { days: 30, masks: ['/sender/name'], addresses: 'hash', keepBody: false },
    crmConfigFile: './config/crm.json',
    mailboxesConfigFile: './config/mailboxes.json',
    isMailboxesConfigRequired: false,
    answerDeadlineMs: 20_000,
    bodyLimitBytes: 10_485_760,
    maxInFlight: 5000,
    addressHashKey: null,
    logLevel: 'info',
    logPretty: isatty(1),
  });
});

const secretFiles = () =>
  tempFolder({
    webhook: 'one, two\nthree\n',
    admin: `${'t'.repeat(16)}\n`,
    database: 'postgres://enricher:password@db.example/enricher\n',
    key: `${'k'.repeat(16)}\n`,
  });
const VARIABLES = {
  NODE_ENV: 'production',
  HOST: '0.0.0.0',
  PORT: '8080',
  WEBHOOK_SECRET: 'one, two\nthree',
  ADMIN_TOKEN: `${'t'.repeat(16)},${'u'.repeat(16)}`,
  RULES_DIR: '/srv/rules',
  RULES_ON_ERROR: 'strict',
  DATABASE_URL: 'file:/srv/data/enricher.db',
  DATA_DIR: '/srv/own',
  SEND_WINDOW_MINUTES: '0',
  DECISION_DAYS: '7',
  DECISION_MASKS: '/customer/iban, /message/subject',
  DECISION_ADDRESSES: 'plain',
  DECISION_BODY: 'on',
  CRM_CONFIG: '/srv/crm.json',
  MAILBOXES_CONFIG: '/srv/mailboxes.json',
  ANSWER_DEADLINE_MS: '5000',
  BODY_LIMIT_BYTES: '2048',
  MAX_IN_FLIGHT: '100',
  ADDRESS_HASH_KEY: 'a key of 24 characters..',
  LOG_LEVEL: 'debug',
  LOG_PRETTY: 'Yes',
};
/** What may stand in a file instead. */
const IN_FILES = ['WEBHOOK_SECRET', 'ADMIN_TOKEN', 'DATABASE_URL', 'ADDRESS_HASH_KEY'] as const;

test('every variable can be set', () => {
  expect(readServiceConfig(VARIABLES)).toEqual({
    isProduction: true,
    host: '0.0.0.0',
    port: 8080,
    webhookSecrets: ['one', 'two', 'three'],
    webhookSecretFile: null,
    adminTokens: ['t'.repeat(16), 'u'.repeat(16)],
    rulesDir: '/srv/rules',
    rulesOnError: 'strict',
    dataDir: '/srv/own',
    databaseUrl: 'file:/srv/data/enricher.db',
    sendWindowMinutes: 0,
    decisions: { days: 7, masks: ['/customer/iban', '/message/subject'], addresses: 'plain', keepBody: true },
    crmConfigFile: '/srv/crm.json',
    mailboxesConfigFile: '/srv/mailboxes.json',
    isMailboxesConfigRequired: true,
    answerDeadlineMs: 5000,
    bodyLimitBytes: 2048,
    maxInFlight: 100,
    addressHashKey: 'a key of 24 characters..',
    logLevel: 'debug',
    logPretty: true,
  });
});

test('every secret can stand in a file', () => {
  const folder = secretFiles();
  const paths = ['webhook', 'admin', 'database', 'key'].map((name) => join(folder, name));
  expect(readServiceConfig(Object.fromEntries(IN_FILES.map((name, index) => [`${name}_FILE`, paths[index]])))).toEqual({
    ...readServiceConfig({}),
    webhookSecrets: ['one', 'two', 'three'],
    webhookSecretFile: paths[0],
    adminTokens: ['t'.repeat(16)],
    databaseUrl: 'postgres://enricher:password@db.example/enricher',
    addressHashKey: 'k'.repeat(16),
  });
});

test('an empty variable is as unset', () => {
  expect(readServiceConfig({ MAILBOXES_CONFIG: ' ' })).toEqual(readServiceConfig({}));
  expect(readServiceConfig({ PORT: '', HOST: ' ', WEBHOOK_SECRET: '', LOG_PRETTY: '' })).toEqual(readServiceConfig({}));
});

test('all faults are listed at once, by variable', () => {
  const env = {
    PORT: '99999',
    ANSWER_DEADLINE_MS: 'soon',
    BODY_LIMIT_BYTES: '1',
    LOG_LEVEL: 'loud',
    LOG_PRETTY: 'maybe',
    WEBHOOK_SECRET: ' , ',
    WEBHOOK_SECRET_FILE: '/nowhere',
  };
  const faults = faultsOf(env);
  for (const name of Object.keys(env)) expect(faults.join('\n')).toContain(name);
  expect(faults).toContain('PORT: must not be greater than 65535');
  expect(faults).toContain('ANSWER_DEADLINE_MS: must be a whole number of milliseconds');
  expect(faults).toContain(
    'LOG_LEVEL: must be one of the following values: fatal, error, warn, info, debug, trace, silent',
  );
  expect(faults).toContain('WEBHOOK_SECRET and WEBHOOK_SECRET_FILE are both set; keep one');
  expect(faults).toContain('WEBHOOK_SECRET_FILE: cannot read /nowhere (ENOENT)');
});

test('the deadline stays below what the sender waits for', () => {
  expect(faultsOf({ ANSWER_DEADLINE_MS: '90001' })).toEqual(['ANSWER_DEADLINE_MS: must not be greater than 90000']);
});

describe('the secret file', () => {
  test('holds one or more secrets', () => {
    const file = join(tempFolder({ secret: 'new-secret\r\nold-secret\n' }), 'secret');
    expect(readServiceConfig({ WEBHOOK_SECRET_FILE: file })).toMatchObject({
      webhookSecrets: ['new-secret', 'old-secret'],
      webhookSecretFile: file,
    });
  });

  test('must not be empty', () => {
    const file = join(tempFolder({ secret: '\n' }), 'secret');
    expect(faultsOf({ WEBHOOK_SECRET_FILE: file })).toEqual([`WEBHOOK_SECRET_FILE: ${file} holds no secret`]);
  });
});

test.each<[what: string, env: NodeJS.ProcessEnv, fault: string]>([
  ['too short', { ADDRESS_HASH_KEY: 'short' }, 'ADDRESS_HASH_KEY: must have 16 characters or more'],
  [
    'set twice',
    { ADDRESS_HASH_KEY: 'k'.repeat(16), ADDRESS_HASH_KEY_FILE: import.meta.filename },
    'ADDRESS_HASH_KEY and ADDRESS_HASH_KEY_FILE are both set; keep one',
  ],
  [
    'in a file that cannot be read',
    { ADDRESS_HASH_KEY_FILE: '/nowhere' },
    'ADDRESS_HASH_KEY_FILE: cannot read /nowhere (ENOENT)',
  ],
])('a key for address hashes that is %s is a fault', (_what, env, fault) => {
  expect(faultsOf(env)).toEqual([fault]);
});

test.each<[what: string, env: NodeJS.ProcessEnv, fault: string]>([
  ['too short', { ADMIN_TOKEN: `${'t'.repeat(16)},short` }, 'ADMIN_TOKEN: a token must have 16 characters or more'],
  [
    'set twice',
    { ADMIN_TOKEN: 't'.repeat(16), ADMIN_TOKEN_FILE: import.meta.filename },
    'ADMIN_TOKEN and ADMIN_TOKEN_FILE are both set; keep one',
  ],
  [
    'in a file that cannot be read',
    { ADMIN_TOKEN_FILE: '/nowhere' },
    'ADMIN_TOKEN_FILE: cannot read /nowhere (ENOENT)',
  ],
  ['none at all', { ADMIN_TOKEN: ' , ' }, 'ADMIN_TOKEN: holds no secret'],
])('a token for the Admin API that is %s is a fault', (_what, env, fault) => {
  expect(faultsOf(env)).toContain(fault);
});

const CANNOT_BE_READ =
  'cannot be read as an address; in its user and password write # as %23, / as %2F, ? as %3F, @ as %40 and % as %25';

test.each([
  'postgres://u:se#kret pw@db.example/x',
  'postgres://u:12#kret@db.example/x',
  'postgres://u:se/kret@db.example/x',
  'postgres://u:12/kret@db.example/x',
  'postgres://u:se?kret@db.example/x',
  'postgres://u:pw@db.example:port/x',
  'postgresql://u:pw@[db.example/x',
])('%s is a fault, and is not repeated', (url) => {
  expect(faultsOf({ DATABASE_URL: url })).toEqual([`DATABASE_URL: ${CANNOT_BE_READ}`]);
  const file = join(tempFolder({ url }), 'url');
  expect(faultsOf({ DATABASE_URL_FILE: file })).toEqual([`DATABASE_URL_FILE: what ${file} holds ${CANNOT_BE_READ}`]);
});

test.each([
  'postgres://db.example/x',
  'postgres://u:se%23kret%20pw@db.example:5432/x?sslmode=require',
  'postgres://u:pa@ss word@db.example/x',
  'postgres://u%40tenant:pw@db.example/x?user=u@tenant',
  'postgresql://u:pw@/x?host=/var/run/postgresql',
  'postgresql:///x?host=/var/run/postgresql',
  'postgres://u@%2Fvar%2Frun/x',
  'postgres://u:pw@[::1]:5432/x',
  'file:./se#kret pw@x.db',
])('%s is an address of a database', (databaseUrl) => {
  expect(readServiceConfig({ DATABASE_URL: databaseUrl })).toMatchObject({ databaseUrl });
});

test.each<[what: string, masks: string, mask: string]>([
  ['without a slash', '/sender/name,customer', 'customer'],
  ['with a tilde that escapes nothing', '/customer/~iban', '/customer/~iban'],
])('a mask %s is a fault', (_what, masks, mask) => {
  expect(faultsOf({ DECISION_MASKS: masks })).toEqual([
    `DECISION_MASKS: "${mask}" is no JSON Pointer such as /customer/iban`,
  ]);
});

test('.env.example names every variable that is read, with its default, and no other', () => {
  const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  const example = new Map([...text.matchAll(/^#? ?([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  const defaults = new EnvDto() as unknown as Record<string, unknown>;
  const set = [...Object.keys(VARIABLES), ...IN_FILES.map((name) => `${name}_FILE`)];
  expect(new Set(example.keys())).toEqual(new Set([...set, ...PULL_VARIABLES]));
  expect(set).toEqual(expect.arrayContaining(Object.keys(defaults).filter((name) => defaults[name] !== undefined)));
  for (const [name, value] of Object.entries(defaults))
    if (value !== undefined) expect([name, example.get(name)]).toEqual([name, String(value)]);
});
