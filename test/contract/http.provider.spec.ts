import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { readCrmConfig } from '../../src/crm/crm-config.js';
import { formatFault } from '../../src/files/fault.js';
import { RestCrm } from '../support/rest-crm.js';
import { tempFolder } from '../support/temp-folder.js';
import { CONTRACT_FIELDS, describeCrmProvider } from './crm-provider.contract.js';

const servers: RestCrm[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]())));

describeCrmProvider('http', async () => {
  const crm = await RestCrm.start();
  servers.push(crm);
  const provider = {
    type: 'http',
    baseUrl: crm.url,
    auth: { type: 'bearer', token: '${env:CRM_TOKEN}' },
    byEmail: {
      path: '/people',
      query: { email: '{{email}}', limit: 2 },
      items: 'data.people',
      where: { equals: ['email'] },
    },
    byDomain: { path: '/people', query: { domain: '{{domain}}' }, items: 'data.people', where: { equals: 'domain' } },
    check: { path: '/me' },
    fields: CONTRACT_FIELDS,
  };
  const file = join(tempFolder({ 'crm.json': JSON.stringify({ providers: [provider] }) }), 'crm.json');
  const read = await readCrmConfig(file, { CRM_TOKEN: crm.token });
  if (!read.ok) throw new Error(read.faults.map(formatFault).join('\n'));
  return read.config.providers[0]!.create();
});
