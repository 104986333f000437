import { ok, type Vendor, type VendorAnswer, type VendorRequest } from './vendor-server.js';
import type { Company, Contact, VendorData } from './vendor-data.js';

export const ZENDESK_TOKEN = 'gErypPlm4dOVgGRvA1ZzMH5MQ3nLo8bo';
export const ZENDESK_CLIENT = { clientId: 'enricher', clientSecret: 'af3t24tfj34h43s' } as const;

export const zendeskError = (error: string, description: string): object => ({ error, description });

/**
 * Zendesk Support, API v2.
 *
 * @param pageSize most records an answer
 */
export function zendesk({ contacts, companies }: VendorData, pageSize = 100): Vendor {
  const badRequest = (reason: string): VendorAnswer => ({
    status: 422,
    body: zendeskError('invalid', `Invalid search: ${reason}`),
  });

  function answer(request: VendorRequest, url: string): VendorAnswer {
    if (request.match('POST /oauth/tokens')) return tokenFor(request);
    if (request.headers.authorization !== `Bearer ${ZENDESK_TOKEN}`)
      return { status: 401, body: { error: "Couldn't authenticate you" } };
    request.expectHeaders({ authorization: `Bearer ${ZENDESK_TOKEN}`, accept: 'application/json' });
    request.expectNoBody();
    if (request.match('GET /api/v2/users/search.json')) return searchUsers(request);
    if (request.match('GET /api/v2/search.json')) return searchOrganizations(request);
    if (request.match('GET /api/v2/incremental/users/cursor.json')) return changedUsers(request, url);
    if (request.match('GET /api/v2/organizations')) return listOrganizations(request);
    if (request.match('GET /api/v2/users.json')) {
      request.expectQuery({ 'page[size]': '1' });
      return ok({
        users: contacts.slice(0, 1).map(user),
        meta: { has_more: true, after_cursor: 'x', before_cursor: 'y' },
      });
    }
    const [file = ''] = request.match('GET /api/v2/organizations/*') ?? [];
    const found = companies.find(({ id }) => `${id}.json` === file);
    if (file !== '' && found === undefined) return { status: 404, body: zendeskError('RecordNotFound', 'Not found') };
    if (found === undefined) return { status: 404, body: zendeskError('InvalidEndpoint', 'Not found') };
    request.expectQuery({});
    return ok({ organization: organization(found) });
  }

  function tokenFor(request: VendorRequest): VendorAnswer {
    const scope = 'users:read organizations:read';
    const given = request.form({ grant_type: 'client_credentials', client_id: null, client_secret: null, scope });
    if (given['client_id'] !== ZENDESK_CLIENT.clientId || given['client_secret'] !== ZENDESK_CLIENT.clientSecret)
      return { status: 401, body: { error: 'invalid_client', error_description: 'Client authentication failed.' } };
    return ok({ access_token: ZENDESK_TOKEN, token_type: 'bearer', scope });
  }

  /** The search looks at words, so that it finds more than the address. */
  function searchUsers(request: VendorRequest): VendorAnswer {
    request.expectQuery({ query: null });
    const [email] = phrases(request, /^email:"([^"\\]*)"$/);
    const found = contacts.filter(({ emails }) =>
      emails.some((each) => email !== '' && each.toLowerCase().includes(email!.toLowerCase())),
    );
    return ok({ users: found.slice(0, pageSize).map(user), next_page: null, previous_page: null, count: found.length });
  }

  function searchOrganizations(request: VendorRequest): VendorAnswer {
    request.expectQuery({ query: null });
    const [domain] = phrases(request, /^type:organization domain:"([^"\\]*)"$/);
    const found = companies.filter((company) => company.domain.includes(domain!));
    const results = found
      .slice(0, pageSize)
      .map((company) => ({ ...organization(company), result_type: 'organization' }));
    return ok({ results, facets: null, next_page: null, previous_page: null, count: found.length });
  }

  function changedUsers(request: VendorRequest, url: string): VendorAnswer {
    const cursor = request.query.get('cursor');
    request.expectQuery(cursor === undefined ? { start_time: null } : { cursor: null });
    const [start, from] = cursor?.split('-').map(Number) ?? [Number(request.query.get('start_time')), 0];
    if (!Number.isSafeInteger(start)) throw request.refused('a time that is no number');
    const found = contacts.filter(({ modified }) => modified.getTime() / 1_000 >= start!);
    const after = `${start}-${from! + pageSize}`;
    return ok({
      users: found.slice(from, from! + pageSize).map(user),
      after_url: `${url}/api/v2/incremental/users/cursor.json?cursor=${after}`,
      after_cursor: after,
      before_url: null,
      before_cursor: null,
      end_of_stream: from! + pageSize >= found.length,
    });
  }

  function listOrganizations(request: VendorRequest): VendorAnswer {
    const cursor = request.query.get('page[after]');
    request.expectQuery({ 'page[size]': '100', ...(cursor === undefined ? {} : { 'page[after]': null }) });
    const from = Number(cursor ?? 0);
    const hasMore = from + pageSize < companies.length;
    return ok({
      organizations: companies.slice(from, from + pageSize).map(organization),
      meta: { has_more: hasMore, after_cursor: String(from + pageSize), before_cursor: String(from) },
      links: { prev: null, next: null },
    });
  }

  return { badRequest, answer };
}

function phrases(request: VendorRequest, line: RegExp): string[] {
  const match = line.exec(request.query.get('query')!);
  if (match === null) throw request.refused('a search line of another shape');
  return match.slice(1);
}

/** A user has one address; further ones are identities, which searches look at and users do not show. */
function user({ id, name, emails, claimNo, company, modified }: Contact): object {
  return {
    id,
    name,
    email: emails[0]!.toLowerCase(),
    active: true,
    role: 'end-user',
    organization_id: company?.id ?? null,
    user_fields: { claim_no: claimNo },
    updated_at: modified.toISOString().replace('.000', ''),
  };
}

function organization({ id, name, domain, claimNo, modified }: Company): object {
  return {
    id,
    name,
    domain_names: domain === '' ? [] : [domain],
    organization_fields: { claim_no: claimNo },
    updated_at: modified.toISOString().replace('.000', ''),
  };
}
