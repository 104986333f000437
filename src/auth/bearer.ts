import { hash, timingSafeEqual } from 'node:crypto';

const BEARER = /^bearer +(.*)$/i;

/** What a secret is compared by. */
export function digestOf(secret: string): Buffer {
  return digest(Buffer.from(secret));
}

/** Whether an `Authorization` header carries one of the secrets. Takes the same time whichever it is, and if none. */
export function carriesOneOf(digests: readonly Buffer[], header: string | undefined): boolean {
  const token = BEARER.exec(header ?? '')?.[1]?.trim();
  // Node hands over header bytes as Latin-1; taken back to bytes, a UTF-8 secret compares equal to the configured one.
  const given = digest(Buffer.from(token ?? '', 'latin1'));
  let isAccepted = false;
  for (const accepted of digests) isAccepted = timingSafeEqual(given, accepted) || isAccepted;
  return token !== undefined && isAccepted;
}

function digest(bytes: Buffer): Buffer {
  return hash('sha256', bytes, 'buffer');
}
