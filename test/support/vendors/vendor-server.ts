import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer as answerStep, type Step } from '../scripted-server.js';

export interface VendorAnswer {
  readonly status: number;
  /** Sent as JSON; undefined for none. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (body: unknown): VendorAnswer => ({ status: 200, body });

/** A request that the vendor's reference does not have. It gets the vendor's own answer, and the test fails by the reason. */
export class Refusal extends Error {
  constructor(
    readonly answer: VendorAnswer,
    reason: string,
  ) {
    super(reason);
  }
}

/** What undici adds by itself to every request; the first two beside "if-modified-since". */
const TRANSPORT_HEADERS = [
  'cache-control',
  'pragma',
  'accept-encoding',
  'accept-language',
  'connection',
  'content-length',
  'host',
  'sec-fetch-mode',
  'user-agent',
];

/** A request, read as strictly as can be: what is not asked for in so many words is refused. */
export class VendorRequest {
  /** Decoded. */
  readonly segments: readonly string[];
  readonly query: ReadonlyMap<string, string>;

  constructor(
    readonly method: string,
    readonly url: string,
    readonly headers: IncomingHttpHeaders,
    readonly body: string,
    readonly badRequest: (reason: string) => VendorAnswer,
  ) {
    const [path = '', query, ...others] = url.split('?');
    if (others.length > 0) throw this.refused('a second "?" in the URL');
    this.segments = path
      .slice(1)
      .split('/')
      .map((segment) => this.#decode(segment));
    const pairs = (query ?? '').split('&').filter((pair) => pair !== '');
    const entries = pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [this.#decode(pair.slice(0, at)), this.#decode(pair.slice(at + 1))] as const;
    });
    this.query = new Map(entries);
    if (this.query.size < entries.length) throw this.refused(`a query key twice in ${url}`);
  }

  /** `GET /crm/objects/*`, a star for each decoded segment; gives those, or undefined when it is another request. */
  match(pattern: string): string[] | undefined {
    const [method, path = ''] = pattern.split(' ');
    const wanted = path.slice(1).split('/');
    if (method !== this.method || wanted.length !== this.segments.length) return undefined;
    if (wanted.some((part, index) => part !== '*' && part !== this.segments[index])) return undefined;
    return this.segments.filter((_, index) => wanted[index] === '*');
  }

  /** Refuses unless exactly these keys are there, each with its value (null for any). */
  expectQuery(wanted: Readonly<Record<string, string | null>>): void {
    const given = Object.fromEntries(this.query);
    this.#expectSame('query', given, wanted);
  }

  /** Refuses unless these headers are there as given, beside the transport's own, and no others. */
  expectHeaders(wanted: Readonly<Record<string, string>>): void {
    const given = Object.entries(this.headers).filter(([name]) => !TRANSPORT_HEADERS.includes(name));
    this.#expectSame('headers', Object.fromEntries(given) as Record<string, string>, wanted);
  }

  expectNoBody(): void {
    if (this.body !== '') throw this.refused(`a body with ${this.method}: ${this.body}`);
  }

  /** The body as JSON. Refuses unless it is what JSON.stringify makes of `wanted`, byte for byte. */
  expectBody(wanted: unknown): void {
    const text = JSON.stringify(wanted);
    if (this.body !== text) throw this.refused(`body ${this.body} instead of ${text}`);
  }

  json(): Record<string, unknown> {
    try {
      return JSON.parse(this.body) as Record<string, unknown>;
    } catch {
      throw this.refused(`a body that is no JSON: ${this.body}`);
    }
  }

  /** Refuses unless the form has exactly these keys; gives their values. */
  form(wanted: Readonly<Record<string, string | null>>): Record<string, string> {
    const type = this.headers['content-type'] ?? '';
    if (!/^application\/x-www-form-urlencoded(;charset=utf-8)?$/i.test(type))
      throw this.refused(`a form of type ${type}`);
    const entries = [...new URLSearchParams(this.body)];
    const given = Object.fromEntries(entries);
    if (Object.keys(given).length < entries.length) throw this.refused('a key twice in the form');
    this.#expectSame('form', given, wanted);
    return given;
  }

  refused(reason: string): Refusal {
    return new Refusal(this.badRequest(reason), `${this.method} ${this.url}: ${reason}`);
  }

  #expectSame(
    what: string,
    given: Readonly<Record<string, string>>,
    wanted: Readonly<Record<string, string | null>>,
  ): void {
    for (const key of new Set([...Object.keys(given), ...Object.keys(wanted)])) {
      const [is, should] = [given[key], wanted[key]];
      if (is === undefined) throw this.refused(`${what} without ${key}`);
      if (should === undefined) throw this.refused(`${what} with an unknown ${key}: ${is}`);
      if (should !== null && is !== should) throw this.refused(`${what} with ${key}: ${is} instead of ${should}`);
    }
  }

  /** A space is %20: a "+" is a plus to some vendors and a space to others. */
  #decode(text: string): string {
    try {
      if (!text.includes('+')) return decodeURIComponent(text);
    } catch {
      // refused below
    }
    throw this.refused(`badly encoded: ${text}`);
  }
}

/** How a vendor answers; throws a `Refusal` for what its reference does not have. */
export interface Vendor {
  readonly badRequest: (reason: string) => VendorAnswer;
  /** @param url where the vendor itself is reached */
  readonly answer: (request: VendorRequest, url: string) => VendorAnswer;
}

interface Interruption {
  readonly step: Step;
  readonly at: string;
  times: number;
}

/** A vendor behind a real HTTP server. */
export class VendorServer implements AsyncDisposable {
  readonly seen: {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
  }[] = [];
  /** Why requests were refused: empty after a test that went well. */
  readonly refusals: string[] = [];
  readonly #interruptions: Interruption[] = [];
  readonly #server;

  private constructor(
    vendor: Vendor,
    private readonly host: string,
  ) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const body = Buffer.concat(chunks).toString();
        this.seen.push({ method, url, headers, body });
        const step = this.#interruption(url) ?? this.#answer(vendor, method, url, headers, body);
        step(response);
      });
    });
  }

  /** @param host by what it calls itself */
  static async start(vendor: Vendor, host = '127.0.0.1'): Promise<VendorServer> {
    const server = new VendorServer(vendor, host);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://${this.host}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers the next requests whose URL has `at` in it by this step instead. */
  interrupt(step: Step, at: string, times = 1): void {
    this.#interruptions.push({ step, at, times });
  }

  /** No more interruptions. */
  mend(): void {
    this.#interruptions.length = 0;
  }

  /** Cuts the connections that are kept alive. */
  disconnect(): void {
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #interruption(url: string): Step | undefined {
    const found = this.#interruptions.find(({ at, times }) => times > 0 && url.includes(at));
    if (found !== undefined) found.times -= 1;
    return found?.step;
  }

  #answer(vendor: Vendor, method: string, url: string, headers: IncomingHttpHeaders, body: string): Step {
    const answered = this.#ask(vendor, method, url, headers, body);
    if (answered.body === undefined)
      return (response) => void response.writeHead(answered.status, answered.headers).end();
    return answerStep(answered.status, answered.body, answered.headers);
  }

  #ask(vendor: Vendor, method: string, url: string, headers: IncomingHttpHeaders, body: string): VendorAnswer {
    try {
      return vendor.answer(new VendorRequest(method, url, headers, body, vendor.badRequest), this.url);
    } catch (error) {
      this.refusals.push(error instanceof Error ? error.message : String(error));
      return error instanceof Refusal ? error.answer : { status: 500, body: {} };
    }
  }
}
