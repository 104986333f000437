import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { holds, parseSelect, QueryError, type Select, SOQL, type Value } from './query-language.js';
import { ok, type Vendor, type VendorAnswer, type VendorRequest } from './vendor-server.js';
import type { Company, Contact, VendorData } from './vendor-data.js';

export const SALESFORCE_CLIENT = { clientId: '3MVG9.client', clientSecret: 'C0FFEE' } as const;
export const SALESFORCE_USER = 'integration@northwind.example';
export const SALESFORCE_KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
/** Longest time ahead that an assertion may end, in seconds. */
const MAX_ASSERTION_SECONDS = 180;

export const salesforceError = (errorCode: string, message: string): object[] => [{ message, errorCode }];

type Row = Readonly<Record<string, Value>>;

/**
 * Salesforce, REST API v66.0, on a My Domain host.
 *
 * @param pageSize rows an answer, where there are more
 */
export function salesforce(data: VendorData, pageSize = 2_000): Vendor {
  let token = 0;
  const pages = new Map<string, () => VendorAnswer>();
  const badRequest = (reason: string): VendorAnswer => ({
    status: 400,
    body: salesforceError('MALFORMED_QUERY', reason),
  });

  function answer(request: VendorRequest, url: string): VendorAnswer {
    if (request.match('POST /services/oauth2/token')) return tokenFor(request, url);
    if (request.headers.authorization !== `Bearer 00D!session-${token}`)
      return { status: 401, body: salesforceError('INVALID_SESSION_ID', 'Session expired or invalid') };
    request.expectHeaders({ authorization: request.headers.authorization, accept: 'application/json' });
    request.expectNoBody();
    const [locator] = request.match('GET /services/data/v66.0/query/*') ?? [];
    if (locator !== undefined) {
      request.expectQuery({});
      const nextPage = pages.get(locator);
      if (nextPage === undefined) throw request.refused('no such query locator');
      return nextPage();
    }
    if (!request.match('GET /services/data/v66.0/query'))
      return { status: 404, body: salesforceError('NOT_FOUND', 'The requested resource does not exist') };
    request.expectQuery({ q: null });
    try {
      const query = parseSelect(request.query.get('q')!, SOQL);
      return page(query, run(query, data), 0);
    } catch (error) {
      if (error instanceof QueryError) throw request.refused(error.message);
      throw error;
    }
  }

  /** Each token ends the one before, so that a client that keeps an old one is told. */
  function tokenFor(request: VendorRequest, url: string): VendorAnswer {
    const grant = new URLSearchParams(request.body).get('grant_type');
    if (grant === 'client_credentials') {
      const given = request.form({ grant_type: grant, client_id: null, client_secret: null });
      if (
        given['client_id'] !== SALESFORCE_CLIENT.clientId ||
        given['client_secret'] !== SALESFORCE_CLIENT.clientSecret
      )
        return { status: 400, body: { error: 'invalid_client', error_description: 'invalid client credentials' } };
    } else {
      const { assertion } = request.form({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: null,
      });
      const fault = faultOfAssertion(assertion!, url);
      if (fault !== null) throw request.refused(fault);
    }
    token += 1;
    const reply = { access_token: `00D!session-${token}`, signature: 'c2ln', scope: 'api', instance_url: url };
    return ok({ ...reply, id: `${url}/id/00D/005`, token_type: 'Bearer', issued_at: '1767225600000' });
  }

  function page(query: Select, rows: readonly Row[], from: number): VendorAnswer {
    const records = rows.slice(from, from + pageSize).map((row) => record(query, row));
    const isDone = from + pageSize >= rows.length;
    if (isDone) return ok({ totalSize: rows.length, done: true, records });
    const locator = `01g00000${pages.size}-${from + pageSize}`;
    pages.set(locator, () => page(query, rows, from + pageSize));
    const nextRecordsUrl = `/services/data/v66.0/query/${locator}`;
    return ok({ totalSize: rows.length, done: false, nextRecordsUrl, records });
  }

  return { badRequest, answer };
}

function faultOfAssertion(assertion: string, url: string): string | null {
  const [header = '', claims = '', signature = ''] = assertion.split('.');
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${claims}`),
    createPublicKey(SALESFORCE_KEYS.publicKey),
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned || decode(header)['alg'] !== 'RS256') return 'an assertion that is not signed by RS256 with our key';
  const { iss, sub, aud, exp } = decode(claims);
  if (iss !== SALESFORCE_CLIENT.clientId || sub !== SALESFORCE_USER || aud !== url)
    return 'an assertion for somebody else';
  const left = Number(exp) - Date.now() / 1_000;
  return Number.isInteger(exp) && left > 0 && left <= MAX_ASSERTION_SECONDS
    ? null
    : `an assertion that ends in ${left} s`;
}

function run({ fields, from, where, orderBy, limit }: Select, { contacts, companies }: VendorData): Row[] {
  const rows =
    from === 'Contact' ? contacts.map(contactRow) : from === 'Account' ? companies.map(accountRow) : undefined;
  if (rows === undefined) throw new QueryError(`sObject type '${from}' is not supported`);
  const read = (row: Row) => (field: string) => {
    const value = row[field];
    if (value === undefined) throw new QueryError(`No such column '${field}' on entity '${from}'`);
    return value;
  };
  if (new Set(fields).size < fields.length) throw new QueryError('duplicate field selected');
  for (const field of [...fields, ...(orderBy === null ? [] : [orderBy])]) read(rows[0]!)(field);
  const found = rows.filter((row) => where === null || holds(where, read(row)));
  return found.slice(0, limit ?? found.length);
}

function contactRow({ id, name, emails, claimNo, company, modified }: Contact): Row {
  const account = company === null ? {} : accountRow(company);
  const ofAccount = Object.keys(accountRow(NO_COMPANY)).map((field) => [`Account.${field}`, account[field] ?? null]);
  return {
    Id: `003${id}`,
    Name: name,
    Email: emails[0]!,
    Claim_No__c: claimNo,
    AccountId: company && `001${company.id}`,
    LastModifiedDate: modified,
    ...Object.fromEntries(ofAccount),
  };
}

const NO_COMPANY: Company = { id: 0, name: '', domain: '', website: null, claimNo: null, modified: new Date(0) };

function accountRow({ id, name, website, claimNo, modified }: Company): Row {
  return { Id: `001${id}`, Name: name, Website: website, Claim_No__c: claimNo, LastModifiedDate: modified };
}

/** The fields asked for, those of the account in an object of their own; null when there is no account. */
function record({ fields, from }: Select, row: Row): object {
  const own = fields.filter((field) => !field.startsWith('Account.'));
  const ofAccount = fields.filter((field) => field.startsWith('Account.'));
  const account = { ...attributes('Account'), ...pick(row, ofAccount, 'Account.'.length) };
  const nested = ofAccount.length === 0 ? {} : { Account: row['AccountId'] === null ? null : account };
  return { ...attributes(from), ...pick(row, own, 0), ...nested };
}

function pick(row: Row, fields: readonly string[], prefix: number): object {
  return Object.fromEntries(fields.map((field) => [field.slice(prefix), row[field]]));
}

function attributes(type: string): object {
  return { attributes: { type, url: `/services/data/v66.0/sobjects/${type}/001` } };
}
