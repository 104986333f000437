import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ADMIN_TOKEN, AdminClient } from '../support/admin-client.js';
import { DANA, gold, RULES } from '../support/gold-rules.js';
import { answer, ScriptedServer } from '../support/scripted-server.js';
import { RunningApp, writeRules } from '../support/start-app.js';
import { until } from '../support/until.js';

let app: RunningApp;
let admin: AdminClient;
const start = async (more: Partial<Parameters<typeof RunningApp.start>[0]> = {}) => {
  app = await RunningApp.start({
    rules: RULES,
    customers: [{ email: DANA, tier: 'gold' }],
    ...more,
    env: { ADMIN_TOKEN, ...more.env },
  });
  admin = await AdminClient.of(app);
};
afterEach(() => app.close());

describe('rules', () => {
  beforeEach(() => start());

  test('are shown as they run, in order', async () => {
    const { body } = await admin.get('rules');
    const file = join(app.workspace.rulesDir, 'rules.json');
    expect(body).toMatchObject({ state: 'current', lastRejected: null, files: [file], lists: ['partners'] });
    expect(body.revision).toBe((await app.readiness()).rules.revision);
    expect(body.rules.map(({ name }: { name: string }) => name)).toEqual(['vip', 'vip-again', 'twice', 'late']);
    expect(body.rules[0]).toMatchObject({
      mailboxes: ['claims@insurer.example', '*@branch.example'],
      location: { file },
      actions: ['tag'],
    });
    expect(body.rules[1]).toMatchObject({
      mode: 'shadow',
      description: 'Only looked at',
      validFrom: '2026-01-01T00:00:00.000Z',
    });
  });

  test('are loaded at once when asked to, and again is the same', async () => {
    writeRules(app.workspace.rulesDir, { 'more.json': { rules: [gold('more', 'More')] } });
    const first = await admin.post('rules/reload?wait');
    expect(first.body).toMatchObject({ status: 'loaded', rules: 5, warnings: [] });
    expect((await admin.get('rules')).body.revision).toBe(first.body.revision);
    expect((await admin.post('rules/reload?wait=true')).body).toMatchObject({
      status: 'same',
      revision: first.body.revision,
    });
  });

  test('with faults are refused with all of them, and the old ones go on until they are mended', async () => {
    const { revision } = (await admin.get('rules')).body;
    const broken = {
      rules: [{ ...gold('x', 'X'), conditions: { all: [{ fact: 'custmer.tier', operator: 'is', value: 1 }] } }],
    };
    writeRules(app.workspace.rulesDir, { 'more.json': broken, 'open.json': '{ "rules": [' });
    const { status, body } = await admin.post('rules/reload?wait');
    expect([status, body.detail]).toEqual([422, expect.stringContaining(`revision ${revision} stays`)]);
    expect(body.violations.length).toBeGreaterThanOrEqual(3);
    expect(body.violations).toContainEqual({
      severity: 'error',
      file: join(app.workspace.rulesDir, 'more.json'),
      line: expect.any(Number),
      column: expect.any(Number),
      message: 'unknown fact "custmer.tier", did you mean "customer.tier"?',
    });
    expect((await admin.get('rules')).body).toMatchObject({
      revision,
      state: 'last_good',
      lastRejected: { faults: body.violations },
    });
    writeRules(app.workspace.rulesDir, { 'more.json': { rules: [] }, 'open.json': { rules: [] } });
    expect((await admin.post('rules/reload?wait')).status).toBe(200);
    expect((await admin.get('rules')).body).toMatchObject({ state: 'current', lastRejected: null });
  });

  test('with a red test are refused', async () => {
    const tests = { tests: [{ name: 'wrong', customer: { tier: 'gold' }, expect: { rules: [] } }] };
    writeRules(app.workspace.rulesDir, { 'rules.test.json': tests });
    const { status, body } = await admin.post('rules/reload?wait');
    expect([status, body.violations]).toMatchObject([422, [{ file: expect.stringContaining('rules.test.json') }]]);
  });

  test('are loaded without waiting, when nobody waits', async () => {
    const { revision } = (await admin.get('rules')).body;
    writeRules(app.workspace.rulesDir, { 'more.json': { rules: [gold('more', 'More')] } });
    for (const path of ['rules/reload', 'rules/reload?wait=false'])
      expect(await admin.post(path)).toMatchObject({ status: 202, body: { status: 'started' } });
    await until('the new rules run', async () => (await admin.get('rules')).body.revision !== revision);
  });

  test('asked for many times at once are all answered', async () => {
    writeRules(app.workspace.rulesDir, { 'more.json': { rules: [gold('more', 'More')] } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => admin.post('rules/reload?wait')));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.revision}`)).size).toBe(1);
    expect(answers.filter(({ body }) => body.status === 'loaded').length).toBeLessThanOrEqual(1);
  });
});

describe('the CRM', () => {
  const crmAt = (url: string) => ({
    providers: [
      {
        name: 'rest',
        type: 'http',
        baseUrl: url,
        byEmail: { path: '/people', query: { email: '{{email}}' }, items: 'people' },
        check: { path: '/me' },
        fields: { tier: 'tier' },
      },
    ],
  });
  const callsTo = ({ seen }: ScriptedServer) => seen.filter(({ path }) => path.startsWith('/people')).length;

  test('is asked for an address, and what is cached or known is told', async () => {
    await using server = await ScriptedServer.start(answer(200, { people: [{ tier: 'gold' }] }));
    await start({ crm: crmAt(server.url) });
    const { body } = await admin.post('crm/lookup', { address: ' Dana@Northwind.Example ' });
    expect(body).toMatchObject({
      address: DANA,
      customer: { tier: 'gold' },
      lookup: { state: 'found' },
      from: 'provider',
    });
    await until(
      'it is known',
      async () => (await admin.post('crm/lookup', { address: DANA })).body.lastKnown.length > 0,
    );
    const { lastKnown } = (await admin.post('crm/lookup', { address: DANA })).body;
    expect(lastKnown).toEqual([{ provider: 'rest', by: 'email', key: DANA, ageSeconds: expect.any(Number) }]);
    expect(callsTo(server)).toBe(1);
  });

  test('is asked anew of whom it was forgotten', async () => {
    await using server = await ScriptedServer.start(answer(200, { people: [{ tier: 'gold' }] }));
    await start({ crm: crmAt(server.url) });
    const look = async () => (await admin.post('crm/lookup', { address: DANA })).body;
    await look();
    await until('it is known', async () => (await look()).lastKnown.length > 0);
    const { body } = await admin.post('crm/invalidate', { address: 'dana+news@northwind.example', provider: 'rest' });
    expect(body).toEqual({ providers: ['rest'], keys: 2 });
    expect([callsTo(server), (await look()).from, callsTo(server)]).toEqual([1, 'provider', 2]);
    expect((await admin.post('crm/invalidate', { domain: 'Northwind.Example' })).body).toEqual({
      providers: ['rest'],
      keys: 1,
    });
  });

  test('that does not answer is told, not an error', async () => {
    await using server = await ScriptedServer.start(answer(503));
    await start({ crm: crmAt(server.url) });
    const { status, body } = await admin.post('crm/lookup', { address: 'kim@fabrikam.example' });
    expect([status, body]).toMatchObject([200, { customer: null, from: null, lookup: { state: 'unavailable' } }]);
  });

  test('may know nobody', async () => {
    await start();
    const { body } = await admin.post('crm/lookup', { address: 'stranger@fabrikam.example' });
    expect(body).toMatchObject({ customer: null, from: null, lookup: { state: 'not_found' }, lastKnown: [] });
  });
});
