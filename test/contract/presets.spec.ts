import { describe, expect, test } from '@jest/globals';
import type { CrmProvider } from '../../src/crm/crm.provider.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { answer } from '../support/scripted-server.js';
import { makePreset, type Preset, PRESETS, VENDORS } from '../support/vendors/presets.js';
import { provide, refuseUnknownRequests, startVendor } from '../support/vendors/start-preset.js';
import type { VendorServer } from '../support/vendors/vendor-server.js';
import { describeCrmProvider } from './crm-provider.contract.js';

refuseUnknownRequests();

const signal = () => AbortSignal.timeout(20_000);
const byEmail = (provider: CrmProvider, address: string) => provider.findByEmail(parseEmailAddress(address)!, signal());
const found = (record: object) => ({ kind: 'found', record });

describe.each(VENDORS)('the preset of %s', (name) => {
  const preset: Preset = PRESETS[name];
  const fields = { name: preset.name, claimNumber: preset.companyClaim };
  const { hasUniqueAddresses = false } = preset;
  describeCrmProvider(name, async () => makePreset(preset, (await startVendor(preset)).url, fields), {
    hasUniqueAddresses,
  });
});

test.each(['salesforceByJwt', 'pipedriveByOAuth', 'zendeskByClientCredentials'] as const)(
  '%s finds with the other credential',
  async (name) => {
    const provider = await provide(PRESETS[name], await startVendor(PRESETS[name]));
    await provider.check(signal());
    expect(await byEmail(provider, 'kim@fabrikam.example')).toEqual(found({ name: 'Kim Ito', claimNumber: 'CLM-3' }));
    expect(await provider.findByDomain!('northwind.example', signal())).toMatchObject(found({ claimNumber: 'CLM-1' }));
  },
);

describe.each(VENDORS)('%s', (name) => {
  const preset: Preset = PRESETS[name];

  test('finds nobody by a domain or address that is nearly the same', async () => {
    const provider = await provide(preset, await startVendor(preset));
    expect(await provider.findByDomain!('acme.example', signal())).toEqual({ kind: 'not_found' });
    expect(await byEmail(provider, 'reyes@northwind.example')).toEqual({ kind: 'not_found' });
    expect(await byEmail(provider, 'dana.reyes@northwind.exampl')).toEqual({ kind: 'not_found' });
  });

  test('gives what the contact has by itself when the contact has no company', async () => {
    const provider = await provide(preset, await startVendor(preset));
    expect(await byEmail(provider, 'xdana.reyes@northwind.example')).toEqual(found({ name: 'Stranger' }));
  });

  test("gives the contact's fields beside the company's", async () => {
    const fields = { own: preset.claim, theirs: preset.companyClaim };
    const provider = await provide(preset, await startVendor(preset), fields);
    expect(await byEmail(provider, 'kim@fabrikam.example')).toEqual(found({ own: 'CLM-3', theirs: 'CLM-3' }));
  });

  test('says a wrong secret in words that hold neither it nor an address', async () => {
    const env = Object.fromEntries(Object.keys(preset.env).map((key) => [key, 'wrong-secret']));
    const provider = await provide({ ...preset, env }, await startVendor(preset));
    const refusal = await byEmail(provider, 'dana.reyes@northwind.example').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'CRM_MISCONFIGURED' });
    expect((refusal as Error).message).not.toMatch(/wrong-secret|dana/);
    await expect(provider.check(signal())).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
  });

  test('gives up at once when its signal aborts', async () => {
    const server = await startVendor(preset);
    server.interrupt(() => undefined, preset.api);
    const provider = await provide(preset, server);
    const cut = new AbortController();
    const answered = provider.findByEmail(parseEmailAddress('kim@fabrikam.example')!, cut.signal);
    cut.abort(new Error('too late'));
    await expect(answered).rejects.toThrow();
  });
});

test.each([
  ['hubspot', true],
  ['dynamics', true],
  ['zoho', true],
  ['pipedrive', true],
  // Salesforce has one address a contact; Zendesk does not show a user's other ones, so that a match by one cannot be proved.
  ['salesforce', false],
  ['zendesk', false],
] as const)('%s finds by a second address of a contact: %s', async (name, isFound) => {
  const provider = await provide(PRESETS[name], await startVendor(PRESETS[name]));
  expect((await byEmail(provider, 'dana@home.example')).kind).toBe(isFound ? 'found' : 'not_found');
});

test.each([
  ['hubspot', 1, 2, 1],
  ['salesforce', 1, 1, 1],
  ['dynamics', 1, 1, 1],
  ['zoho', 1, 2, 1],
  ['pipedrive', 2, 3, 2],
  ['zendesk', 1, 2, 1],
] as const)(
  '%s is called %i time(s) for a contact, %i with the company, and %i for a domain',
  async (name, ofContact, withCompany, ofDomain) => {
    const preset: Preset = PRESETS[name];
    const calls = async (ask: (provider: CrmProvider) => Promise<unknown>, fields: Record<string, string>) => {
      const server = await startVendor(preset);
      await ask(await provide(preset, server, fields));
      return server.seen.filter(({ url }) => url.includes(preset.api)).length;
    };
    const dana = (provider: CrmProvider) => byEmail(provider, 'dana.reyes@northwind.example');
    expect(await calls(dana, { name: preset.name })).toBe(ofContact);
    expect(await calls(dana, { name: preset.name, claimNumber: preset.companyClaim })).toBe(withCompany);
    const northwind = (provider: CrmProvider) => provider.findByDomain!('northwind.example', signal());
    expect(await calls(northwind, { claimNumber: preset.companyClaim })).toBe(ofDomain);
  },
);

describe.each(['salesforce', 'salesforceByJwt', 'dynamics', 'zoho', 'zendeskByClientCredentials'] as const)(
  'the token of %s',
  (name) => {
    const preset: Preset = PRESETS[name];
    const unauthorised = answer(401, { error: 'expired' });
    const tokensOf = ({ seen }: VendorServer) => seen.filter(({ url }) => url.includes(preset.tokens!)).length;

    test('is got once, however many look-ups wait for it', async () => {
      const server = await startVendor(preset);
      const provider = await provide(preset, server);
      await Promise.all(Array.from({ length: 50 }, () => byEmail(provider, 'kim@fabrikam.example')));
      expect(tokensOf(server)).toBe(1);
    });

    test('is got again once when it has expired', async () => {
      const server = await startVendor(preset);
      const provider = await provide(preset, server);
      await byEmail(provider, 'kim@fabrikam.example');
      server.interrupt(unauthorised, preset.api);
      expect(await byEmail(provider, 'kim@fabrikam.example')).toMatchObject(found({ name: 'Kim Ito' }));
      expect(tokensOf(server)).toBe(2);
    });

    test('that is refused twice is misconfigured', async () => {
      const server = await startVendor(preset);
      server.interrupt(unauthorised, preset.api, 2);
      const provider = await provide(preset, server);
      await expect(byEmail(provider, 'kim@fabrikam.example')).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
      expect(tokensOf(server)).toBe(2);
    });
  },
);

test('Dynamics gives the label of a choice where it is asked for', async () => {
  const preset = PRESETS.dynamics;
  const provider = await provide(preset, await startVendor(preset), {
    code: 'new_status',
    status: 'new_status:label',
  });
  expect(await byEmail(provider, 'kim@fabrikam.example')).toEqual(found({ code: 1, status: 'Active' }));
});

test.each([
  ['pipedrive', 'domainField'],
  ['zendesk', 'searchDomains'],
] as const)('%s cannot tell by domain without "%s"', async (name, parameter) => {
  const provider = await provide(PRESETS[name], await startVendor(PRESETS[name]), undefined, {
    [parameter]: undefined,
  });
  expect(provider.findByDomain).toBeUndefined();
});
