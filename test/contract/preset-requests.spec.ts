import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { CrmProvider } from '../../src/crm/crm.provider.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { type Preset, PRESETS, VENDORS } from '../support/vendors/presets.js';
import { provide, refuseUnknownRequests, startVendor } from '../support/vendors/start-preset.js';

/** What goes over the wire: `METHOD /path?query`, and behind it the body where there is one. */
type Requests = Readonly<Record<(typeof VENDORS)[number], Readonly<Record<string, readonly string[]>>>>;

const REQUESTS = JSON.parse(
  readFileSync(new URL('../cases/preset-requests.json', import.meta.url), 'utf8'),
) as Requests;

refuseUnknownRequests();

const signal = () => AbortSignal.timeout(20_000);
/** With everything that a URL, a query or a quote might trip over. */
const ODD = "o'hara+x%_\\&?#/ü@northwind.example";

const OPERATIONS: Readonly<Record<string, (provider: CrmProvider) => Promise<unknown>>> = {
  'by address': (provider) => provider.findByEmail(parseEmailAddress('kim@fabrikam.example')!, signal()),
  'by an odd address': (provider) =>
    provider.findByEmail({ address: ODD, local: ODD.split('@')[0]!, domain: 'northwind.example' }, signal()),
  'by domain': (provider) => provider.findByDomain!('northwind.example', signal()),
  'changed since': async (provider) => {
    for await (const { next } of provider.changedSince!(new Date('2026-01-04T05:06:07.890Z'), null, signal()))
      void next;
  },
  check: (provider) => provider.check(signal()),
};

describe.each(VENDORS)('%s is asked, byte for byte,', (name) => {
  const preset: Preset = PRESETS[name];

  test.each(Object.keys(OPERATIONS))('%s', async (operation) => {
    const server = await startVendor(preset, operation === 'changed since' ? 3 : undefined);
    const contact = { name: preset.name, own: preset.claim };
    // Lists that do not hold the company are only there for fields of the contact.
    const fields = operation === 'changed since' ? contact : { ...contact, claimNumber: preset.companyClaim };
    await OPERATIONS[operation]!(await provide(preset, server, fields));
    const seen = server.seen.map(({ method, url, body }) =>
      `${method} ${url} ${body}`.trimEnd().replaceAll(encodeURIComponent(server.url), '{url}'),
    );
    expect(seen).toEqual(REQUESTS[name][operation]);
  });
});
