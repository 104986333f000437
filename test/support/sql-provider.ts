import { afterEach } from '@jest/globals';
import type { CrmProvider, CustomerPage } from '../../src/crm/crm.provider.js';
import type { FieldMap } from '../../src/crm/field-map.js';
import { DEFAULT_PROTECTION } from '../../src/crm/protection-options.js';
import { readSqlProvider } from '../../src/crm/providers/sql/sql-config.js';
import { JsonDocument } from '../../src/files/json-document.js';
import { ObjectReader } from '../../src/files/object-reader.js';
import { CONTRACT_FIELDS } from '../contract/crm-provider.contract.js';

export interface SqlSetup {
  readonly url: string;
  readonly byEmail: string;
  readonly byDomain?: string;
  readonly changed?: string;
  readonly match?: Readonly<Record<string, string>>;
}

const made: CrmProvider[] = [];
afterEach(() => Promise.all(made.splice(0).map((provider) => provider.close())));

/** A provider as it comes of the configuration, closed after the test. */
export function sqlProvider(setup: SqlSetup, fields: FieldMap = CONTRACT_FIELDS, maxConcurrent = 10): CrmProvider {
  const document = new JsonDocument('crm.json', Buffer.from(JSON.stringify(setup)));
  const reader = ObjectReader.of(document, document.root!, 'a provider')!;
  const create = readSqlProvider(
    {
      name: 'crm',
      type: 'sql',
      fields,
      protection: { ...DEFAULT_PROTECTION, maxConcurrent },
      folder: '/',
      commonKeys: [],
      resolve: (written) => ({ ok: true, text: written }),
      text: (from, key) => from.string(key),
      include: () => undefined,
    },
    reader,
  );
  if (create === undefined || document.faults.length > 0) throw new Error(JSON.stringify(document.faults));
  const provider = create();
  made.push(provider);
  return provider;
}

/** All pages of what changed. */
export async function pagesOf(pages: AsyncIterable<CustomerPage>): Promise<CustomerPage[]> {
  const read: CustomerPage[] = [];
  for await (const page of pages) read.push(page);
  return read;
}
