import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the token endpoint was asked with. */
export interface TokenRequest {
  readonly headers: IncomingHttpHeaders;
  readonly form: Readonly<Record<string, string>>;
}

/** Answers of the token endpoint beside the token itself. */
export interface TokenAnswer {
  readonly status?: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never answers. */
  readonly isSilent?: boolean;
}

/** A CRM behind OAuth 2: a token endpoint, and an API that takes the newest token only. */
export class OAuthCrm implements AsyncDisposable {
  readonly tokenRequests: TokenRequest[] = [];
  /** The `authorization` of each request to the API. */
  readonly apiRequests: (string | undefined)[] = [];
  /** What each token request is answered with, the last again and again. */
  readonly #answers: readonly TokenAnswer[];
  /** Which tokens the API takes: all, the newest, or none. */
  accepts: 'all' | 'newest' | 'none' = 'newest';
  scheme = 'Bearer';
  readonly #server: Server;

  private constructor(answers: readonly TokenAnswer[]) {
    this.#answers = answers;
    this.#server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (text: string) => (body += text));
      request.on('end', () => this.#answer(request, body, response));
    });
  }

  static async start(...answers: TokenAnswer[]): Promise<OAuthCrm> {
    const crm = new OAuthCrm(answers);
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

  #answer({ url = '', headers }: IncomingMessage, body: string, response: ServerResponse): void {
    const send = (status: number, content: object, more: Readonly<Record<string, string>> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(content));
    if (url === '/token') {
      const at = Math.min(this.tokenRequests.length, this.#answers.length - 1);
      const { status = 200, isSilent = false, headers: more, body: content = {} } = this.#answers[at] ?? {};
      this.tokenRequests.push({ headers, form: Object.fromEntries(new URLSearchParams(body)) });
      const token = { access_token: `token-${this.tokenRequests.length}`, token_type: 'Bearer', ...content };
      if (!isSilent) send(status, status === 200 ? token : content, more);
      return;
    }
    this.apiRequests.push(headers.authorization);
    const isTaken = this.accepts === 'all' || (this.accepts === 'newest' && headers.authorization === this.#newest);
    if (isTaken) send(200, { results: [{ tier: 'gold' }] });
    else send(401, { code: 'INVALID_TOKEN' });
  }

  get #newest(): string {
    return `${this.scheme} token-${this.tokenRequests.length}`;
  }
}
