import { once } from 'node:events';
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
  /** No more deliveries than this are under way at once. */
  readonly maxConnections: number;
}

const PATH = '/webhooks/emailgistics';
const ID_DIGITS = 12;
const TICK_MS = 5;
/** So many are opened at a time: a listening socket keeps no more than some hundred waiting. */
const OPEN_AT_A_TIME = 100;

type Answered = (status: number) => void;

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
  readonly #maxConnections: number;
  readonly #waiting: Answered[] = [];
  #connections = 0;
  #sent = 0;

  constructor({ url, secret, payload, maxConnections }: Target) {
    this.#maxConnections = maxConnections;
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

  /** Opens all connections, as a sender has them that has been sending for a while. */
  async open(): Promise<void> {
    while (this.#connections < this.#maxConnections) {
      const room = Math.min(OPEN_AT_A_TIME, this.#maxConnections - this.#connections);
      const sockets = Array.from({ length: room }, () => this.#connect());
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      this.#idle.push(...sockets);
    }
  }

  /** One delivery; resolves with the status of its answer, 0 when the connection failed. */
  once(): Promise<number> {
    return this.#deliver();
  }

  /** So many at a time, each followed by the next: what the service can take. */
  async closedLoop(atATime: number, seconds: number): Promise<Answers> {
    const answers: Answers = new Map();
    const end = performance.now() + seconds * 1000;
    const one = async () => {
      while (performance.now() < end) await this.#counted(answers, performance.now());
    };
    await Promise.all(Array.from({ length: atATime }, one));
    return answers;
  }

  /** So many a second, whatever becomes of those before; resolves when the last is answered. */
  async openLoop(perSecond: number, seconds: number): Promise<Answers> {
    const answers: Answers = new Map();
    const start = performance.now();
    const total = Math.round(perSecond * seconds);
    const waits: Promise<void>[] = [];
    for (let sent = 0; sent < total; await pause(TICK_MS)) {
      const due = Math.min(total, ((performance.now() - start) / 1000) * perSecond);
      for (; sent < due; sent++) {
        const at = start + (sent / perSecond) * 1000;
        waits.push(this.#counted(answers, at));
      }
    }
    await Promise.all(waits);
    return answers;
  }

  close(): void {
    for (const socket of this.#idle.splice(0)) socket.destroy();
  }

  /** @param at when it is due */
  async #counted(answers: Answers, at: number): Promise<void> {
    const status = await this.#deliver();
    const times = answers.get(status);
    const ms = performance.now() - at;
    if (times === undefined) answers.set(status, [ms]);
    else times.push(ms);
  }

  #deliver(): Promise<number> {
    return new Promise((answered) => {
      const socket = this.#idle.pop();
      if (socket !== undefined) this.#send(socket, answered);
      else if (this.#connections < this.#maxConnections) this.#send(this.#connect(), answered);
      else this.#waiting.push(answered);
    });
  }

  #connect(): Socket {
    this.#connections++;
    const socket = connect(this.#port, this.#host).setNoDelay(true);
    socket.once('close', () => this.#connections--);
    socket.on('error', () => undefined);
    return socket;
  }

  #send(socket: Socket, answered: Answered): void {
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
