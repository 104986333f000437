import { CONTRACT_CUSTOMERS } from '../contract/crm-provider.contract.js';
import { type Preset, PRESETS, VENDORS } from '../support/vendors/presets.js';
import { contractData } from '../support/vendors/vendor-data.js';
import { ok, type Vendor, VendorServer } from '../support/vendors/vendor-server.js';
import { breakDns, FAULTS, HTTP_FAULTS } from './faults.js';
import type { Kind, Mend, Rig } from './rig.js';

const TOKEN = 'rest-crm-token';

/** A plain REST CRM. */
const rest: Vendor = {
  badRequest: (reason) => ({ status: 400, body: { reason } }),
  answer(request) {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: {} };
    const [email, domain] = [request.query.get('email'), request.query.get('domain')];
    const people = CONTRACT_CUSTOMERS.filter(
      (person) => person.email.toLowerCase() === email || person.domain === domain,
    );
    return ok({ people });
  },
};

/** By name, so that DNS can fail. */
const HOST = 'localhost';

const generic: Kind = {
  name: 'http',
  suffers: FAULTS,
  async start() {
    const server = await VendorServer.start(rest, HOST);
    const request = (query: object) => ({ path: '/people', query, items: 'people' });
    return rigOver(server, '/people', {
      type: 'http',
      baseUrl: server.url,
      auth: { type: 'bearer', token: TOKEN },
      byEmail: request({ email: '{{email}}' }),
      byDomain: request({ domain: '{{domain}}' }),
      fields: { claimNumber: 'claim_no' },
    });
  },
};

function presetKind(name: string, preset: Preset): Kind {
  return {
    name,
    suffers: FAULTS,
    async start() {
      const server = await VendorServer.start(preset.vendor(contractData()), HOST);
      const written = JSON.stringify({ type: preset.type, ...preset.parameters(server.url) });
      const provider = JSON.parse(written, (_, value: unknown) =>
        typeof value === 'string'
          ? value.replace(/^\$\{env:(\w+)\}$/, (_reference, key: string) => preset.env[key]!)
          : value,
      ) as object;
      return rigOver(server, preset.api, { ...provider, fields: { claimNumber: preset.claim } });
    },
  };
}

function rigOver(server: VendorServer, api: string, provider: Rig['provider']): Rig {
  const breakBy = (name: (typeof FAULTS)[number]) => (): Mend => {
    const step = HTTP_FAULTS[name];
    if (step !== null) {
      server.interrupt(step, api, Infinity);
      return () => server.mend();
    }
    server.disconnect();
    return breakDns();
  };
  return {
    provider,
    faults: Object.fromEntries(FAULTS.map((name) => [name, breakBy(name)])),
    calls: () => server.seen.filter(({ url }) => url.includes(api)).length,
    close: () => server[Symbol.asyncDispose](),
  };
}

export const HTTP_KINDS: readonly Kind[] = [generic, ...VENDORS.map((name) => presetKind(name, PRESETS[name]))];
