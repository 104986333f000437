import { type Agent, type ClientRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Whether the connection had carried a request before. */
  readonly isKeptAlive: boolean;
}

export interface SendOptions {
  /** Default: POST. */
  readonly method?: string;
  /** One that is undefined is not sent. */
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  /** Default: a connection of its own, closed after the answer. */
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

const PIECE_BYTES = 65_536;

/**
 * One HTTP request with exactly these headers; resolves with the whole answer, whatever its status, and rejects when the
 * connection fails. A large body stops being sent once the answer is there.
 */
export function send(url: string, options: SendOptions = {}): Promise<Answer> {
  const { method = 'POST', body } = options;
  const bytes = Buffer.from(body ?? '');
  const headers = body === undefined && method !== 'POST' ? {} : { 'content-length': bytes.length };
  const { outgoing, answer } = open(url, { ...options, method, headers: { ...headers, ...options.headers } });
  if (bytes.length <= PIECE_BYTES) outgoing.end(bytes);
  // What goes wrong with the connection rejects the answer, if there is none yet.
  else pipeline(Readable.from(pieces(bytes)), outgoing).catch(() => undefined);
  return answer;
}

/** A request that is under way. */
export interface Started {
  readonly answer: Promise<Answer>;
  /** Sends the rest of the body. */
  finish(): void;
}

/** Sends the headers and so much of the body; the rest waits for `finish`. */
export function start(url: string, options: SendOptions & { readonly firstBytes: number }): Started {
  const bytes = Buffer.from(options.body ?? '');
  const headers = { 'content-length': bytes.length, ...options.headers };
  const { outgoing, answer } = open(url, { ...options, headers });
  outgoing.flushHeaders();
  if (options.firstBytes > 0) outgoing.write(bytes.subarray(0, options.firstBytes));
  return { answer, finish: () => void outgoing.end(bytes.subarray(options.firstBytes)) };
}

function open(url: string, { method = 'POST', headers, agent, signal }: SendOptions) {
  const given = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined);
  const outgoing = request(url, {
    method,
    headers: Object.fromEntries(given),
    agent: agent ?? false,
    ...(signal === undefined ? {} : { signal }),
  });
  return { outgoing, answer: answerTo(outgoing) };
}

function answerTo(outgoing: ClientRequest): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const { statusCode = 0, headers } = incoming;
        const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
        resolve({ status: statusCode, headers, text, isKeptAlive: outgoing.reusedSocket });
        if (!outgoing.writableFinished) outgoing.destroy();
      });
    });
  });
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
