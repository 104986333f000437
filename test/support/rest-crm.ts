import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONTRACT_CUSTOMERS } from '../contract/crm-provider.contract.js';

type Person = (typeof CONTRACT_CUSTOMERS)[number];

/** A plain REST CRM with the contract's customers: a bearer token, a nested answer, `null` for what there is not. */
export class RestCrm implements AsyncDisposable {
  readonly token = 'rest-crm-token';
  /** Paths and queries of all requests. */
  readonly seen: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<RestCrm> {
    const crm = new RestCrm();
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
    const { pathname, searchParams } = new URL(url, this.url);
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
    if (headers.authorization !== `Bearer ${this.token}`) return void send(401, { code: 'BAD_TOKEN' });
    if (pathname === '/me') return void send(200, { id: 1 });
    if (pathname !== '/people') return void send(404, { code: 'NO_SUCH_PATH' });
    const email = searchParams.get('email');
    const domain = searchParams.get('domain');
    const isAsked = (person: Person) =>
      (email !== null && person.email.toLowerCase() === email.toLowerCase()) ||
      (domain !== null && person.domain !== '' && new URL(`http://${person.domain}`).hostname === domain);
    const people = CONTRACT_CUSTOMERS.filter(isAsked).map((person) => ({
      ...person,
      claim_no: person.claim_no === '' ? null : person.claim_no,
    }));
    send(200, { data: { people } });
  }
}
