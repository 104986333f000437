import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { JsonNode } from '../../../../files/json-document.js';
import { ObjectReader } from '../../../../files/object-reader.js';
import { readUrl } from '../read-url.js';
import { constantText, missingIn } from '../template.js';
import { isHeaderName, type TemplateReader } from '../template-reader.js';
import type { PositionName } from '../positions.js';
import type { AuthOptions, OAuth2Options } from './auth-options.js';

const OAUTH2_KEYS = ['tokenUrl', 'scope', 'scheme', 'baseUrlFrom'] as const;

/** The kinds of authorisation, each with the keys that it must and may have. */
export const AUTH_KEYS = {
  none: { required: [], optional: [] },
  bearer: { required: ['token'], optional: ['scheme'] },
  basic: { required: ['username', 'password'], optional: [] },
  header: { required: ['name', 'value'], optional: [] },
  'oauth2-client-credentials': {
    required: ['tokenUrl', 'clientId', 'clientSecret'],
    optional: [...OAUTH2_KEYS.slice(1), 'audience', 'clientAuthentication'],
  },
  'oauth2-jwt-bearer': {
    required: ['tokenUrl', 'clientId', 'audience', 'privateKey'],
    optional: [...OAUTH2_KEYS.slice(1), 'subject', 'keyId'],
  },
  'oauth2-refresh-token': {
    required: ['tokenUrl', 'clientId', 'clientSecret', 'refreshToken'],
    optional: [...OAUTH2_KEYS.slice(1), 'clientAuthentication'],
  },
} as const satisfies Record<string, { readonly required: readonly string[]; readonly optional: readonly string[] }>;

export type AuthType = keyof typeof AUTH_KEYS;

export const AUTH_TYPES = Object.keys(AUTH_KEYS) as AuthType[];
export const CLIENT_AUTHENTICATION = ['body', 'basic'] as const;

/** An authorisation as read, or the parameters that it lacks. */
type Reading = { readonly auth: AuthOptions } | { readonly missing: readonly string[] };

/**
 * The authorisation at "auth": one, or a list of which the first is taken whose parameters were all given.
 *
 * @param refuseMissing records that parameters are missing: those of each alternative
 */
export function readAuth(
  connector: ObjectReader,
  templates: TemplateReader,
  isHttpAllowed: boolean,
  refuseMissing: (alternatives: readonly (readonly string[])[]) => void,
): AuthOptions | undefined {
  const node = connector.get('auth');
  if (node === undefined) return { type: 'none' };
  const nodes = node.type === 'array' ? (node.children ?? []) : [node];
  if (nodes.length === 0) connector.document.error(node, '"auth" is an empty list; leave it out when there is none');
  const readings = nodes.map((each) => readOne(connector, each, templates, isHttpAllowed));
  const chosen = readings.find((reading) => reading !== undefined && 'auth' in reading);
  if (chosen !== undefined && 'auth' in chosen) return chosen.auth;
  const missing = readings.flatMap((reading) =>
    reading !== undefined && 'missing' in reading ? [reading.missing] : [],
  );
  if (missing.length > 0) refuseMissing(missing);
  return undefined;
}

function readOne(
  connector: ObjectReader,
  node: JsonNode,
  templates: TemplateReader,
  isHttpAllowed: boolean,
): Reading | undefined {
  const reader = ObjectReader.of(connector.document, node, '"auth"');
  reader?.require('type', '"auth"');
  const type = reader?.oneOf('type', AUTH_TYPES);
  if (reader === undefined || type === undefined) return undefined;
  const { required, optional }: { required: readonly string[]; optional: readonly string[] } = AUTH_KEYS[type];
  reader.allow(['type', 'description', ...required, ...optional], `"auth" of type "${type}"`);
  const absent = required.filter((key) => reader.require(key, `"auth" of type "${type}"`) === undefined);
  const texts = new AuthTexts(reader, templates);
  const auth = makeAuth(type, texts, isHttpAllowed);
  const missing = new Set(required.flatMap((key) => texts.missing.get(key) ?? []));
  if (missing.size > 0) return { missing: [...missing] };
  return absent.length > 0 || auth === undefined || texts.hasFault ? undefined : { auth };
}

/** The texts of one authorisation. */
class AuthTexts {
  /** Parameters that were not given, by the key that needs them. */
  readonly missing = new Map<string, readonly string[]>();
  hasFault = false;

  constructor(
    readonly reader: ObjectReader,
    readonly templates: TemplateReader,
  ) {}

  get(key: string, position: PositionName = 'body'): string {
    return this.optional(key, position) ?? '';
  }

  optional(key: string, position: PositionName = 'body'): string | null {
    const template = this.reader.has(key) ? this.templates.at(this.reader, key, position) : undefined;
    if (template === undefined) return null;
    const missing = missingIn(template);
    if (missing.length > 0) this.missing.set(key, missing);
    return missing.length > 0 ? null : (constantText(template) ?? null);
  }

  url(key: string, isHttpAllowed: boolean): URL | undefined {
    return readUrl(this.reader, key, this.templates, isHttpAllowed, (missing) => this.missing.set(key, missing));
  }

  refuse(key: string, message: string): void {
    this.hasFault = true;
    this.templates.refuse(this.reader, key, message);
  }

  /** The given texts by their names in a form; those that are absent are left out. */
  form(names: Readonly<Record<string, string>>): Record<string, string> {
    const pairs = Object.entries(names).map(([name, key]) => [name, this.optional(key)] as const);
    return Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null));
  }
}

function makeAuth(type: AuthType, texts: AuthTexts, isHttpAllowed: boolean): AuthOptions | undefined {
  switch (type) {
    case 'none':
      return { type: 'none' };
    case 'bearer':
      return headers(
        'authorization',
        `${texts.optional('scheme', 'header') ?? 'Bearer'} ${texts.get('token', 'header')}`,
      );
    case 'basic':
      return headers('authorization', basic(texts.get('username'), texts.get('password')));
    case 'header':
      return makeHeader(texts);
    case 'oauth2-client-credentials':
      return makeOAuth2(texts, isHttpAllowed, {
        grant_type: 'client_credentials',
        ...texts.form({ scope: 'scope', audience: 'audience' }),
      });
    case 'oauth2-refresh-token':
      return makeOAuth2(texts, isHttpAllowed, {
        grant_type: 'refresh_token',
        ...texts.form({ refresh_token: 'refreshToken', scope: 'scope' }),
      });
    case 'oauth2-jwt-bearer':
      return makeJwtBearer(texts, isHttpAllowed);
    default:
      return type satisfies never;
  }
}

function headers(name: string, value: string): AuthOptions {
  return { type: 'headers', headers: { [name]: value } };
}

function makeHeader(texts: AuthTexts): AuthOptions {
  const name = texts.get('name');
  if (name !== '' && !isHeaderName(name)) texts.refuse('name', '"name" must be the name of a header');
  return headers(name.toLowerCase(), texts.get('value', 'header'));
}

function makeOAuth2(
  texts: AuthTexts,
  isHttpAllowed: boolean,
  form: Readonly<Record<string, string>>,
): OAuth2Options | undefined {
  const how = texts.reader.oneOf('clientAuthentication', CLIENT_AUTHENTICATION) ?? 'body';
  const id = texts.get('clientId');
  const secret = texts.get('clientSecret');
  const grant =
    how === 'basic'
      ? { type: 'fixed' as const, form, headers: { authorization: basic(formEncode(id), formEncode(secret)) } }
      : { type: 'fixed' as const, form: { ...form, client_id: id, client_secret: secret }, headers: {} };
  return withGrant(texts, isHttpAllowed, grant);
}

/** @source RFC 7523; Salesforce, "OAuth 2.0 JWT Bearer Flow" */
function makeJwtBearer(texts: AuthTexts, isHttpAllowed: boolean): OAuth2Options | undefined {
  const privateKey = readPrivateKey(texts);
  const claims = {
    issuer: texts.get('clientId'),
    subject: texts.optional('subject'),
    audience: texts.get('audience'),
    scope: texts.optional('scope'),
    keyId: texts.optional('keyId'),
  };
  if (privateKey === undefined) {
    withGrant(texts, isHttpAllowed, { type: 'fixed', form: {}, headers: {} });
    return undefined;
  }
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' };
  return withGrant(texts, isHttpAllowed, { type: 'jwt', claims: { ...claims, privateKey }, form });
}

function withGrant(texts: AuthTexts, isHttpAllowed: boolean, grant: OAuth2Options['grant']): OAuth2Options | undefined {
  const tokenUrl = texts.url('tokenUrl', isHttpAllowed);
  const scheme = texts.optional('scheme', 'header') ?? 'Bearer';
  const baseUrlFrom = texts.reader.string('baseUrlFrom') ?? null;
  return tokenUrl && { type: 'oauth2', tokenUrl, grant, scheme, baseUrlFrom };
}

/** Line breaks may be written `\n`, as they are in an environment variable of one line. */
function readPrivateKey(texts: AuthTexts): KeyObject | undefined {
  const pem = texts.optional('privateKey');
  if (pem === null) return undefined;
  try {
    const key = createPrivateKey(pem.replaceAll(String.raw`\n`, '\n'));
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Node's words may quote the key.
  }
  texts.refuse('privateKey', '"privateKey" must be an RSA key in PEM (-----BEGIN PRIVATE KEY-----), unencrypted');
  return undefined;
}

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/** @source RFC 6749 §2.3.1: both are form-encoded first */
function formEncode(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}
