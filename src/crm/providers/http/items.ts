import { asciiDomain, type EmailAddress, parseEmailAddress } from '../../../shared/email-address.js';
import { EnricherError } from '../../../shared/errors.js';
import { isObject } from '../../../shared/is-object.js';
import type { RequestTemplate } from './connector.js';
import { type DataPath, readEach } from './data-path.js';

/** A record of an answer. */
export type Item = Readonly<Record<string, unknown>>;

/**
 * The records of an answer: a list, or one object. A name of the path that is not there at all is no empty list, but a wrong path.
 *
 * @throws EnricherError `CRM_MISCONFIGURED`
 */
export function itemsIn(json: unknown, { name, items: path }: RequestTemplate): Item[] {
  const found = isObject(json) && Object.hasOwn(json, path.text) ? json[path.text] : walk(json, path, name);
  if (found === null || found === undefined) return [];
  const items: unknown[] = Array.isArray(found) ? found : [found];
  if (!items.every(isObject))
    throw new EnricherError(
      'CRM_MISCONFIGURED',
      `${name}: "items" (${path.text}) is neither an object nor a list of objects`,
    );
  return items.filter((item) => Object.keys(item).length > 0);
}

function walk(json: unknown, { text, segments }: DataPath, name: string): unknown {
  let current = json;
  for (const segment of segments) {
    if (current === null || current === undefined) return undefined;
    const isThere = typeof current === 'object' && Object.hasOwn(current, segment);
    const mayLack =
      typeof segment === 'number' ? Array.isArray(current) : isObject(current) && Object.keys(current).length === 0;
    if (!isThere && !mayLack)
      throw new EnricherError(
        'CRM_MISCONFIGURED',
        `${name}: the answer has no "${segment}", which "items" (${text}) of the connector names`,
      );
    current = (current as Record<string | number, unknown>)[segment];
  }
  return current;
}

/** Whether the address stands at one of the paths. CRMs write several in one text, `a@x; b@x`. */
export function hasEmail(item: Item, paths: readonly DataPath[], { address }: EmailAddress): boolean {
  return emailsIn(item, paths).includes(address);
}

/** Whether the domain, or a web address on it, stands at one of the paths. */
export function hasDomain(item: Item, paths: readonly DataPath[], domain: string): boolean {
  return domainsIn(item, paths).includes(domain);
}

/** All addresses at the paths, normalised. */
export function emailsIn(item: Item, paths: readonly DataPath[]): string[] {
  return unique(textsIn(item, paths).flatMap((text) => parseEmailAddress(text)?.address ?? []));
}

/** All domains at the paths, without `www.`, in ASCII. */
export function domainsIn(item: Item, paths: readonly DataPath[]): string[] {
  return unique(textsIn(item, paths).flatMap((text) => domainOf(text) ?? []));
}

function textsIn(item: Item, paths: readonly DataPath[]): string[] {
  const values = paths.flatMap((path) => readEach(item, path));
  return values
    .filter((value) => typeof value === 'string')
    .flatMap((text) => text.split(/[;,\s]+/))
    .filter((text) => text !== '');
}

/** `acme.example` of `https://www.acme.example/de`, `ACME.example` and `acme.example:8443`. */
function domainOf(text: string): string | null {
  const host = text
    .replace(/^[a-z][a-z\d+.-]*:\/\//i, '')
    .replace(/[/?#].*$/s, '')
    .replace(/^[^@]*@/, '')
    .replace(/:\d+$/, '');
  return asciiDomain(host)?.replace(/^www\.(?=.*\.)/, '') ?? null;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
