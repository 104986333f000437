import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { send } from './http.js';

/** What one connection is about, and not the message. */
const OWN_HEADERS = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Stands before replicas as a load balancer does: each request goes to the next one, and on when that refuses it or drains (503). */
export class ReplicaProxy implements AsyncDisposable {
  /** Origins; may change at any time. */
  replicas: readonly string[] = [];
  #turn = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#pass(request, response));
  }

  static async start(): Promise<ReplicaProxy> {
    const proxy = new ReplicaProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '', headers } = request;
    const body = await buffer(request);
    const passed = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name));
    const { replicas } = this;
    const first = this.#turn++;
    for (let tried = 0; tried < replicas.length; tried++) {
      const replica = replicas[(first + tried) % replicas.length]!;
      const answer = await send(`${replica}${url}`, { method, headers: Object.fromEntries(passed), body }).catch(
        (error: unknown) => {
          if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') response.destroy();
          return null;
        },
      );
      if (response.destroyed) return;
      if (answer === null || answer.status === 503) continue;
      const given = Object.entries(answer.headers).filter(([name]) => !OWN_HEADERS.has(name));
      response.writeHead(answer.status, Object.fromEntries(given) as NodeJS.Dict<string>).end(answer.text);
      return;
    }
    response.writeHead(503).end();
  }
}
