import type { KeyObject } from 'node:crypto';

/** How requests are authorised. Texts are ready to be sent. */
export type AuthOptions =
  | { readonly type: 'none' }
  /** The same headers with every request. */
  | { readonly type: 'headers'; readonly headers: Readonly<Record<string, string>> }
  | OAuth2Options;

export interface OAuth2Options {
  readonly type: 'oauth2';
  readonly tokenUrl: URL;
  /** What proves to the token endpoint who asks. */
  readonly grant:
    | {
        readonly type: 'fixed';
        readonly form: Readonly<Record<string, string>>;
        readonly headers: Readonly<Record<string, string>>;
      }
    | { readonly type: 'jwt'; readonly claims: JwtClaims; readonly form: Readonly<Record<string, string>> };
  /** The word before the token. */
  readonly scheme: string;
  /** Where the token's answer names the host of the API; null when it does not. */
  readonly baseUrlFrom: string | null;
}

export interface JwtClaims {
  readonly issuer: string;
  readonly subject: string | null;
  readonly audience: string;
  readonly scope: string | null;
  readonly keyId: string | null;
  readonly privateKey: KeyObject;
}
