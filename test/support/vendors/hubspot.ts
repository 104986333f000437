import { ok, type Vendor, type VendorAnswer, type VendorRequest } from './vendor-server.js';
import { type Company, type Contact, sameText, type VendorData } from './vendor-data.js';

export const HUBSPOT_TOKEN = 'pat-eu1-1234';
const CONTACT_PROPERTIES = [
  'email',
  'hs_additional_emails',
  'associatedcompanyid',
  'full_name',
  'claim_no',
  'lastmodifieddate',
  'hs_object_id',
];
const COMPANY_PROPERTIES = [
  'domain',
  'hs_additional_domains',
  'name',
  'claim_no',
  'hs_lastmodifieddate',
  'hs_object_id',
];

export const hubspotError = (category: string, message: string, more: object = {}): object => ({
  status: 'error',
  message,
  correlationId: '0a1b2c3d-0000-4000-8000-000000000000',
  category,
  ...more,
});

/** HubSpot CRM, API 2026-03. An address belongs to one contact. */
export function hubspot({ contacts, companies }: VendorData, pageSize = 100): Vendor {
  const badRequest = (reason: string): VendorAnswer => ({
    status: 400,
    body: hubspotError('VALIDATION_ERROR', reason),
  });

  function answer(request: VendorRequest): VendorAnswer {
    if (request.headers.authorization !== `Bearer ${HUBSPOT_TOKEN}`)
      return { status: 401, body: hubspotError('INVALID_AUTHENTICATION', 'Authentication credentials not found.') };
    const headers = { authorization: `Bearer ${HUBSPOT_TOKEN}`, accept: 'application/json' };
    request.expectHeaders(request.method === 'POST' ? { ...headers, 'content-type': 'application/json' } : headers);
    const [id] = request.match('GET /crm/objects/2026-03/contacts/*') ?? [];
    if (id !== undefined) return contactByEmail(request, id);
    const [companyId] = request.match('GET /crm/objects/2026-03/companies/*') ?? [];
    if (companyId !== undefined) return companyById(request, companyId);
    if (request.match('GET /crm/objects/2026-03/contacts'))
      return first(request, contacts, contactProperties, CONTACT_PROPERTIES);
    if (request.match('GET /crm/objects/2026-03/companies'))
      return first(request, companies, companyProperties, COMPANY_PROPERTIES);
    if (request.match('POST /crm/objects/2026-03/companies/search')) return searchCompanies(request);
    if (request.match('POST /crm/objects/2026-03/contacts/search'))
      return changed(request, contacts, 'lastmodifieddate', contactProperties, CONTACT_PROPERTIES);
    throw request.refused('no such path');
  }

  function contactByEmail(request: VendorRequest, email: string): VendorAnswer {
    request.expectQuery({ idProperty: 'email', properties: null });
    request.expectNoBody();
    const wanted = names(request, request.query.get('properties'), CONTACT_PROPERTIES);
    const found = contacts.find(({ emails }) => emails.some((each) => sameText(each, email)));
    return found === undefined ? notFound : ok(record(found, contactProperties(found), wanted));
  }

  function companyById(request: VendorRequest, id: string): VendorAnswer {
    request.expectQuery({ properties: null });
    request.expectNoBody();
    const wanted = names(request, request.query.get('properties'), COMPANY_PROPERTIES);
    const found = companies.find((company) => String(company.id) === id);
    return found === undefined ? notFound : ok(record(found, companyProperties(found), wanted));
  }

  function first<T extends Contact | Company>(
    request: VendorRequest,
    all: readonly T[],
    propertiesOf: (one: T) => Record<string, string | null>,
    known: readonly string[],
  ): VendorAnswer {
    request.expectQuery({ limit: '1', properties: null });
    request.expectNoBody();
    const wanted = names(request, request.query.get('properties'), known);
    const results = all.slice(0, 1).map((one) => record(one, propertiesOf(one), wanted));
    return ok({ results, paging: { next: { after: '12', link: 'https://api.hubapi.com/' } } });
  }

  function searchCompanies(request: VendorRequest): VendorAnswer {
    if (JSON.stringify(request.json()).includes('"GTE"'))
      return changed(request, companies, 'hs_lastmodifieddate', companyProperties, COMPANY_PROPERTIES);
    const { filterGroups, properties } = request.json() as {
      filterGroups: { filters: { value: string }[] }[];
      properties: unknown;
    };
    const domain = filterGroups[0]?.filters[0]?.value ?? '';
    request.expectBody({
      filterGroups: [
        { filters: [{ propertyName: 'domain', operator: 'EQ', value: domain }] },
        { filters: [{ propertyName: 'domain', operator: 'EQ', value: `www.${domain}` }] },
        { filters: [{ propertyName: 'hs_additional_domains', operator: 'CONTAINS_TOKEN', value: domain }] },
      ],
      properties,
      limit: 10,
    });
    const wanted = names(request, properties, COMPANY_PROPERTIES);
    // Tokens of a text are its words: acme.example is found by the word in notacme.example/acme.example too.
    const found = companies.filter(
      (company) => domain !== '' && (sameText(company.domain, domain) || company.domain.includes(domain)),
    );
    return ok({
      total: found.length,
      results: found.slice(0, 10).map((company) => record(company, companyProperties(company), wanted)),
    });
  }

  function changed<T extends Contact | Company>(
    request: VendorRequest,
    all: readonly T[],
    modified: string,
    propertiesOf: (one: T) => Record<string, string | null>,
    known: readonly string[],
  ): VendorAnswer {
    const { filterGroups, properties } = request.json() as {
      filterGroups: { filters: { value: string }[] }[];
      properties: unknown;
    };
    const [since = '', cursor = ''] = filterGroups[0]?.filters.map(({ value }) => value) ?? [];
    request.expectBody({
      filterGroups: [
        {
          filters: [
            { propertyName: modified, operator: 'GTE', value: since },
            { propertyName: 'hs_object_id', operator: 'GT', value: cursor },
          ],
        },
      ],
      sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
      properties,
      limit: 100,
    });
    if (!/^\d+$/.test(since) || !/^\d+$/.test(cursor)) throw request.refused('a time or id that is no number');
    const wanted = names(request, properties, known);
    const found = all
      .filter((one) => one.modified.getTime() >= Number(since) && one.id > Number(cursor))
      .toSorted((one, other) => one.id - other.id);
    const results = found.slice(0, pageSize).map((one) => record(one, propertiesOf(one), wanted));
    const more = found.length > pageSize ? { paging: { next: { after: String(pageSize) } } } : {};
    return ok({ total: found.length, results, ...more });
  }

  return { badRequest, answer };
}

const notFound: VendorAnswer = { status: 404, body: hubspotError('OBJECT_NOT_FOUND', 'resource not found') };

/** Properties come as a comma-separated text in a query, as a list in a body. */
function names(request: VendorRequest, given: unknown, known: readonly string[]): string[] {
  const list = typeof given === 'string' ? given.split(',') : given;
  const isList =
    Array.isArray(list) && list.every((name) => known.includes(name as string)) && new Set(list).size === list.length;
  if (!isList) throw request.refused(`properties ${JSON.stringify(given)}`);
  return list as string[];
}

function contactProperties({ id, name, emails, claimNo, company, modified }: Contact): Record<string, string | null> {
  return {
    email: emails[0]!.toLowerCase(),
    hs_additional_emails: emails.slice(1).join(';') || null,
    associatedcompanyid: company && String(company.id),
    full_name: name,
    claim_no: claimNo,
    lastmodifieddate: modified.toISOString(),
    hs_object_id: String(id),
  };
}

function companyProperties({ id, name, domain, claimNo, modified }: Company): Record<string, string | null> {
  return {
    domain: domain || null,
    hs_additional_domains: null,
    name,
    claim_no: claimNo,
    hs_lastmodifieddate: modified.toISOString(),
    hs_object_id: String(id),
  };
}

/** HubSpot adds its own dates to whatever is asked for. */
function record(
  { id, modified }: Contact | Company,
  properties: Record<string, string | null>,
  wanted: readonly string[],
): object {
  const chosen = Object.fromEntries(wanted.map((name) => [name, properties[name]]));
  const at = modified.toISOString();
  return {
    id: String(id),
    properties: { ...chosen, createdate: at, hs_object_id: String(id) },
    createdAt: at,
    updatedAt: at,
    archived: false,
  };
}
