import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AddressHash } from '../../src/shared/address-hash.js';
import { linesWatched } from '../support/clean-logs.js';
import { send } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { buildService, ServiceProcess } from '../support/service-process.js';
import { type LogLine, makeWorkspace, RunningApp, SECRET } from '../support/start-app.js';
import { until } from '../support/until.js';

const RULES = {
  'a.json': {
    rules: [
      {
        name: 'vip',
        conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
        actions: [{ type: 'tag', value: { tags: ['VIP'] } }],
      },
    ],
  },
};
const CUSTOMERS = [{ email: 'dana@northwind.example', tier: 'gold' }];
const HASH_KEY = 'key-of-the-hashes-of-this-test';
const hash = new AddressHash(HASH_KEY);
const DELIVERY = sampleDelivery({ mailbox: 'Claims@Insurer.example', from: correspondent('Dana@Northwind.example') });
const DELIVERY_HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };

describe('a running service', () => {
  let app: RunningApp;
  let firstOfTest = 0;
  beforeAll(async () => {
    app = await RunningApp.start({ rules: RULES, customers: CUSTOMERS, env: { ADDRESS_HASH_KEY: HASH_KEY } });
  });
  beforeEach(() => {
    firstOfTest = app.logLines.length;
  });
  afterAll(() => app.close());

  const lines = (): readonly LogLine[] => app.logLines.slice(firstOfTest);
  const deliver = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    send(app.webhookUrl, { headers: { ...DELIVERY_HEADERS, ...headers }, body });

  test('tells of a delivery in one line, at level info, with sender and mailbox as hashes', async () => {
    await deliver(JSON.stringify(DELIVERY), { 'x-request-id': 'request-1' });
    expect(lines().filter(({ level }) => level === 'info')).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        requestId: 'request-1',
        context: 'Webhook',
        outcome: 'acted',
        actions: ['tag'],
        leftOut: 0,
        rules: 1,
        lookup: 'found',
        matchedBy: 'email',
        source: 'customers',
        stale: false,
        durationMs: expect.any(Number),
        revision: expect.stringMatching(/^[\da-f]{12}$/),
        mailbox: hash.of('claims@insurer.example'),
        sender: hash.of('dana@northwind.example'),
        msg: 'acted: 1 action(s), 0 left out, look-up found',
      },
    ]);
  });

  test('a sender without an address has no hash', async () => {
    await deliver(JSON.stringify({ ...DELIVERY, from: null }));
    expect(lines().find(({ level }) => level === 'info')).toMatchObject({ sender: null, lookup: 'no_sender' });
  });

  test('keeps requests apart that are under way at once', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `at-once-${index}`);
    await Promise.all(ids.map((id) => deliver(JSON.stringify(DELIVERY), { 'x-request-id': id })));
    const told = lines().filter(({ level }) => level === 'info');
    expect(told).toHaveLength(ids.length);
    expect(new Set(told.map(({ requestId }) => requestId))).toEqual(new Set(ids));
  });

  test.each(['/health/live', '/health/ready', '/metrics'])('%s has no line but at level debug', async (path) => {
    await send(`${app.url}${path}`, { method: 'GET', headers: { 'x-request-id': 'a-probe' } });
    await until('its line is there', () => lines().length > 0);
    expect(lines()).toMatchObject([
      { level: 'debug', requestId: 'a-probe', method: 'GET', route: path, status: 200, msg: 'request answered' },
    ]);
  });

  test('an address in a URL, in a query or as request id is in no line', async () => {
    const headers = { 'x-request-id': 'dana@northwind.example' };
    const { headers: answered } = await send(`${app.url}/dana@northwind.example?to=lee%40northwind.example`, {
      headers,
    });
    expect(answered['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    await until('its line is there', () => lines().length > 0);
    expect(lines()).toMatchObject([{ route: null, status: 404, requestId: answered['x-request-id'] }]);
    expect(JSON.stringify(lines())).not.toMatch(/northwind/);
  });

  test('an address that stands in a rule is a hash where its fault is told', async () => {
    await writeFile(
      join(app.workspace.rulesDir, 'b.json'),
      '{ "rules": [{ "name": "b", "mailboxes": ["claims@insurer.example"], "condition": { "all": [] }, "actions": [] }] }',
    );
    await until('the fault is told', () => lines().some(({ level }) => level === 'error'));
    const told = lines().find(({ level }) => level === 'error')?.msg;
    expect(told).toContain('did you mean "conditions"?');
    expect(told).toContain(`"mailboxes": ["${hash.of('claims@insurer.example')}"]`);
  });

  test('every line was watched', () => {
    expect(linesWatched()).toBeGreaterThanOrEqual(app.logLines.length);
  });
});

test('the key that nobody set is kept, and gives the hashes', async () => {
  await using app = await RunningApp.start({ rules: RULES });
  const key = readFileSync(join(app.workspace.folder, 'data', 'address-hash.key'), 'utf8');
  expect(key).toMatch(/^[\w-]{43}\n$/);
  await app.deliver(DELIVERY);
  const told = app.logLines.find(({ context }) => context === 'Webhook');
  expect(told?.['sender']).toBe(new AddressHash(key.trim()).of('dana@northwind.example'));
});

describe('as a process', () => {
  beforeAll(buildService, 120_000);

  test('every line on standard output is JSON, from the start to the stop', async () => {
    const workspace = makeWorkspace({ rules: RULES, customers: CUSTOMERS });
    await using service = await ServiceProcess.start(workspace.env, workspace.folder);
    await send(`${service.url}/webhooks/emailgistics`, { headers: DELIVERY_HEADERS, body: JSON.stringify(DELIVERY) });
    service.signal('SIGTERM');
    await until('the process ends', () => service.ended !== null);
    const told = service.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLine);
    expect(told.map(({ msg }) => msg.replace(/[\da-f]{12}| http\S+/, ''))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Revision/),
        'enricher listens on',
        'acted: 1 action(s), 0 left out, look-up found',
        'SIGTERM: answering the deliveries in flight, then stopping',
      ]),
    );
    workspace.remove();
  });

  test.each([
    ['warn', 0],
    ['silent', 0],
    ['info', 1],
  ])('at level %s a delivery has %i lines', async (level, count) => {
    const workspace = makeWorkspace({ rules: RULES, customers: CUSTOMERS, env: { LOG_LEVEL: level } });
    await using service = await ServiceProcess.start(workspace.env, workspace.folder);
    await send(`${service.url}/webhooks/emailgistics`, { headers: DELIVERY_HEADERS, body: JSON.stringify(DELIVERY) });
    service.signal('SIGTERM');
    await until('the process ends', () => service.ended !== null);
    expect(service.output.match(/"context":"Webhook"/g) ?? []).toHaveLength(count);
    workspace.remove();
  });

  test('warns at the start of variables that are nearly ours, without what is in them', async () => {
    const env = { RULE_DIR: '/a/value/of/this/test', PORTS: '1', ENRICHER_PORT: 'tcp://10.0.0.1:3000' };
    const workspace = makeWorkspace({ rules: RULES, customers: CUSTOMERS, env });
    await using service = await ServiceProcess.start(workspace.env, workspace.folder);
    const told = service.output.split('\n').filter((line) => line.includes('"context":"Environment"'));
    expect(told.map((line) => JSON.parse(line) as LogLine)).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'RULE_DIR is no variable of the service, did you mean "RULES_DIR"?',
      }),
    ]);
    expect(service.output).not.toContain('a/value');
    workspace.remove();
  });

  test('lines for people have no address either', async () => {
    const workspace = makeWorkspace({ rules: RULES, customers: CUSTOMERS, env: { LOG_PRETTY: 'true' } });
    await using service = await ServiceProcess.start(workspace.env, workspace.folder);
    await send(`${service.url}/webhooks/emailgistics`, { headers: DELIVERY_HEADERS, body: JSON.stringify(DELIVERY) });
    await until('the delivery is told', () => service.output.includes('look-up found'));
    expect(service.output).toMatch(/INFO.*\[Webhook\] acted: 1 action\(s\), 0 left out, look-up found/);
    workspace.remove();
  });
});
