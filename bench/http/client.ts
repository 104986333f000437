import { connect, type Socket } from 'node:net';

export interface Target {
  /** With its path. */
  readonly url: string;
  readonly secret: string;
  /** A payload; each delivery gets an id of its own. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** What every answer must be. */
  readonly envelope: string;
}

export interface Round {
  readonly deliveries: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const ID_DIGITS = 15;
const HEADERS_END = '\r\n\r\n';

/**
 * Delivers over so many kept-alive connections, each carrying one message at a time and at once the next. It writes bytes by hand: on two
 * cores a client that costs as much as the server would hide what the server costs.
 */
export async function deliver(target: Target, connections: number, seconds: number): Promise<Round> {
  const { hostname, port } = new URL(target.url);
  const message = toMessage(target);
  const endsAt = performance.now() + seconds * 1000;
  const times: number[] = [];
  const loop = async () => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const answers = readAnswers(socket);
    try {
      for (let at = performance.now(); at < endsAt; at = performance.now()) {
        socket.write(message(), 'latin1');
        const { head, body } = await answers.next();
        times.push(performance.now() - at);
        if (!head.startsWith('HTTP/1.1 200 ') || body !== target.envelope || /^x-replayed:/im.test(head))
          throw new Error(`another answer: ${head}\n\n${body}`);
      }
    } finally {
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  times.sort((a, b) => a - b);
  const percentile = (share: number) => times[Math.floor(share * (times.length - 1))] ?? Number.NaN;
  return { deliveries: times.length, perSecond: times.length / seconds, p50: percentile(0.5), p99: percentile(0.99) };
}

let lastId = Date.now();

/** Each call gives the bytes of one more delivery. The payload is ASCII. */
function toMessage({ url, secret, payload }: Target): () => string {
  const { host, pathname } = new URL(url);
  const id = '0'.repeat(ID_DIGITS);
  const text = JSON.stringify({ ...payload, id });
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    `authorization: Bearer ${secret}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    '\r\n',
  ].join('\r\n');
  const [before, after] = text.split(id) as [string, string];
  return () => `${head}${before}${String(++lastId).padStart(ID_DIGITS, '0')}${after}`;
}

/** Answers in their order, one asked for at a time. */
function readAnswers(socket: Socket) {
  let received = '';
  let waiting: PromiseWithResolvers<{ head: string; body: string }> | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
    const headEnd = received.indexOf(HEADERS_END);
    if (headEnd < 0) return;
    const head = received.slice(0, headEnd);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
    const bodyStart = headEnd + HEADERS_END.length;
    if (!(received.length >= bodyStart + length)) return;
    const body = received.slice(bodyStart, bodyStart + length);
    received = received.slice(bodyStart + length);
    waiting?.resolve({ head, body });
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')));
  return {
    next() {
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
  };
}
