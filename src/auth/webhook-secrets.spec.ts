import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { tempFolder } from '../../test/support/temp-folder.js';
import { until } from '../../test/support/until.js';
import { readServiceConfig } from '../config/service-config.js';
import { WebhookSecrets } from './webhook-secrets.js';

const started: WebhookSecrets[] = [];
beforeAll(() => Logger.overrideLogger(false));
afterEach(() => started.splice(0).forEach((secrets) => secrets.onApplicationShutdown()));

/** They are made from what was configured; what happens in between, happens to the file. */
function startAfter(change: (file: string) => void): { readonly file: string; readonly secrets: WebhookSecrets } {
  const file = join(tempFolder({ secret: 'old' }), 'secret');
  const config = readServiceConfig({ WEBHOOK_SECRET_FILE: file });
  change(file);
  const secrets = new WebhookSecrets(config);
  started.push(secrets);
  return { file, secrets };
}

test('a secret that was changed between configuration and start is accepted, and the old one is not', async () => {
  const { secrets } = startAfter((file) => writeFileSync(file, 'new'));
  await until('the new secret is accepted', () => secrets.accepts('Bearer new'));
  expect(secrets.accepts('Bearer old')).toBe(false);
});

test.each<[what: string, change: (file: string) => void]>([
  ['emptied', (file) => writeFileSync(file, '\n')],
  ['gone', (file) => rmSync(file)],
])('a file that is %s at the start leaves the secret valid, and is read when it comes', async (_what, change) => {
  const { file, secrets } = startAfter(change);
  expect(secrets.accepts('Bearer old')).toBe(true);
  writeFileSync(file, 'new');
  await until('the new secret is accepted', () => secrets.accepts('Bearer new'));
});
