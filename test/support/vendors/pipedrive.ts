import { ok, type Vendor, type VendorAnswer, type VendorRequest } from './vendor-server.js';
import { type Company, type Contact, sameText, type VendorData } from './vendor-data.js';

export const PIPEDRIVE_TOKEN = 'f3c1d2e4a5b6c7d8';
export const PIPEDRIVE_ACCESS_TOKEN = 'v1u:AQIBAH';
export const CLAIM_KEY = 'd4de1c1518b4531717c676029a45911c340390a6';
export const DOMAIN_KEY = 'a0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3';

export const pipedriveError = (error: string): object => ({
  success: false,
  error,
  error_info: 'Please check developers.pipedrive.com for more information about Pipedrive API.',
  data: null,
});

/**
 * Pipedrive, API v2.
 *
 * @param pageSize most records an answer
 */
export function pipedrive({ contacts, companies }: VendorData, pageSize = 500): Vendor {
  const badRequest = (reason: string): VendorAnswer => ({ status: 400, body: pipedriveError(reason) });

  function answer(request: VendorRequest): VendorAnswer {
    const { authorization } = request.headers;
    const auth =
      authorization === undefined
        ? { 'x-api-token': PIPEDRIVE_TOKEN }
        : { authorization: `Bearer ${PIPEDRIVE_ACCESS_TOKEN}` };
    const [[name, value]] = Object.entries(auth) as [[string, string]];
    if (request.headers[name] !== value) return { status: 401, body: pipedriveError('unauthorized access') };
    request.expectHeaders({ [name]: value, accept: 'application/json' });
    request.expectNoBody();
    if (request.match('GET /api/v2/persons/search')) return searchPersons(request);
    if (request.match('GET /api/v2/organizations/search')) return searchOrganizations(request);
    if (request.match('GET /api/v2/persons')) return list(request, contacts, person);
    if (request.match('GET /api/v2/organizations')) return list(request, companies, organization);
    const [personId] = request.match('GET /api/v2/persons/*') ?? [];
    if (personId !== undefined)
      return one(
        request,
        contacts.find(({ id }) => String(id) === personId),
        person,
      );
    const [orgId] = request.match('GET /api/v2/organizations/*') ?? [];
    if (orgId !== undefined)
      return one(
        request,
        companies.find(({ id }) => String(id) === orgId),
        organization,
      );
    throw request.refused('no such path');
  }

  function searchPersons(request: VendorRequest): VendorAnswer {
    request.expectQuery({ term: null, fields: 'email', exact_match: 'true', limit: '2' });
    const term = request.query.get('term')!;
    const found = contacts.filter(({ emails }) => emails.some((each) => sameText(each, term)));
    return items(
      found.slice(0, 2).map((contact) => ({
        id: contact.id,
        type: 'person',
        name: contact.name,
        phones: [],
        emails: contact.emails,
        primary_email: contact.emails[0],
        visible_to: 3,
        owner: { id: 1 },
        organization: contact.company && { id: contact.company.id, name: contact.company.name, address: null },
        custom_fields: [],
        notes: [],
      })),
    );
  }

  /** Exactly one of the custom fields is the term. */
  function searchOrganizations(request: VendorRequest): VendorAnswer {
    request.expectQuery({ term: null, fields: 'custom_fields', exact_match: 'true', limit: '10' });
    const term = request.query.get('term')!;
    const found = companies.filter(({ domain }) => domain !== '' && sameText(domain, term));
    return items(
      found.slice(0, 10).map(({ id, name, domain }) => ({
        id,
        type: 'organization',
        name,
        address: null,
        visible_to: 3,
        owner: { id: 1 },
        custom_fields: [domain],
        notes: [],
      })),
    );
  }

  function list<T extends Contact | Company>(
    request: VendorRequest,
    all: readonly T[],
    toRecord: (one: T) => object,
  ): VendorAnswer {
    const isCheck = request.query.size === 1;
    const later = request.query.has('cursor') ? { cursor: null } : {};
    request.expectQuery(isCheck ? { limit: '1' } : { updated_since: null, sort_by: 'id', limit: '500', ...later });
    const since = request.query.get('updated_since') ?? '1970-01-01T00:00:00Z';
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(since)) throw request.refused(`a time ${since}`);
    const from = Number(Buffer.from(request.query.get('cursor') ?? '', 'base64').toString());
    const found = all.filter(({ modified }) => modified >= new Date(since));
    const size = isCheck ? 1 : pageSize;
    const next = from + size < found.length ? Buffer.from(String(from + size)).toString('base64') : null;
    return ok({
      success: true,
      data: found.slice(from, from + size).map(toRecord),
      additional_data: { next_cursor: next },
    });
  }

  return { badRequest, answer };
}

function items(found: readonly object[]): VendorAnswer {
  const list = found.map((item) => ({ result_score: 1.2, item }));
  return ok({ success: true, data: { items: list }, additional_data: { next_cursor: null } });
}

function one<T>(request: VendorRequest, found: T | undefined, toRecord: (one: T) => object): VendorAnswer {
  request.expectQuery({});
  if (found === undefined) return { status: 404, body: pipedriveError('not found') };
  return ok({ success: true, data: toRecord(found) });
}

function person({ id, name, emails, claimNo, company, modified }: Contact): object {
  return {
    id,
    name,
    owner_id: 1,
    org_id: company?.id ?? null,
    update_time: modified.toISOString().replace('.000', ''),
    emails: emails.map((value, index) => ({ value, primary: index === 0, label: 'work' })),
    phones: [],
    custom_fields: { [CLAIM_KEY]: claimNo },
  };
}

function organization({ id, name, domain, website, claimNo, modified }: Company): object {
  return {
    id,
    name,
    owner_id: 1,
    website,
    update_time: modified.toISOString().replace('.000', ''),
    custom_fields: { [CLAIM_KEY]: claimNo, [DOMAIN_KEY]: domain || null },
  };
}
