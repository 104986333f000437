import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server does with one request, its body read. */
export type Step = (response: ServerResponse) => void;

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with this status; an object is sent as JSON, a text as it stands. */
export function answer(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): Step {
  return (response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
}

/** Tears the connection down with an RST, as a crashed process does. */
export const reset: Step = ({ socket }) => void socket?.resetAndDestroy();

/** Never answers. */
export const hang: Step = () => undefined;

/** A real HTTP server that does one step after the other; the last one is repeated. */
export class ScriptedServer implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly #server;

  private constructor(script: readonly Step[]) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const step = script[Math.min(this.seen.length, script.length - 1)];
        const { method = '', url = '', headers } = request;
        this.seen.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
        step?.(response);
      });
    });
  }

  static async start(...script: Step[]): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
