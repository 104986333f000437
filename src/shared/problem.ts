import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What is wrong with a field: `changes[3].email`. Values are never repeated: they are personal data. */
export interface Violation {
  readonly field: string;
  readonly message: string;
}

/** An error answer. @source RFC 9457 */
export interface Problem {
  readonly status: number;
  /** What happened and what to do; free of personal data and secrets. */
  readonly detail?: string;
  /** Everything that is wrong with the payload. */
  readonly violations?: readonly Violation[];
}

const fieldsOf = new WeakMap<FastifyRequest, readonly string[]>();

/** The names of the fields for which a request was refused, each once; none when it was not for its fields. */
export function fieldsViolated(request: FastifyRequest): readonly string[] {
  return fieldsOf.get(request) ?? [];
}

/** Sends an error answer: `application/problem+json`, except 401, which says nothing at all to a stranger. */
export function sendProblem(reply: FastifyReply, { status, detail, violations }: Problem): FastifyReply {
  if (violations !== undefined) {
    const names = violations.map(({ field }) => (field === '' ? '(body)' : field));
    fieldsOf.set(reply.request, [...new Set(names)]);
  }
  if (status === 401) return reply.code(401).header('www-authenticate', 'Bearer').send();
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    ...(detail === undefined ? {} : { detail }),
    requestId: reply.request.id,
    ...(violations === undefined ? {} : { violations }),
  };
  return reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(body));
}

/** Refuses a body that is compressed: nothing here unpacks one, and a small one may become very large. Null when there is nothing to refuse. */
export function refuseEncoding({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply | null {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return null;
  return sendProblem(reply, { status: 415, detail: `content-encoding ${encoding} is not supported` });
}
