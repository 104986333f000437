import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { expectCleanLogs, keepSecretsOf, leakIn, watchLines } from './clean-logs.js';
import { SECRET } from './start-app.js';
import { tempFolder } from './temp-folder.js';

const folder = tempFolder({ key: 'secret-in-a-file\n' });
keepSecretsOf({
  API_KEY_FILE: join(folder, 'key'),
  CRM_TOKEN: 'token-of-the-crm,another-one',
  MODE: 'not-a-secret',
  WEBHOOK_SECRET: SECRET,
});

describe('a log line', () => {
  test.each([
    ['{"msg":"asked for dana@northwind.example"}', 'an address: {"msg":"asked for ***"}'],
    ['GET /contacts/dana%40northwind.example', 'an address: GET /contacts/***'],
    ['jörg@müller.example', 'an address: ***'],
    ['{"authorization":"Bearer abcdefgh"}', 'credentials: {"authorization":"***"}'],
    ['the token is token-of-the-crm', 'a secret: the token is ***'],
    ['the other is another-one', 'a secret: the other is ***'],
    ['read secret-in-a-file', 'a secret: read ***'],
    [`secret: ${SECRET}`, 'a secret: secret: ***'],
  ])('%j leaks, and the report does not', (line, leak) => {
    expect(leakIn(line)).toBe(leak);
  });

  test.each([
    '{"sender":"h:0123456789abcdef"}',
    'at node_modules/@nestjs/core/router.js:1:2',
    'not-a-secret',
    'at @ noon.',
  ])('%j is clean', (line) => {
    expect(leakIn(line)).toBeNull();
  });
});

test('a leak fails who asks, once', () => {
  watchLines('clean\nfrom dana@northwind.example\n');
  expect(expectCleanLogs).toThrow('Log lines must not hold secrets or addresses:\nan address: from ***');
  expect(expectCleanLogs).not.toThrow();
});
