import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readCrmConfig } from '../../src/crm/crm-config.js';
import { PRESETS } from '../../src/crm/providers/http/presets.js';
import { EnricherError } from '../../src/shared/errors.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { httpProvider, soon } from '../support/http-provider.js';
import { answer, ScriptedServer } from '../support/scripted-server.js';
import { tempFolder } from '../support/temp-folder.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const connectors = PRESETS.map(
  (preset) => JSON.parse(readFileSync(`connectors/${preset}.json`, 'utf8')) as { [key: string]: Json },
);

/** A file of ours with something else in one place. */
const bent = fc
  .record({
    connector: fc.constantFrom(...connectors),
    steps: fc.array(fc.nat(), { maxLength: 6 }),
    other: fc.jsonValue(),
  })
  .map(({ connector, steps, other }) => bend(structuredClone(connector), steps, other as Json));

function bend(json: Json, [step, ...steps]: number[], other: Json): Json {
  if (step === undefined || typeof json !== 'object' || json === null || Object.keys(json).length === 0) return other;
  const keys = Object.keys(json);
  const key = keys[step % keys.length]!;
  const parent = json as { [key: string]: Json };
  parent[key] = bend(parent[key]!, steps, other);
  return json;
}

test('whatever stands in a connector, it is read to its end, and faults have a place', async () => {
  await fc.assert(
    fc.asyncProperty(bent, async (connector) => {
      const config = { providers: [{ type: 'http', connector: './c.json', url: 'https://crm.example', token: 'x' }] };
      const folder = tempFolder({ 'crm.json': JSON.stringify(config), 'c.json': JSON.stringify(connector, null, 1) });
      const read = await readCrmConfig(join(folder, 'crm.json'), {});
      const faults = read.ok ? read.warnings : read.faults;
      expect(faults.every(({ line, column, message }) => line >= 1 && column >= 1 && message !== '')).toBe(true);
    }),
    { numRuns: 300 },
  );
});

let server: ScriptedServer;
let content: unknown;

beforeAll(async () => {
  server = await ScriptedServer.start((response) => answer(200, JSON.stringify(content))(response));
});
afterAll(() => server[Symbol.asyncDispose]());

/** Answers that are nearly what is expected, and others. */
const { answers } = fc.letrec<{ answers: unknown; value: unknown }>((tie) => ({
  answers: fc.oneof(
    fc.jsonValue(),
    fc.dictionary(
      fc.constantFrom('data', 'mail', 'site', 'next', 'id', 'firm', 'access_token', '__proto__'),
      tie('value'),
    ),
  ),
  value: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue(),
    tie('answers'),
    fc.array(tie('answers'), { maxLength: 3 }),
    fc.constantFrom('dana@northwind.example', 'https://northwind.example', server?.url ?? '/x'),
  ),
}));

test('whatever an API answers is a match or a failure of a known kind', async () => {
  const request = { items: 'data', where: { equals: ['mail', 'firm.mail', 'site'] }, contact: 'firm', company: 'data' };
  const provider = await httpProvider({
    baseUrl: server.url,
    byEmail: { ...request, path: '/{{email}}', then: { as: 'company', id: 'id', path: '/{{id}}', items: 'firm.data' } },
    byDomain: { ...request, path: '/{{domain}}' },
    changedSince: {
      path: '/all',
      query: { c: '{{cursor}}' },
      items: 'data',
      emails: 'mail',
      domains: 'firm.site',
      company: 'firm',
      next: { cursor: 'next' },
    },
  });
  const list = async () => {
    for await (const { customers } of provider.changedSince!(null, null, soon())) if (customers.length > 99) break;
  };
  const dana = parseEmailAddress('dana@northwind.example')!;
  await fc.assert(
    fc.asyncProperty(answers, async (json) => {
      content = json;
      const calls = [provider.findByEmail(dana, soon()), provider.findByDomain!(dana.domain, soon()), list()];
      for (const { status, reason } of (await Promise.allSettled(calls)).map((call) => ({
        reason: undefined,
        ...call,
      })))
        if (status === 'rejected') expect(reason).toBeInstanceOf(EnricherError);
    }),
    { numRuns: 300 },
  );
  expect(({} as Record<string, unknown>)['mail']).toBeUndefined();
});
