import { rename, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { send } from '../support/http.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp, SECRET } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';
import { PATHS, WatchedDoor } from '../support/watched-door.js';

const RULES = {
  'all.json': {
    rules: [{ name: 'all', conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: ['Seen'] } }] }],
  },
};
const UMLAUTS = 'größer-als-ASCII-密';

const door = new WatchedDoor({ rules: RULES });

/** Header values are bytes: a UTF-8 secret goes out as its bytes, which Node writes from Latin-1 text. */
const asHeader = (secret: string) => `Bearer ${Buffer.from(secret).toString('latin1')}`;

const withSecret = (authorization: string) => ({ authorization, 'content-type': 'application/json' });

describe.each(PATHS)('POST %s', (path) => {
  test.each([
    ['no secret', undefined],
    ['an empty header', ''],
    ['the scheme alone', 'Bearer'],
    ['an empty secret', 'Bearer '],
    ['a wrong secret', 'Bearer not-the-secret-of-the-tests'],
    ['a short secret', 'Bearer a'],
    ['the beginning of the secret', `Bearer ${SECRET.slice(0, -1)}`],
    ['the secret and more', `Bearer ${SECRET}x`],
    ['the secret in another case', `Bearer ${SECRET.toUpperCase()}`],
    ['another scheme', `Basic ${SECRET}`],
    ['no scheme', SECRET],
    ['a non-ASCII secret in UTF-8', asHeader(UMLAUTS)],
    ['a non-ASCII secret in Latin-1', 'Bearer größer'],
  ])('%s is answered 401 without a word', async (_, authorization) => {
    const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
    const answer = await door.send(path, { headers, body: JSON.stringify(sampleDelivery()) });
    expect(answer).toMatchObject({ status: 401, text: '', headers: { 'www-authenticate': 'Bearer' } });
  });

  test('the name of the scheme may be in any case', async () => {
    const answer = await door.deliver(path, sampleDelivery(), { authorization: `bearer ${SECRET}` });
    expect(answer.status).toBe(200);
  });

  test('a wrong secret is answered before the body is read', async () => {
    const headers = { ...withSecret('Bearer wrong'), 'content-length': 5_000_000 };
    const { answer } = door.start(path, { headers, firstBytes: 0 });
    expect((await answer).status).toBe(401);
  });

  test('a wrong secret is answered 401 whatever is wrong with the body', async () => {
    const answer = await door.send(path, {
      headers: { authorization: 'Bearer wrong', 'content-type': 'text/plain' },
      body: '{"broken',
    });
    expect(answer.status).toBe(401);
  });

  test('a secret of 1 MB is refused', async () => {
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nAuthorization: Bearer `;
    expect(await firstLineOfAnswer(head + 'x'.repeat(1_000_000))).toMatch(/^HTTP\/1\.1 (401|431) /);
  });
});

test('each of two secrets is accepted, separated by a comma or a newline', async () => {
  for (const WEBHOOK_SECRET of ['old-secret,new-secret', 'old-secret\nnew-secret', ' old-secret ,\n new-secret\n']) {
    await using app = await RunningApp.start({ rules: RULES, env: { WEBHOOK_SECRET } });
    for (const secret of ['old-secret', 'new-secret']) expect(await statusWith(app, asHeader(secret))).toBe(200);
    for (const secret of ['old', WEBHOOK_SECRET.replaceAll('\n', ' ')]) {
      expect(await statusWith(app, asHeader(secret))).toBe(401);
    }
  }
});

test('a configured non-ASCII secret is accepted as UTF-8 bytes', async () => {
  await using app = await RunningApp.start({ rules: RULES, env: { WEBHOOK_SECRET: UMLAUTS } });
  expect(await statusWith(app, asHeader(UMLAUTS))).toBe(200);
  expect(await statusWith(app, asHeader(UMLAUTS.slice(0, -1)))).toBe(401);
});

describe('a secret file', () => {
  test('is rotated while the service runs: old, then both, then new', async () => {
    const file = join(tempFolder({ secret: 'old-secret\n' }), 'secret');
    await using app = await RunningApp.start({ rules: RULES, env: { WEBHOOK_SECRET_FILE: file } });
    const accepts = async (secret: string) => (await statusWith(app, asHeader(secret))) === 200;
    expect([await accepts('old-secret'), await accepts('new-secret')]).toEqual([true, false]);

    await writeFile(file, 'old-secret\nnew-secret\n');
    await until('the new secret is accepted', () => accepts('new-secret'));
    expect(await accepts('old-secret')).toBe(true);

    await writeFile(`${file}.next`, 'new-secret\n');
    await rename(`${file}.next`, file);
    await until('the old secret is refused', async () => !(await accepts('old-secret')));
    expect(await accepts('new-secret')).toBe(true);
  });

  test.each(['', '\n', null])('locks nobody out when it becomes %j', async (content) => {
    const file = join(tempFolder({ secret: 'old-secret' }), 'secret');
    await using app = await RunningApp.start({ rules: RULES, env: { WEBHOOK_SECRET_FILE: file } });
    if (content === null) await rm(file);
    else await writeFile(file, content);
    await until('the log tells of it', () => app.logs.some((line) => line.includes('holds no secret')));
    expect(await statusWith(app, asHeader('old-secret'))).toBe(200);
    expect(await statusWith(app, 'Bearer')).toBe(401);
  });
});

async function statusWith(app: RunningApp, authorization: string): Promise<number> {
  const body = JSON.stringify(sampleDelivery());
  const { status } = await send(app.webhookUrl, { headers: withSecret(authorization), body });
  return status;
}

/** Writes until the service answers or hangs up: no HTTP client sends such a header. */
function firstLineOfAnswer(request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection(Number(new URL(door.app.url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    // A reset after the answer is how a server ends what it does not want to read.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received.split('\r\n')[0] ?? ''));
    socket.write(request);
  });
}
