import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Answers by status; 0: the connection failed. Milliseconds each, from when the delivery was due, not from when it could be sent. */
export type Answers = Map<number, number[]>;

export interface Target {
  /** Origin, without a path. */
  readonly url: string;
  readonly secret: string;
  /** A payload; each delivery gets an id of its own. */
  readonly payload: Readonly<Record<string, unknown>>;
}

const PATH = '/webhooks/emailgistics';
const ID_DIGITS = 12;
const TICK_MS = 5;
/** Open files are limited to 20,000 and more on most servers. */
const MAX_CONNECTIONS = Number(process.env["CONNS"] ?? 2000);

interface Due {
  readonly at: number;
  readonly answered: (status: number) => void;
}

/**
 * Sends deliveries over as many kept-alive connections as it takes, each carrying one at a time, as a sender does. It writes bytes by
 * hand: a client that costs as much as the service could not bring three times what that takes.
 */
export class Sender {
  readonly #host: string;
  readonly #port: number;
  readonly #head: string;
  readonly #body: readonly [string, string];
  readonly #idle: Socket[] = [];
  readonly #waiting: Due[] = [];
  #connections = 0;
  #sent = 0;

  constructor({ url, secret, payload }: Target) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    const id = '0'.repeat(ID_DIGITS);
    const text = JSON.stringify({ ...payload, id });
    const at = text.indexOf(id);
    this.#body = [text.slice(0, at), text.slice(at + ID_DIGITS)];
    this.#head = [
      `POST ${PATH} HTTP/1.1`,
      `host: ${hostname}:${port}`,
      `authorization: Bearer ${secret}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(text)}`,
      '\r\n',
    ].join('\r\n');
  }

  /** One delivery. */
  async once(): Promise<{ readonly status: number; readonly ms: number }> {
    const at = performance.now();
    const status = await this.#deliver(at);
    return { status, ms: performance.now() - at };
  }

  /** So many at a time, each followed by the next: what the service can take. */
  async closedLoop(atATime: number, seconds: number): Promise<Answers> {
    const answers: Answers = new Map();
    const end = performance.now() + seconds * 1000;
    const one = async () => {
      while (performance.now() < end) {
        const { status, ms } = await this.once();
        count(answers, status, ms);
      }
    };
    await Promise.all(Array.from({ length: atATime }, one));
    return answers;
  }

  /** So many a second, whatever becomes of those before; resolves when the last is answered. */
  async openLoop(perSecond: number, seconds: number): Promise<Answers> {
    const answers: Answers = new Map();
    const start = performance.now();
    const total = Math.round(perSecond * seconds);
    const under = new Set<Promise<void>>();
    for (let sent = 0; sent < total; await pause(TICK_MS)) {
      const due = Math.min(total, ((performance.now() - start) / 1000) * perSecond);
      for (; sent < due; sent++) {
        const at = start + (sent / perSecond) * 1000;
        const one = this.#deliver(at).then((status) => {
          count(answers, status, performance.now() - at);
          under.delete(one);
        });
        under.add(one);
      }
    }
    await Promise.all(under);
    return answers;
  }

  close(): void {
    for (const socket of this.#idle.splice(0)) socket.destroy();
  }

  #deliver(at: number): Promise<number> {
    return new Promise((answered) => {
      const due = { at, answered };
      const socket = this.#idle.pop();
      if (socket !== undefined) this.#send(socket, due);
      else if (this.#connections < MAX_CONNECTIONS) this.#send(this.#connect(), due);
      else this.#waiting.push(due);
    });
  }

  #connect(): Socket {
    this.#connections++;
    const socket = connect(this.#port, this.#host).setNoDelay(true);
    socket.once('close', () => this.#connections--);
    socket.on('error', () => undefined);
    return socket;
  }

  #send(socket: Socket, { answered }: Due): void {
    let text = '';
    const finish = (status: number) => {
      socket.off('data', read).off('close', lost);
      answered(status);
      if (status === 0) return;
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(socket);
      else this.#send(socket, next);
    };
    const read = (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const status = statusOf(text);
      if (status !== null) finish(status);
    };
    const lost = () => finish(0);
    socket.on('data', read).once('close', lost);
    const id = String(++this.#sent).padStart(ID_DIGITS, '0');
    socket.write(`${this.#head}${this.#body[0]}${id}${this.#body[1]}`);
  }
}

/** Of a whole answer; null while some of it is to come. */
function statusOf(text: string): number | null {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = text.slice(0, end);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  return text.length < end + 4 + length ? null : Number(head.slice(9, 12));
}

function count(answers: Answers, status: number, ms: number): void {
  const times = answers.get(status);
  if (times === undefined) answers.set(status, [ms]);
  else times.push(ms);
}
