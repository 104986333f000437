import { readdirSync, readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { pull, type PullMailboxesOptions } from '../../src/cli/pull-mailboxes.js';
import { pullMailboxes } from '../../src/mailboxes/pull-mailboxes.js';
import { EnricherError } from '../../src/shared/errors.js';
import { runCli } from '../support/run-cli.js';
import { answer, hang, ScriptedServer, type Step } from '../support/scripted-server.js';
import { buildService } from '../support/service-process.js';
import { tempFolder } from '../support/temp-folder.js';

const KEY = 'key-Of-The_tests/only+1==';
const LISTING = {
  mailboxes: [
    {
      mailboxId: '6f0c',
      mailboxName: 'Claims',
      mailboxEmail: 'claims@insurer.example',
      active: true,
      timeZone: 'America/Toronto',
      users: [{ userId: '1', userName: 'Lee Park', userEmail: 'lee@insurer.example', active: true }],
      tags: [{ tagId: '1', tagName: 'VIP', tagColor: 'Preset10', active: true }],
    },
    { mailboxEmail: 'old@insurer.example', active: false, users: [], tags: [] },
  ],
};
const KEPT = { customFields: [{ key: 'claim', pattern: '^\\d+$' }], templates: ['T'] };
const BEFORE = { description: 'ours', mailboxes: { 'claims@insurer.example': { ...KEPT, tags: ['Old'] } } };
const USERS = [{ name: 'Lee Park', email: 'lee@insurer.example' }];
const CLAIMS_AFTER = { ...KEPT, tags: ['VIP'], users: USERS, timeZone: 'America/Toronto' };
const AFTER = { description: 'ours', mailboxes: { 'claims@insurer.example': CLAIMS_AFTER } };

/** A catalogue as it was before. */
const catalogue = (content: unknown = BEFORE) =>
  join(tempFolder({ 'mailboxes.json': JSON.stringify(content) }), 'mailboxes.json');
const read = (file: string) => readFileSync(file, 'utf8');

/** The command with the key in its environment, in this process; what it printed. */
async function run(options: PullMailboxesOptions, env: NodeJS.ProcessEnv = { EMAILGISTICS_API_KEY: KEY }) {
  let printed = '';
  const out = new Writable({
    write: (chunk, _encoding, done) => {
      printed += String(chunk);
      done();
    },
  });
  await pull(options, env, out, (message) => {
    throw new Error(`usage: ${message}`);
  });
  return printed;
}

/** What it says of why it could not. */
async function reasonOf(running: Promise<unknown>): Promise<string> {
  const error: unknown = await running.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EnricherError);
  return (error as Error).message;
}

describe('pulling the mailboxes', () => {
  test('asks with the key, and brings the catalogue up to date', async () => {
    await using server = await ScriptedServer.start(answer(200, LISTING));
    const out = catalogue();
    const printed = await run({ url: `${server.url}/`, out });
    expect(server.seen).toEqual([
      {
        method: 'GET',
        path: '/api/v1/admin/mailboxes',
        headers: expect.objectContaining({ authorization: `Bearer ${KEY}`, accept: 'application/json' }),
        body: '',
      },
    ]);
    expect(JSON.parse(read(out))).toEqual(AFTER);
    expect(readdirSync(join(out, '..'))).toEqual(['mailboxes.json']);
    expect(printed).toBe(
      [
        'claims@insurer.example: + tag "VIP"',
        'claims@insurer.example: - tag "Old"',
        'claims@insurer.example: + user "Lee Park <lee@insurer.example>"',
        'claims@insurer.example: time zone America/Toronto',
        `1 mailbox listed; ${out} was changed\n`,
      ].join('\n'),
    );
    const written = read(out);
    expect(written.split('\n')[1]).toBe('  "description": "ours",');
    expect(await run({ url: server.url, out })).toBe(`1 mailbox listed; ${out} is up to date\n`);
    expect(read(out)).toBe(written);
  });

  test('with --dry-run prints what would change, and writes nothing', async () => {
    await using server = await ScriptedServer.start(answer(200, LISTING));
    const out = catalogue();
    const printed = await run({ url: server.url, out, dryRun: true });
    expect(printed).toContain('+ tag "VIP"\n');
    expect(printed).toContain(`${out} would be changed\n`);
    expect(read(out)).toBe(JSON.stringify(BEFORE));
  });

  test('makes the file when there is none, with the schema that lies beside it', async () => {
    await using server = await ScriptedServer.start(answer(200, LISTING));
    const out = join(tempFolder({ 'schema/mailboxes.schema.json': '{}' }), 'mailboxes.json');
    await run({ url: server.url, out });
    expect(JSON.parse(read(out))).toMatchObject({
      $schema: './schema/mailboxes.schema.json',
      mailboxes: { 'claims@insurer.example': { tags: ['VIP'] } },
    });
  });

  test('replaces what a link points to, and leaves the link', async () => {
    await using server = await ScriptedServer.start(answer(200, LISTING));
    const target = catalogue();
    const link = join(tempFolder(), 'link.json');
    await symlink(target, link);
    await run({ url: server.url }, { EMAILGISTICS_API_KEY: KEY, MAILBOXES_CONFIG: link });
    expect(JSON.parse(read(target))).toEqual(AFTER);
  });

  test('takes address and key from the environment or from files', async () => {
    await using server = await ScriptedServer.start(answer(200, LISTING));
    const folder = tempFolder({ key: `  ${KEY}\n`, other: 'another-key\n' });
    const keyFile = join(folder, 'key');
    const env = { EMAILGISTICS_API_URL: server.url, MAILBOXES_CONFIG: catalogue() };
    await run({}, { ...env, EMAILGISTICS_API_KEY: KEY });
    await run({}, { ...env, EMAILGISTICS_API_KEY_FILE: keyFile });
    await run({ keyFile }, { ...env, EMAILGISTICS_API_KEY: 'x', EMAILGISTICS_API_KEY_FILE: join(folder, 'other') });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(
      Array.from({ length: 3 }, () => `Bearer ${KEY}`),
    );
  });

  test.each<[string, Step, RegExp]>([
    ['401', answer(401, { error: { code: 'x' } }), /does not know the API key \(401\)/],
    ['403', answer(403), /needs the scope "reporting"/],
    ['404', answer(404), /There is nothing at http:.*\/api\/v1\/admin\/mailboxes \(404\)/],
    ['429', answer(429), /takes 100 a minute .* Wait at least a minute/],
    ['500', answer(500, 'boom', { 'content-type': 'text/plain' }), /has a fault of its own \(500\)/],
    ['204', (response) => void response.writeHead(204).end(), /answers with 204 where 200 is expected/],
    [
      'HTML',
      answer(200, '<html>', { 'content-type': 'text/html; charset=utf-8' }),
      /answers with text\/html, not JSON/,
    ],
    ['JSON that is none', answer(200, '{ "mailboxes": ['), /not JSON/],
    ['what is not documented', answer(200, { mailboxes: [{ mailboxEmail: KEY }] }), /Email" is not an e-mail address/],
    ['a torn connection', ({ socket }) => void socket?.destroy(), /Cannot ask http:.*: UND_ERR_SOCKET/],
    ['50 MB', endless, /is larger than 10 MB/],
  ])('says what to do about %s, and leaves the file as it was', async (_, step, wanted) => {
    await using server = await ScriptedServer.start(step);
    const out = catalogue();
    const reason = await reasonOf(run({ url: server.url, out }));
    expect(reason).toMatch(wanted);
    expect(reason).not.toContain(KEY);
    expect(read(out)).toBe(JSON.stringify(BEFORE));
  });

  test('does not follow a redirect, so that the key goes nowhere else', async () => {
    await using elsewhere = await ScriptedServer.start(answer(200, LISTING));
    await using server = await ScriptedServer.start(answer(302, '', { location: `${elsewhere.url}/here` }));
    expect(await reasonOf(run({ url: server.url, out: catalogue() }))).toContain('sends us elsewhere');
    expect(elsewhere.seen).toEqual([]);
  });

  test.each<[string, Step]>([
    ['before the answer', hang],
    [
      'within the answer',
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{ '),
    ],
  ])('gives up on a server that stalls %s', async (_, step) => {
    await using server = await ScriptedServer.start(step);
    const api = { baseUrl: new URL(server.url), key: KEY, timeoutMs: 300 };
    const reason = await reasonOf(pullMailboxes({ api, file: catalogue(), isDryRun: false }));
    expect(reason).toBe(`Cannot ask ${server.url}: no whole answer within 300 ms`);
  });

  test('says so when nobody listens', async () => {
    expect(await reasonOf(run({ url: 'http://127.0.0.1:9', out: catalogue() }))).toMatch(/^Cannot ask http:.*:9: /);
  });

  test('says so when the file cannot be written', async () => {
    await using server = await ScriptedServer.start(answer(200, LISTING));
    const out = join(tempFolder(), 'nowhere/mailboxes.json');
    const reason = await reasonOf(run({ url: server.url, out }));
    expect(reason).toBe(`Cannot write ${out} (ENOENT); --out names another file`);
  });

  test('asks nobody while the file is broken', async () => {
    await using server = await ScriptedServer.start(answer(200, LISTING));
    const reason = await reasonOf(run({ url: server.url, out: catalogue({ mailboxes: { claims: {} } }) }));
    expect(reason).toMatch(/^Mend .* first.*\n.*mailboxes\.json:1:15 {2}not the e-mail address of a mailbox/);
    expect(server.seen).toEqual([]);
  });

  test('refuses a key that is none, and does not show it', async () => {
    const keyFile = join(tempFolder({ key: 'first-key\nsecond-key\n' }), 'key');
    const bad = await reasonOf(run({ url: 'https://c1.example', keyFile }, {}));
    expect(bad).toContain('must be one line');
    expect(bad).not.toMatch(/first-key|second-key/);
    expect(await reasonOf(run({ url: 'https://c1.example', keyFile: `${keyFile}s` }, {}))).toContain('(ENOENT)');
  });

  const url = 'https://c1.example';
  test.each<[PullMailboxesOptions, NodeJS.ProcessEnv, RegExp]>([
    [{ url: '' }, {}, /must say where the API is/],
    [{}, { EMAILGISTICS_API_URL: ' ' }, /must say where the API is/],
    [{ url: 'c1' }, {}, /is no URL/],
    [{ url: 'http://c1.example' }, {}, /must be https/],
    [{ url: 'http://127.0.0.1.c1.example' }, {}, /must be https/],
    [{ url: 'https://user:word@c1.example' }, {}, /no user, query or fragment/],
    [{ url: 'https://c1.example?x=1' }, {}, /no user, query or fragment/],
    [{ url }, { EMAILGISTICS_API_KEY: ' ' }, /the API key is missing/],
    [{ url }, { EMAILGISTICS_API_KEY_FILE: 'key' }, /both set; keep one/],
  ])('is wrongly used with %j and %j', async (options, env, reason) => {
    await expect(run(options, { EMAILGISTICS_API_KEY: KEY, ...env })).rejects.toThrow(reason);
    await expect(run(options, { EMAILGISTICS_API_KEY: KEY, ...env })).rejects.toThrow(/^usage: error: /);
  });
});

describe('enricher mailboxes pull', () => {
  beforeAll(buildService);

  test.each([
    ['when it is done', [answer(200, LISTING)], ['--url'], 0, /was changed/],
    ['when it is wrongly used', [answer(200, LISTING)], ['--usl'], 2, /unknown option/],
    ['without an address', [answer(200, LISTING)], ['--dry-run', '--out'], 2, /must say where the API is/],
    ['when it cannot be done', [answer(401)], ['--url'], 3, /^Emailgistics does not know the API key/],
  ])('ends %s with its exit code', async (_, script, args, code, printed) => {
    await using server = await ScriptedServer.start(...script);
    const out = catalogue();
    const env = { EMAILGISTICS_API_KEY: KEY, MAILBOXES_CONFIG: out };
    const cli = await runCli(['mailboxes', 'pull', ...args, server.url], env, tempFolder());
    expect(cli.stdout + cli.stderr).toMatch(printed);
    expect(cli.stdout + cli.stderr).not.toMatch(new RegExp(`${KEY.replaceAll('+', '\\+')}|    at `));
    expect(cli.code).toBe(code);
  });
});

/** So much that nobody would want it all. */
function endless(response: Parameters<Step>[0]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  let left = 50;
  const send = () => {
    while (left-- > 0 && response.write(Buffer.alloc(1_000_000, ' '))) continue;
    if (left < 0) response.end();
  };
  response.on('drain', send);
  send();
}
