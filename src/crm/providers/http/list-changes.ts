import { EnricherError } from '../../../shared/errors.js';
import type { CustomerPage, ListedCustomer } from '../../crm.provider.js';
import { Places } from '../../places.js';
import type { ApiClient } from './api-client.js';
import type { NextPage, PagedRequest } from './connector.js';
import { objectAt, type RecordReader } from './customer-fields.js';
import { readData } from './data-path.js';
import { domainsIn, emailsIn, type Item, itemsIn } from './items.js';
import type { Values } from './template.js';

/** Which page of which request. */
interface Place {
  readonly request: number;
  /** A cursor, an address or a number, as the request goes on; null for its first page. */
  readonly at: string | null;
}

/**
 * Everybody whom the requests list, page by page, one request after the other.
 *
 * @throws EnricherError `CRM_MISCONFIGURED` when a next page was there before, also in a circle
 */
export async function* listChanges(
  client: ApiClient,
  requests: readonly PagedRequest[],
  read: RecordReader,
  since: Date | null,
  from: string | null,
  signal: AbortSignal,
): AsyncGenerator<CustomerPage> {
  const times = timesOf(since ?? new Date(0));
  const begin = parsePlace(from, requests.length);
  const places = new Places();
  places.add(textOf(begin));
  for (let place: Place | null = begin; place !== null;) {
    const request: PagedRequest = requests[place.request]!;
    const json = await askFor(client, request, place.at, times, signal);
    const items = json === undefined ? [] : itemsIn(json, request);
    const at: string | null = json === undefined ? null : nextOf(request, place.at, json, items);
    const next: Place | null = at === null ? requestAfter(place, requests.length) : { request: place.request, at };
    if (next !== null && !places.add(textOf(next))) throw goesRound(request);
    yield { customers: customersIn(items, request, read), next: next === null ? null : textOf(next) };
    place = next;
  }
}

function goesRound({ name }: PagedRequest): EnricherError {
  return new EnricherError('CRM_MISCONFIGURED', `${name}: the API gives the same page again and again; check "next"`);
}

function askFor(client: ApiClient, request: PagedRequest, at: string | null, times: Values, signal: AbortSignal) {
  if (request.next?.type === 'url' && at !== null) return client.follow(request, at, signal);
  return client.ask(request, { ...times, ...positionOf(request.next, at) }, signal);
}

function positionOf(next: NextPage | null, at: string | null): Values {
  if (next?.type === 'page') return { page: at ?? String(next.first) };
  const cursor = at ?? (next?.type === 'last' ? next.first : null);
  return cursor === null ? {} : { cursor };
}

function customersIn(items: readonly Item[], request: PagedRequest, read: RecordReader): ListedCustomer[] {
  return items.flatMap((item) => {
    const emails = emailsIn(item, request.emails);
    const domains = domainsIn(item, request.domains);
    const objects = { contact: objectAt(item, request.contact), company: objectAt(item, request.company) };
    return emails.length + domains.length === 0 ? [] : [{ emails, domains, record: read(objects) }];
  });
}

function nextOf({ next }: PagedRequest, at: string | null, json: unknown, items: readonly Item[]): string | null {
  return next === null || isLast(next, json) ? null : readNext(next, at, json, items);
}

function isLast({ more, until }: NextPage, json: unknown): boolean {
  return (more !== null && !isTrue(readData(json, more))) || (until !== null && isTrue(readData(json, until)));
}

function readNext(next: NextPage, at: string | null, json: unknown, items: readonly Item[]): string | null {
  switch (next.type) {
    case 'cursor':
      return toText(readData(json, next.cursor));
    case 'url':
      return toText(readData(json, next.url));
    case 'last':
      return toText(readData(items.at(-1), next.last));
    case 'page':
      return String(Number(at ?? next.first) + 1);
    default:
      return next satisfies never;
  }
}

function isTrue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0 && value !== 'false';
}

function toText(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

function requestAfter({ request }: Place, count: number): Place | null {
  return request + 1 < count ? { request: request + 1, at: null } : null;
}

function textOf({ request, at }: Place): string {
  return JSON.stringify([request, at]);
}

/** A place as `next` tells it; the beginning when it is none (the connector changed since). */
function parsePlace(text: string | null, count: number): Place {
  const [request, at] = text === null ? [0, null] : parseList(text);
  const isPlace = typeof request === 'number' && Number.isInteger(request) && request >= 0 && request < count;
  return isPlace ? { request, at: typeof at === 'string' ? at : null } : { request: 0, at: null };
}

function parseList(text: string): readonly unknown[] {
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function timesOf(since: Date): Values {
  const ms = since.getTime();
  return {
    since: since.toISOString().replace(/\.\d+Z$/, 'Z'),
    sinceSeconds: String(Math.floor(ms / 1000)),
    sinceMs: String(ms),
  };
}
