import { COQL, holds, parseSelect, QueryError, type Value } from './query-language.js';
import { ok, type Vendor, type VendorAnswer, type VendorRequest } from './vendor-server.js';
import type { Company, Contact, VendorData } from './vendor-data.js';

export const ZOHO_CLIENT = {
  clientId: '1000.CLIENT',
  clientSecret: 'secret&more',
  refreshToken: '1000.refresh.token',
} as const;

export const zohoError = (code: string, message: string): object => ({ code, details: {}, message, status: 'error' });

type Row = Readonly<Record<string, Value | object>>;

/**
 * Zoho CRM v8, and the token service on the same host.
 *
 * @param pageSize most rows an answer
 */
export function zoho({ contacts, companies }: VendorData, pageSize = 200): Vendor {
  const badRequest = (reason: string): VendorAnswer => ({ status: 400, body: zohoError('INVALID_QUERY', reason) });

  function answer(request: VendorRequest, url: string): VendorAnswer {
    if (request.match('POST /oauth/v2/token')) return tokenFor(request, url);
    if (request.headers.authorization !== 'Zoho-oauthtoken 1000.access')
      return { status: 401, body: zohoError('INVALID_TOKEN', 'invalid oauth token') };
    const since = request.headers['if-modified-since'];
    request.expectHeaders({
      authorization: 'Zoho-oauthtoken 1000.access',
      accept: 'application/json',
      ...(request.method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...(since === undefined ? {} : { 'if-modified-since': since }),
    });
    if (request.match('GET /crm/v8/Contacts/search')) return search(request);
    if (request.match('GET /crm/v8/Contacts')) return list(request, contacts.map(contactRow), since);
    if (request.match('GET /crm/v8/Accounts')) return list(request, companies.map(accountRow), since);
    const [id] = request.match('GET /crm/v8/Accounts/*') ?? [];
    if (id !== undefined) return account(request, id);
    if (request.match('POST /crm/v8/coql')) return coql(request);
    return {
      status: 404,
      body: zohoError('INVALID_URL_PATTERN', 'Please check if the URL trying to access is a correct one'),
    };
  }

  /** Refuses wrong credentials with status 200. */
  function tokenFor(request: VendorRequest, url: string): VendorAnswer {
    const { clientId, clientSecret, refreshToken } = ZOHO_CLIENT;
    const given = request.form({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: null,
      refresh_token: null,
    });
    if (given['client_secret'] !== clientSecret) return ok({ error: 'invalid_client' });
    if (given['refresh_token'] !== refreshToken) return ok({ error: 'invalid_code' });
    return ok({
      access_token: '1000.access',
      scope: 'ZohoCRM.modules.READ',
      api_domain: url,
      token_type: 'Bearer',
      expires_in: 3600,
    });
  }

  function search(request: VendorRequest): VendorAnswer {
    request.expectQuery({ email: null, fields: null });
    request.expectNoBody();
    const email = request.query.get('email')!;
    // The search takes a part of an address, too.
    const rows = contacts.filter(({ emails }) =>
      emails.some((each) => each.toLowerCase().includes(email.toLowerCase())),
    );
    return answerWith(rows.map(contactRow), fieldsOf(request, contactRow(contacts[0]!)), 200, null);
  }

  function account(request: VendorRequest, id: string): VendorAnswer {
    request.expectQuery({ fields: null });
    request.expectNoBody();
    const rows = companies.map(accountRow).filter((row) => row['id'] === id);
    return answerWith(rows, fieldsOf(request, accountRow(companies[0]!)), 1, null);
  }

  function list(request: VendorRequest, all: readonly Row[], since: string | undefined): VendorAnswer {
    const isCheck = request.query.get('per_page') === '1';
    const isLater = request.query.has('page_token');
    request.expectQuery({ fields: null, per_page: isCheck ? '1' : '200', ...(isLater ? { page_token: null } : {}) });
    request.expectNoBody();
    if (since !== undefined && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(since))
      throw request.refused(`a time ${since}`);
    const found = all.filter((row) => since === undefined || (row['Modified_Time'] as Date) >= new Date(since));
    if (found.length === 0 && since !== undefined) return { status: 304 };
    const from = Number(request.query.get('page_token')?.replace('token-', '') ?? 0);
    return answerWith(found.slice(from), fieldsOf(request, all[0]!), isCheck ? 1 : pageSize, from);
  }

  function coql(request: VendorRequest): VendorAnswer {
    const body = request.json();
    request.expectBody({ select_query: body['select_query'] });
    try {
      const { fields, from, where, orderBy, limit } = parseSelect(String(body['select_query']), COQL);
      if (from !== 'Accounts' || where === null || orderBy !== null || limit === null || limit > 2_000)
        throw new QueryError('this fake knows conditions on Accounts with a limit only');
      const rows = companies.map(accountRow);
      const read = (row: Row) => (field: string) => {
        const value = row[field];
        if (value === undefined) throw new QueryError(`column given seems to be invalid: ${field}`);
        return value as Value;
      };
      fields.forEach(read(rows[0]!));
      return answerWith(
        rows.filter((row) => holds(where, read(row))),
        fields,
        limit,
        null,
      );
    } catch (error) {
      if (error instanceof QueryError) throw request.refused(error.message);
      throw error;
    }
  }

  return { badRequest, answer };
}

/** Nothing is 204, without a body. */
function answerWith(rows: readonly Row[], fields: readonly string[], size: number, from: number | null): VendorAnswer {
  if (rows.length === 0) return { status: 204 };
  const data = rows
    .slice(0, size)
    .map((row) => Object.fromEntries(['id', ...fields].map((field) => [field, row[field]])));
  const more = rows.length > size;
  const info = { per_page: size, count: data.length, page: 1, more_records: more };
  return ok({ data, info: from === null ? info : { ...info, next_page_token: more ? `token-${from + size}` : null } });
}

function fieldsOf(request: VendorRequest, row: Row): string[] {
  const given = request.query.get('fields')!.split(',');
  const unknown = given.find((field) => !Object.hasOwn(row, field));
  if (unknown !== undefined || new Set(given).size < given.length)
    throw request.refused(`fields with ${unknown ?? 'one twice'}`);
  return given;
}

function contactRow({ id, name, emails, claimNo, company, modified }: Contact): Row {
  return {
    id: `48760000000${id}`,
    Full_Name: name,
    Email: emails[0]!,
    Secondary_Email: emails[1] ?? null,
    Claim_No: claimNo,
    Account_Name: company && { name: company.name, id: `48760000000${company.id}` },
    Modified_Time: modified,
  };
}

function accountRow({ id, name, website, claimNo, modified }: Company): Row {
  return {
    id: `48760000000${id}`,
    Account_Name: name,
    Website: website,
    Claim_No: claimNo,
    Modified_Time: modified,
  };
}
