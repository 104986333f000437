import { randomUUID, sign } from 'node:crypto';
import type { JwtClaims } from './auth-options.js';

/** Salesforce takes no more than three minutes. */
const LIFETIME_SECONDS = 120;

/** A signed assertion of who asks. @source RFC 7519, RFC 7515 (RS256), RFC 7523 §3 */
export function signJwt({ issuer, subject, audience, scope, keyId, privateKey }: JwtClaims, nowMs: number): string {
  const issuedAt = Math.floor(nowMs / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId === null ? {} : { kid: keyId }) };
  const claims = {
    iss: issuer,
    ...(subject === null ? {} : { sub: subject }),
    aud: audience,
    ...(scope === null ? {} : { scope }),
    iat: issuedAt,
    exp: issuedAt + LIFETIME_SECONDS,
    jti: randomUUID(),
  };
  const content = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${content}.${sign('RSA-SHA256', Buffer.from(content), privateKey).toString('base64url')}`;
}
