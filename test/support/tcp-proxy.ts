import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A part of what passed: in which direction, and its bytes. */
export interface Passed {
  readonly to: 'server' | 'client';
  readonly bytes: Buffer;
}

/** Stands between a client and a server on this machine: it remembers what passes, and can go silent as a broken network does. */
export class TcpProxy {
  readonly passed: Passed[] = [];
  readonly #sockets = new Set<Socket>();
  #silent: ReadonlySet<Socket> = new Set();
  #connections = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, (server.address() as { port: number }).port);
    server.on('connection', (client) => proxy.#join(client, targetPort));
    return proxy;
  }

  /** How many were made. */
  get connections(): number {
    return this.#connections;
  }

  /** The connections that are open now stay so, and what is sent on them arrives nowhere. */
  silence(): void {
    this.#silent = new Set([...this.#silent, ...this.#sockets]);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(client: Socket, targetPort: number): void {
    this.#connections += 1;
    const server = connect(targetPort, '127.0.0.1');
    this.#pass(client, server, 'server');
    this.#pass(server, client, 'client');
  }

  #pass(from: Socket, into: Socket, to: Passed['to']): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      this.passed.push({ to, bytes });
      if (!this.#silent.has(from)) into.write(bytes);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!this.#silent.has(from)) into.destroy();
    });
  }
}
