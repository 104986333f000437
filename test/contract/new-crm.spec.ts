import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readCrmConfig } from '../../src/crm/crm-config.js';
import type { CustomerPage } from '../../src/crm/crm.provider.js';
import { formatFault } from '../../src/files/fault.js';
import { AUTH_KEYS } from '../../src/crm/providers/http/auth/read-auth.js';
import { LANGUAGES } from '../../src/crm/providers/http/languages.js';
import { CONNECTOR_FILE_KEYS } from '../../src/crm/providers/http/read-connector.js';
import { MATCHER_KEYS, RATE_LIMIT_KEYS } from '../../src/crm/providers/http/read-matchers.js';
import { NEXT_KEYS } from '../../src/crm/providers/http/read-next.js';
import { PARAMETER_KEYS } from '../../src/crm/providers/http/read-parameters.js';
import { FOLLOW_UP_KEYS, LOOKUP_KEYS, PAGED_KEYS, PLACEHOLDERS } from '../../src/crm/providers/http/read-request.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { Harborline } from '../support/harborline.js';
import { httpProvider, soon } from '../support/http-provider.js';
import { tempFolder } from '../support/temp-folder.js';
import { CONTRACT_FIELDS, describeCrmProvider } from './crm-provider.contract.js';

const page = readFileSync(new URL('../../docs/connectors.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text!);
const connector = examples.find((example) => 'byEmail' in (JSON.parse(example) as object))!;
const configurations = examples.filter((example) => example !== connector);

const servers: Harborline[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]())));

/** What the page says to write, with the address of a Harborline that runs here. */
async function connect(fields: Readonly<Record<string, string>>, key?: string) {
  const crm = await Harborline.start();
  servers.push(crm);
  const { providers } = JSON.parse(configurations[0]!) as { providers: [Record<string, unknown>] };
  const entry = { ...providers[0], url: crm.url, fields };
  const files = { 'harborline.json': connector };
  return { crm, provider: await httpProvider(entry, { files, env: { HARBORLINE_KEY: key ?? crm.key } }) };
}

const TIERED = { ...CONTRACT_FIELDS, tier: 'company.tier' };

describe('a CRM that is none of the six', () => {
  // By domain there are fields of the company only; the contract asks for the same fields both ways.
  describeCrmProvider('http (Harborline)', async () => {
    const { provider } = await connect({ name: 'company.full_name', claimNumber: 'company.claim_no' });
    const own = await connect(CONTRACT_FIELDS);
    const close = own.provider.close.bind(own.provider);
    return Object.assign(own.provider, {
      findByDomain: provider.findByDomain!.bind(provider),
      close: async () => {
        await Promise.all([close(), provider.close()]);
      },
    });
  });

  test('is connected by a file of under 40 lines', () => {
    expect(connector.trimEnd().split('\n').length).toBeLessThan(40);
  });

  test.each([
    ['dana.reyes@northwind.example', { name: 'Dana Reyes', claimNumber: 'CLM-1', tier: 'gold' }, 2],
    ['dana@home.example', { name: 'Dana Reyes', claimNumber: 'CLM-1', tier: 'gold' }, 2],
  ])('finds %s with its company, in %j', async (address, record, requests) => {
    const { crm, provider } = await connect(TIERED);
    expect(await provider.findByEmail(parseEmailAddress(address)!, soon())).toEqual({ kind: 'found', record });
    expect(crm.seen).toHaveLength(requests);
  });

  test('believes no domain that is only nearly the one asked for', async () => {
    const { crm, provider } = await connect(TIERED);
    expect(await provider.findByDomain!('wind.example', soon())).toEqual({ kind: 'not_found' });
    expect(crm.seen).toEqual(['/api/v1/accounts?website=wind.example']);
  });

  test('lists who changed, page by page', async () => {
    const { crm, provider } = await connect(CONTRACT_FIELDS);
    const pages: CustomerPage[] = [];
    for await (const each of provider.changedSince!(new Date('2026-11-24T08:30:00Z'), null, soon())) pages.push(each);
    expect(pages.map(({ customers }) => customers.flatMap(({ emails }) => emails))).toEqual([
      ['dana.reyes@northwind.example', 'dana@home.example', 'lee@fabrikam.example'],
      ['kim@fabrikam.example', 'double@gmail.com'],
      ['double@gmail.com'],
    ]);
    expect(crm.seen[1]).toBe('/api/v1/contacts?updated_after=2026-11-24T08%3A30%3A00Z&cursor=2');
  });

  test('says that its key is wrong', async () => {
    const { provider } = await connect(TIERED, 'wrong-key');
    await expect(provider.check(soon())).rejects.toMatchObject({
      code: 'CRM_MISCONFIGURED',
      message: expect.stringMatching(/^check: 127\.0\.0\.1:\d+ answered 401 \(BAD_KEY\): the secret is not accepted/),
    });
  });
});

describe('docs/connectors.md', () => {
  const env = { HARBORLINE_KEY: 'key', INTRANET_TOKEN: 'token' };
  const faultsOf = async (config: string, file: string) => {
    const folder = tempFolder({ 'crm.json': config, 'harborline.json': file });
    const read = await readCrmConfig(`${folder}/crm.json`, env);
    return (read.ok ? read.warnings : read.faults).map((fault) => formatFault(fault).replace(`${folder}/`, 'config/'));
  };

  test.each(configurations)('example %# is a configuration without a fault', async (config) => {
    expect(await faultsOf(config, connector)).toEqual([]);
  });

  test('shows the fault that its slip gives', async () => {
    const faults = await faultsOf(configurations[0]!, connector.replace('{{email}}', '{{emial}}'));
    expect(faults).toHaveLength(1);
    expect(page).toContain(`\n${faults[0]}\n`);
  });

  test('explains every key, authorisation, language and placeholder', () => {
    const auth = Object.entries(AUTH_KEYS).flatMap(([type, { required, optional }]) => [
      type,
      ...required,
      ...optional,
    ]);
    const words = [
      ...[
        CONNECTOR_FILE_KEYS,
        LOOKUP_KEYS,
        FOLLOW_UP_KEYS,
        PAGED_KEYS,
        MATCHER_KEYS,
        RATE_LIMIT_KEYS,
        PARAMETER_KEYS,
      ].flat(),
      ...auth,
      ...Object.keys(LANGUAGES),
      ...Object.values(PLACEHOLDERS)
        .flat()
        .map((name) => `{{${name}}}`),
    ];
    expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
    expect(Object.keys(NEXT_KEYS).filter((kind) => !page.includes(`{ "${kind}": `))).toEqual([]);
  });
});
