import { CallsUnderWay } from '../../../shared/calls-under-way.js';
import { EnricherError } from '../../../shared/errors.js';
import type { Answer } from './answer.js';
import { type Grant, makeAuthorizer } from './auth/authorizer.js';
import { classify } from './classify.js';
import type { Connector, RequestTemplate } from './connector.js';
import { exchange, type HttpRequest } from './exchange.js';
import { joinUrl, renderHeaders, renderRequest } from './render-request.js';
import type { Values } from './template.js';

type Unplaced = Omit<HttpRequest, 'url'>;

/** An API as its connector describes it: makes requests, authorises them, and tells what the answers mean. */
export class ApiClient {
  readonly #authorizer;
  readonly #underWay = new CallsUnderWay();

  constructor(private readonly connector: Connector) {
    this.#authorizer = makeAuthorizer(connector.auth);
  }

  /**
   * The JSON that a request is answered with; undefined when it says that there is nothing.
   *
   * @throws EnricherError as `CrmProvider` says; UnsendableValue when a value cannot stand in the request
   */
  ask(request: RequestTemplate, values: Values, signal: AbortSignal): Promise<unknown> {
    const { pathAndQuery, ...rendered } = renderRequest(request, this.connector, values);
    return this.#send(request, rendered, (base) => joinUrl(base, pathAndQuery), Object.values(values), signal);
  }

  /** The same for the address of a further page, which the API gave us. */
  follow(request: RequestTemplate, address: string, signal: AbortSignal): Promise<unknown> {
    const rendered = { method: 'GET' as const, headers: renderHeaders(request, this.connector), body: null };
    const at = (base: string) => this.#pageUrl(request, address, base);
    return this.#send(request, rendered, at, [], signal);
  }

  close(): void {
    this.#underWay.end(new EnricherError('CRM_UNAVAILABLE', 'the provider was closed'));
  }

  async #send(
    { name, outcomes, mayFindNothing }: RequestTemplate,
    request: Unplaced,
    place: (base: string) => URL,
    secrets: readonly (string | undefined)[],
    given: AbortSignal,
  ): Promise<unknown> {
    const { answer, grant, host } = await this.#underWay.run(given, (signal) =>
      this.#exchange(name, request, place, signal),
    );
    const hidden = [...this.connector.secrets, ...secrets, ...Object.values(grant.headers)].filter(
      (secret): secret is string => !!secret,
    );
    const outcome = classify(answer, {
      who: `${name}: ${host}`,
      outcomes: [outcomes, this.connector.outcomes],
      mayFindNothing,
      secrets: hidden,
    });
    return outcome === 'content' ? answer.json : undefined;
  }

  /** Sends it, and once more with a new token when the first was refused. */
  async #exchange(name: string, request: Unplaced, place: (base: string) => URL, signal: AbortSignal) {
    for (let isAgain = false; ; isAgain = true) {
      const grant = await this.#authorizer.grant(signal);
      const url = place(this.#baseUrl(grant));
      const headers = { ...request.headers, ...grant.headers };
      const answer: Answer = await exchange({ ...request, url, headers }, `${name}: ${url.host}`, signal);
      if (isAgain || answer.status !== 401 || !this.#authorizer.renew(grant)) return { answer, grant, host: url.host };
    }
  }

  /** Where the token's answer says that the API is, if the connector allows it; else where the connector says. */
  #baseUrl({ apiUrl }: Grant): string {
    const { baseUrl } = this.connector;
    if (apiUrl === null) return baseUrl;
    const url = URL.canParse(apiUrl) ? new URL(apiUrl) : null;
    if (url === null || !this.#isAllowed(url))
      throw new EnricherError(
        'CRM_MISCONFIGURED',
        `the token endpoint names ${url === null ? 'no usable address' : `the host ${url.host}`} for the API, which "hosts" of the connector does not allow`,
      );
    return `${url.origin}${new URL(baseUrl).pathname.replace(/\/+$/, '')}`;
  }

  #pageUrl({ name }: RequestTemplate, address: string, base: string): URL {
    const url = URL.canParse(address, base) ? new URL(address, base) : null;
    if (url !== null && (url.origin === new URL(base).origin || this.#isAllowed(url))) return url;
    const where = url === null ? 'an address that is none' : `the host ${url.host}`;
    throw new EnricherError(
      'CRM_MISCONFIGURED',
      `${name}: the next page is said to be at ${where}, which "hosts" of the connector does not allow`,
    );
  }

  #isAllowed(url: URL): boolean {
    const base = new URL(this.connector.baseUrl);
    if (url.origin === base.origin) return true;
    if (url.protocol !== base.protocol || url.port !== '' || `${url.username}${url.password}` !== '') return false;
    return this.connector.hosts.some((host) =>
      host.startsWith('*.') ? url.hostname.endsWith(host.slice(1)) : url.hostname === host,
    );
  }
}
