import { formatFault } from '../../../src/files/fault.js';
import { readCrmConfig } from '../../../src/crm/crm-config.js';
import type { CrmProvider } from '../../../src/crm/crm.provider.js';
import { tempFolder } from '../temp-folder.js';
import { dynamics, DYNAMICS_CLIENT } from './dynamics.js';
import { hubspot, HUBSPOT_TOKEN } from './hubspot.js';
import { CLAIM_KEY, DOMAIN_KEY, pipedrive, PIPEDRIVE_ACCESS_TOKEN, PIPEDRIVE_TOKEN } from './pipedrive.js';
import { salesforce, SALESFORCE_CLIENT, SALESFORCE_KEYS, SALESFORCE_USER } from './salesforce.js';
import type { VendorData } from './vendor-data.js';
import type { Vendor } from './vendor-server.js';
import { zendesk, ZENDESK_CLIENT, ZENDESK_TOKEN } from './zendesk.js';
import { zoho, ZOHO_CLIENT } from './zoho.js';

/** A preset with the vendor that it is for, and all that a user writes. */
export interface Preset {
  readonly type: string;
  readonly vendor: (data: VendorData, pageSize?: number) => Vendor;
  /** The keys of the provider beside "type" and "fields". */
  readonly parameters: (url: string) => Readonly<Record<string, string>>;
  /** What the references `${env:…}` in them stand for. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the vendor has a contact's name and claim number, and the company's. */
  readonly name: string;
  readonly claim: string;
  readonly companyClaim: string;
  /** In every URL of the API, and in none of the token service. */
  readonly api: string;
  /** In the URL of the token service; null when there is none. */
  readonly tokens: string | null;
  readonly hasUniqueAddresses?: boolean;
}

export const PRESETS = {
  hubspot: {
    type: 'hubspot',
    vendor: hubspot,
    parameters: (url) => ({ token: '${env:TOKEN}', url }),
    env: { TOKEN: HUBSPOT_TOKEN },
    name: 'full_name',
    claim: 'claim_no',
    companyClaim: 'company.claim_no',
    api: '/crm/',
    tokens: null,
    hasUniqueAddresses: true,
  },
  salesforce: {
    type: 'salesforce',
    vendor: salesforce,
    parameters: (url) => ({ url, clientId: SALESFORCE_CLIENT.clientId, clientSecret: '${env:SECRET}' }),
    env: { SECRET: SALESFORCE_CLIENT.clientSecret },
    name: 'Name',
    claim: 'Claim_No__c',
    companyClaim: 'company.Claim_No__c',
    api: '/services/data/',
    tokens: '/oauth2/token',
  },
  salesforceByJwt: {
    type: 'salesforce',
    vendor: salesforce,
    parameters: (url) => ({
      url,
      clientId: SALESFORCE_CLIENT.clientId,
      username: SALESFORCE_USER,
      privateKey: '${env:KEY}',
    }),
    env: { KEY: SALESFORCE_KEYS.privateKey },
    name: 'Name',
    claim: 'Claim_No__c',
    companyClaim: 'company.Claim_No__c',
    api: '/services/data/',
    tokens: '/oauth2/token',
  },
  dynamics: {
    type: 'dynamics',
    vendor: dynamics,
    parameters: (url) => ({
      url,
      loginUrl: url,
      tenantId: DYNAMICS_CLIENT.tenantId,
      clientId: DYNAMICS_CLIENT.clientId,
      clientSecret: '${env:SECRET}',
    }),
    env: { SECRET: DYNAMICS_CLIENT.clientSecret },
    name: 'fullname',
    claim: 'new_claimno',
    companyClaim: 'company.new_claimno',
    api: '/api/data/',
    tokens: '/oauth2/v2.0/token',
  },
  zoho: {
    type: 'zoho',
    vendor: zoho,
    parameters: (url) => ({
      accountsUrl: url,
      clientId: ZOHO_CLIENT.clientId,
      clientSecret: '${env:SECRET}',
      refreshToken: '${env:REFRESH}',
    }),
    env: { SECRET: ZOHO_CLIENT.clientSecret, REFRESH: ZOHO_CLIENT.refreshToken },
    name: 'Full_Name',
    claim: 'Claim_No',
    companyClaim: 'company.Claim_No',
    api: '/crm/',
    tokens: '/oauth/v2/token',
  },
  pipedrive: {
    type: 'pipedrive',
    vendor: pipedrive,
    parameters: (url) => ({ apiToken: '${env:TOKEN}', domainField: DOMAIN_KEY, url }),
    env: { TOKEN: PIPEDRIVE_TOKEN },
    name: 'name',
    claim: `custom_fields.${CLAIM_KEY}`,
    companyClaim: `company.custom_fields.${CLAIM_KEY}`,
    api: '/api/v2/',
    tokens: null,
  },
  pipedriveByOAuth: {
    type: 'pipedrive',
    vendor: pipedrive,
    parameters: (url) => ({ accessToken: '${env:TOKEN}', domainField: DOMAIN_KEY, url }),
    env: { TOKEN: PIPEDRIVE_ACCESS_TOKEN },
    name: 'name',
    claim: `custom_fields.${CLAIM_KEY}`,
    companyClaim: `company.custom_fields.${CLAIM_KEY}`,
    api: '/api/v2/',
    tokens: null,
  },
  zendesk: {
    type: 'zendesk',
    vendor: zendesk,
    parameters: (url) => ({ token: '${env:TOKEN}', searchDomains: 'yes', url }),
    env: { TOKEN: ZENDESK_TOKEN },
    name: 'name',
    claim: 'user_fields.claim_no',
    companyClaim: 'company.organization_fields.claim_no',
    api: '/api/v2/',
    tokens: null,
  },
  zendeskByClientCredentials: {
    type: 'zendesk',
    vendor: zendesk,
    parameters: (url) => ({
      clientId: ZENDESK_CLIENT.clientId,
      clientSecret: '${env:SECRET}',
      searchDomains: 'yes',
      url,
    }),
    env: { SECRET: ZENDESK_CLIENT.clientSecret },
    name: 'name',
    claim: 'user_fields.claim_no',
    companyClaim: 'company.organization_fields.claim_no',
    api: '/api/v2/',
    tokens: '/oauth/tokens',
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

/** One of each vendor. */
export const VENDORS = [
  'hubspot',
  'salesforce',
  'dynamics',
  'zoho',
  'pipedrive',
  'zendesk',
] as const satisfies PresetName[];

/**
 * The provider of a preset, read from a `crm.json` as a user writes it.
 *
 * @param more further keys, or other values for the parameters; undefined takes one away
 */
export async function makePreset(
  { type, parameters, env }: Preset,
  url: string,
  fields: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<CrmProvider> {
  const provider = { type, ...parameters(url), ...more, fields };
  const folder = tempFolder({ 'crm.json': JSON.stringify({ providers: [provider] }) });
  const read = await readCrmConfig(`${folder}/crm.json`, env);
  if (!read.ok) throw new Error(read.faults.map(formatFault).join('\n'));
  return read.config.providers[0]!.create();
}
