import { afterEach, expect } from '@jest/globals';
import type { CrmProvider } from '../../../src/crm/crm.provider.js';
import { makePreset, type Preset } from './presets.js';
import { contractData } from './vendor-data.js';
import { VendorServer } from './vendor-server.js';

const servers: VendorServer[] = [];
const providers: CrmProvider[] = [];

/** Whatever a test does, the vendor never gets a request that its reference does not have. */
export function refuseUnknownRequests(): void {
  afterEach(async () => {
    await Promise.all(providers.splice(0).map((provider) => provider.close()));
    const done = servers.splice(0);
    await Promise.all(done.map((server) => server[Symbol.asyncDispose]()));
    expect(done.flatMap(({ refusals }) => refusals)).toEqual([]);
  });
}

/** The vendor of a preset with the customers of the contract. It and the providers end with the test. */
export async function startVendor({ vendor }: Preset, pageSize?: number): Promise<VendorServer> {
  const server = await VendorServer.start(vendor(contractData(), pageSize));
  servers.push(server);
  return server;
}

export async function provide(
  preset: Preset,
  server: VendorServer,
  fields: Readonly<Record<string, string>> = { name: preset.name, claimNumber: preset.companyClaim },
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<CrmProvider> {
  const provider = await makePreset(preset, server.url, fields, more);
  providers.push(provider);
  return provider;
}
