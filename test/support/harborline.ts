import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONTRACT_CUSTOMERS } from '../contract/crm-provider.contract.js';

const PAGE = 2;

/**
 * A CRM that nobody knows, as docs/connectors.md tells of its reference: a key in a header of its own, nested answers, accounts beside
 * contacts, pages by cursor. It holds the contract's customers.
 */
export class Harborline implements AsyncDisposable {
  readonly key = 'harborline-key';
  readonly seen: string[] = [];
  readonly #contacts = CONTRACT_CUSTOMERS.filter(({ email }) => email !== '').map((customer, index) => ({
    id: index,
    account_id: accountId(customer.domain),
    attributes: {
      email: customer.email,
      other_emails: index === 0 ? ['dana@home.example'] : [],
      full_name: customer.full_name,
      claim_no: customer.claim_no === '' ? null : customer.claim_no,
    },
  }));
  /** One for each customer with a domain: that two have one is what the contract wants to see. */
  readonly #accounts = CONTRACT_CUSTOMERS.filter(({ domain }) => domain !== '').map((customer) => ({
    id: accountId(customer.domain),
    website: `https://www.${new URL(`http://${customer.domain}`).hostname}/`,
    full_name: customer.full_name,
    claim_no: customer.claim_no === '' ? null : customer.claim_no,
    tier: 'gold',
  }));
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<Harborline> {
    const crm = new Harborline();
    await new Promise<void>((resolve) => crm.#server.listen(0, '127.0.0.1', resolve));
    return crm;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    this.seen.push(url);
    const { pathname, searchParams: query } = new URL(url, this.url);
    const [status, body] =
      headers['x-harborline-key'] === this.key ? this.#find(pathname, query) : [401, { error: { code: 'BAD_KEY' } }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #find(pathname: string, query: URLSearchParams): readonly [status: number, body: object] {
    const email = query.get('email')?.toLowerCase();
    const account = /^\/api\/v1\/accounts\/([\w-]+)$/.exec(pathname)?.[1];
    if (pathname === '/api/v1/me') return [200, { data: { user: 'enricher' } }];
    if (pathname === '/api/v1/contacts' && email !== undefined) {
      const contacts = this.#contacts.filter(({ attributes }) =>
        [attributes.email.toLowerCase(), ...attributes.other_emails].includes(email),
      );
      return [200, { data: { contacts: contacts.slice(0, Number(query.get('limit'))) } }];
    }
    if (pathname === '/api/v1/contacts' && query.has('updated_after')) {
      const from = Number(query.get('cursor') ?? 0);
      const next = from + PAGE < this.#contacts.length ? String(from + PAGE) : null;
      return [200, { data: { contacts: this.#contacts.slice(from, from + PAGE) }, meta: { next_cursor: next } }];
    }
    if (pathname === '/api/v1/accounts') {
      // Its search is of parts of words, as that of many is.
      const accounts = this.#accounts.filter(({ website }) => website.includes(query.get('website') ?? '-'));
      return [200, { data: { accounts } }];
    }
    const found = this.#accounts.find(({ id }) => id === account);
    return found === undefined ? [404, { error: { code: 'NOT_FOUND' } }] : [200, { data: { account: found } }];
  }
}

function accountId(domain: string): string | null {
  return domain === '' ? null : `A-${domain.replace(/\W/g, '-')}`;
}
