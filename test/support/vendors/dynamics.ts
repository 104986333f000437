import { type Condition, holds, parseFilter, QueryError, type Value } from './query-language.js';
import { ok, type Vendor, type VendorAnswer, type VendorRequest } from './vendor-server.js';
import type { Company, Contact, VendorData } from './vendor-data.js';

export const DYNAMICS_CLIENT = {
  tenantId: '72f988bf-0000-4000-8000-2d7cd011db47',
  clientId: '11112222-bbbb-3333-cccc-4444dddd5555',
  clientSecret: 'Q~secret/+&=',
} as const;

const LABEL = '@OData.Community.Display.V1.FormattedValue';
const ANNOTATIONS = 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"';
const STATUS = ['new_status', 1, 'Active'] as const;

export const dynamicsError = (code: string, message: string): object => ({ error: { code, message } });

type Row = Readonly<Record<string, Value | number>>;

/**
 * Dataverse Web API v9.2, and the token endpoint of Entra on the same host.
 *
 * @param pageSize most rows an answer, whatever is asked for
 */
export function dynamics({ contacts, companies }: VendorData, pageSize = 500): Vendor {
  const badRequest = (reason: string): VendorAnswer => ({ status: 400, body: dynamicsError('0x80060888', reason) });

  /** Left of two contacts that were merged: the one that lost stays, inactive. */
  const merged = { ...contactRow(contacts[0]!), fullname: 'Merged', statecode: 1 };

  function answer(request: VendorRequest, url: string): VendorAnswer {
    if (request.match(`POST /${DYNAMICS_CLIENT.tenantId}/oauth2/v2.0/token`)) return tokenFor(request, url);
    if (request.headers.authorization !== 'Bearer eyJ.entra.token')
      return {
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        body: dynamicsError('0x80072560', 'not a member of the organization'),
      };
    const isListing = request.query.has('$skiptoken') || (request.query.get('$filter') ?? '').includes('modifiedon');
    request.expectHeaders({
      authorization: 'Bearer eyJ.entra.token',
      accept: 'application/json',
      'odata-version': '4.0',
      prefer: isListing ? `${ANNOTATIONS},odata.maxpagesize=500` : ANNOTATIONS,
    });
    request.expectNoBody();
    try {
      if (request.match('GET /api/data/v9.2/contacts'))
        return rows(request, url, [...contacts.map(contactRow), merged], true);
      if (request.match('GET /api/data/v9.2/accounts')) return rows(request, url, companies.map(accountRow), false);
    } catch (error) {
      if (error instanceof QueryError) throw request.refused(error.message);
      throw error;
    }
    return { status: 404, body: dynamicsError('0x80060888', 'Resource not found for the segment.') };
  }

  function tokenFor(request: VendorRequest, url: string): VendorAnswer {
    const { clientId, clientSecret } = DYNAMICS_CLIENT;
    const given = request.form({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: null,
      scope: `${url}/.default`,
    });
    if (given['client_secret'] !== clientSecret)
      return {
        status: 401,
        body: { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.' },
      };
    return ok({ token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: 'eyJ.entra.token' });
  }

  function rows(request: VendorRequest, url: string, all: readonly Row[], isContacts: boolean): VendorAnswer {
    const { query } = request;
    const wanted = [
      '$select',
      ...(isContacts ? ['$expand'] : []),
      ...['$filter', '$top', '$skiptoken'].filter((key) => query.has(key)),
    ];
    request.expectQuery(Object.fromEntries(wanted.map((key) => [key, null])));
    const select = names(query.get('$select')!, all[0]!);
    const expand = isContacts ? names(expandOf(query.get('$expand')!), accountRow(companies[0]!)) : [];
    const filter = query.has('$filter') ? parseFilter(query.get('$filter')!) : null;
    const found = all.filter((row) => filter === null || matches(filter, row));
    const from = Number(query.get('$skiptoken') ?? 0);
    const size = Math.min(Number(query.get('$top') ?? pageSize), pageSize);
    const value = found.slice(from, from + size).map((row) => record(row, select, expand, isContacts));
    const hasMore = !query.has('$top') && from + size < found.length;
    const next = hasMore ? { '@odata.nextLink': `${url}${nextPath(request, from + size)}` } : {};
    return ok({ '@odata.context': `${url}/api/data/v9.2/$metadata#contacts`, value, ...next });
  }

  return { badRequest, answer };
}

function nextPath({ url }: VendorRequest, from: number): string {
  return `${url.replace(/&\$skiptoken=\d+$/, '')}&$skiptoken=${from}`;
}

function expandOf(text: string): string {
  const [, inner] = /^parentcustomerid_account\(\$select=([^()]*)\)$/.exec(text) ?? [];
  if (inner === undefined) throw new QueryError(`$expand=${text}`);
  return inner;
}

function names(list: string, row: Row): string[] {
  const given = list.split(',');
  const unknown = given.find((name) => !Object.hasOwn(row, name));
  if (unknown !== undefined || new Set(given).size < given.length)
    throw new QueryError(`Could not find a property named '${unknown}'.`);
  return given;
}

function matches(filter: Condition, row: Row): boolean {
  return holds(filter, (field) => {
    const value = row[field];
    if (value === undefined) throw new QueryError(`Could not find a property named '${field}'.`);
    return typeof value === 'number' ? String(value) : value;
  });
}

function contactRow({ id, name, emails, claimNo, company, modified }: Contact): Row {
  const account = company && accountRow(company);
  return {
    contactid: `00000000-0000-0000-0000-0000000000${id}`,
    fullname: name,
    statecode: 0,
    emailaddress1: emails[0]!,
    emailaddress2: emails[1] ?? null,
    emailaddress3: null,
    new_claimno: claimNo,
    [STATUS[0]]: STATUS[1],
    _parentcustomerid_value: account?.['accountid'] ?? null,
    modifiedon: modified,
    'parentcustomerid_account/websiteurl': company?.website ?? null,
    'parentcustomerid_account/accountid': account?.['accountid'] ?? null,
    'parentcustomerid_account/name': company?.name ?? null,
    'parentcustomerid_account/new_claimno': company?.claimNo ?? null,
    'parentcustomerid_account/modifiedon': company?.modified ?? null,
  };
}

function accountRow({ id, name, website, claimNo, modified }: Company): Row {
  const accountid = `00000000-0000-0000-0000-000000000${id}`;
  return { accountid, name, statecode: 0, websiteurl: website, new_claimno: claimNo, modifiedon: modified };
}

function record(row: Row, select: readonly string[], expand: readonly string[], isContacts: boolean): object {
  const chosen = select.flatMap((name) => [
    [name, row[name]],
    ...(name === STATUS[0] ? [[`${name}${LABEL}`, STATUS[2]]] : []),
  ]);
  const expanded = Object.fromEntries(expand.map((name) => [name, row[`parentcustomerid_account/${name}`]]));
  const account = row['_parentcustomerid_value'] === null ? null : expanded;
  const own = Object.fromEntries(chosen) as object;
  return { '@odata.etag': 'W/"4711"', ...own, ...(isContacts ? { parentcustomerid_account: account } : {}) };
}
