import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A REST CRM that knows everybody, takes its time, can be told to fail, and counts how often it was asked for whom. */
export class CountingCrm implements AsyncDisposable {
  readonly lookups = new Map<string, number>();
  /** Every request gets a 503. */
  isDown = false;
  readonly #server: Server;

  /** @param takesMs how long each answer takes, anew each time */
  private constructor(private readonly takesMs: () => number) {
    this.#server = createServer(({ url = '' }, response) => void this.#answer(url, response));
  }

  static async start(takesMs: () => number): Promise<CountingCrm> {
    const crm = new CountingCrm(takesMs);
    await new Promise<void>((resolve) => crm.#server.listen(0, '127.0.0.1', resolve));
    return crm;
  }

  /** `crm.json` for it. */
  config(lookup: object = {}): object {
    const { port } = this.#server.address() as AddressInfo;
    return {
      providers: [
        {
          name: 'counting',
          type: 'http',
          baseUrl: `http://127.0.0.1:${port}`,
          byEmail: { path: '/people', query: { email: '{{email}}' }, items: 'people' },
          check: { path: '/me' },
          fields: { tier: 'tier' },
        },
      ],
      lookup,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    const email = new URL(url, 'http://crm.example').searchParams.get('email');
    if (email !== null) this.lookups.set(email, (this.lookups.get(email) ?? 0) + 1);
    await pause(this.takesMs());
    response
      .writeHead(this.isDown ? 503 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ people: [{ tier: 'gold' }] }));
  }
}
