import { didYouMean } from '../../../files/did-you-mean.js';
import { ObjectReader } from '../../../files/object-reader.js';
import type { BodyTemplate, FollowUp, Levels, LookupRequest, PagedRequest, RequestTemplate } from './connector.js';
import { WHOLE } from './data-path.js';
import { readNext } from './read-next.js';
import { OUTCOME_KEYS, readOutcomes } from './read-matchers.js';
import { listAt, readPath, readPaths } from './read-path.js';
import { namesIn, type Template } from './template.js';
import type { TemplateReader } from './template-reader.js';

export const REQUEST_KEYS = [
  'description',
  'needs',
  'method',
  'path',
  'query',
  'headers',
  'body',
  'form',
  'items',
  ...OUTCOME_KEYS,
];
export const LOOKUP_KEYS = [...REQUEST_KEYS, 'where', 'contact', 'company', 'then'];
export const FOLLOW_UP_KEYS = [...REQUEST_KEYS, 'as', 'id'];
export const PAGED_KEYS = [...REQUEST_KEYS, 'contact', 'company', 'next', 'emails', 'domains'];

/** What each request is made with. */
export const PLACEHOLDERS = {
  byEmail: ['email', 'local', 'domain'],
  byDomain: ['domain'],
  changedSince: ['since', 'sinceSeconds', 'sinceMs', 'cursor', 'page'],
  check: [],
} as const;

export const METHODS = ['GET', 'POST'] as const;
export const LEVELS = ['contact', 'company'] as const;
/** What a URL shows as it is, without the signs that end its path. */
const PATH = /^\/(?!\/)[\w\-.~!$&'()*+,;=:@/%[\]]*$/;

/** The request at `byEmail` or `byDomain`; undefined when absent, faulty, or in need of a parameter that was not given. */
export function readLookup(
  parent: ObjectReader,
  name: 'byEmail' | 'byDomain',
  templates: TemplateReader,
): LookupRequest | undefined {
  const reader = parent.object(name);
  if (reader === undefined) return undefined;
  reader.allow(LOOKUP_KEYS, `"${name}"`);
  const isWhole = wholeSince(reader);
  const { constants } = templates.scope;
  const request = readRequest(reader, name, templates.with(...PLACEHOLDERS[name]));
  const where = reader.object('where');
  where?.allow(['equals'], '"where"');
  where?.require('equals', '"where"');
  const ofThen = templates.with(...PLACEHOLDERS[name], 'id');
  const followUps = listAt(reader, 'then')
    .map((node) => readFollowUp(ObjectReader.of(reader.document, node, '"then"'), `${name}.then`, ofThen))
    .filter((followUp) => followUp !== undefined);
  const paths = where === undefined ? [] : readPaths(where, 'equals', constants);
  const isOfCompanies = name === 'byDomain' && (reader.has('company') || followUps.some(({ as }) => as === 'company'));
  const levels = readLevels(reader, isOfCompanies, templates);
  if (request === undefined || !isNeeded(reader, templates)) return undefined;
  if (isWhole()) checkTellsApart(reader, name, request);
  return { ...request, ...levels, where: paths, followUps, mayFindNothing: true };
}

/** The requests at `changedSince`. */
export function readPaged(parent: ObjectReader, templates: TemplateReader): PagedRequest[] {
  const { constants } = templates.scope;
  const requests = listAt(parent, 'changedSince').map((node) => {
    const reader = ObjectReader.of(parent.document, node, 'a request of "changedSince"');
    if (reader === undefined) return undefined;
    reader.allow(PAGED_KEYS, '"changedSince"');
    const isWhole = wholeSince(reader);
    const request = readRequest(reader, 'changedSince', templates.with(...PLACEHOLDERS.changedSince));
    const found = { emails: readPaths(reader, 'emails', constants), domains: readPaths(reader, 'domains', constants) };
    if (!reader.has('emails') && !reader.has('domains'))
      reader.document.error(
        node,
        'a request of "changedSince" needs "emails" or "domains": what its records are found by',
      );
    const levels = readLevels(reader, reader.has('company'), templates);
    const next = readNext(reader, request !== undefined && isWhole() ? placeholdersIn(request) : null, constants);
    return request && isNeeded(reader, templates) ? { ...request, ...levels, ...found, next } : undefined;
  });
  return requests.filter((request) => request !== undefined);
}

/** The request or requests at `check`. */
export function readChecks(parent: ObjectReader, templates: TemplateReader): RequestTemplate[] {
  const requests = listAt(parent, 'check').map((node) => {
    const reader = ObjectReader.of(parent.document, node, '"check"');
    reader?.allow(REQUEST_KEYS, '"check"');
    const request = reader && readRequest(reader, 'check', templates.with(...PLACEHOLDERS.check));
    return reader && isNeeded(reader, templates) ? request : undefined;
  });
  return requests.filter((request) => request !== undefined);
}

function readFollowUp(reader: ObjectReader | undefined, name: string, templates: TemplateReader): FollowUp | undefined {
  if (reader === undefined) return undefined;
  reader.allow(FOLLOW_UP_KEYS, '"then"');
  const isWhole = wholeSince(reader);
  reader.require('as', '"then"');
  reader.require('id', '"then"');
  const as = reader.oneOf('as', LEVELS);
  const id = readPath(reader, 'id', templates.scope.constants);
  const request = readRequest(reader, name, templates);
  if (request !== undefined && isWhole() && !placeholdersIn(request).has('id'))
    reader.document.error(reader.node, '"then" does not use {{id}}, so it would find the same for everybody');
  if (request === undefined || as === undefined || id === undefined || !isNeeded(reader, templates)) return undefined;
  return { ...request, as, id, mayFindNothing: true };
}

function readRequest(reader: ObjectReader, name: string, templates: TemplateReader): RequestTemplate | undefined {
  reader.require('path', `"${name}"`);
  const { constants } = templates.scope;
  const body = readBody(reader, templates);
  const method = reader.oneOf('method', METHODS) ?? (body === null ? 'GET' : 'POST');
  const path = templates.at(reader, 'path', 'path');
  const query = templates.named(reader.object('query'), 'query');
  const headers = templates.headers(reader, 'headers');
  const items = readPath(reader, 'items', constants) ?? WHOLE;
  const outcomes = readOutcomes(reader, constants);
  if (body !== null && method === 'GET')
    reader.document.error(reader.get('method')!, `a GET request has no body; "${name}" needs "method": "POST"`);
  if (path === undefined || !isPath(reader, path)) return undefined;
  return { name, method, path, query, headers, body, items, outcomes, mayFindNothing: false };
}

function isPath(reader: ObjectReader, { parts }: Template): boolean {
  const written = parts.map((part) => (typeof part === 'string' ? part : 'x')).join('');
  const problem = !written.startsWith('/')
    ? 'must begin with "/"'
    : /[?#]/.test(written)
      ? 'must end before "?" and "#"; what follows "?" belongs into "query"'
      : !PATH.test(written) || /(^|\/)(\.|%2e){1,2}(\/|$)/i.test(written)
        ? 'must be a plain path'
        : undefined;
  if (problem !== undefined) reader.document.error(reader.get('path')!, `"path" ${problem}`);
  return problem === undefined;
}

function readBody(reader: ObjectReader, templates: TemplateReader): BodyTemplate | null {
  const node = reader.get('body');
  const form = reader.object('form');
  if (node !== undefined && form !== undefined)
    reader.document.error(reader.keyNode('form'), 'a request has either "body" or "form"');
  if (form !== undefined) return { type: 'form', fields: templates.named(form, 'body') };
  const value = node && templates.json(node);
  return value === undefined ? null : { type: 'json', value };
}

/** A contact is the item itself unless the connector says otherwise; where companies are listed it must say so. */
function readLevels(reader: ObjectReader, isOfCompanies: boolean, { scope }: TemplateReader): Levels {
  const company = readPath(reader, 'company', scope.constants) ?? null;
  return { contact: readPath(reader, 'contact', scope.constants) ?? (isOfCompanies ? null : WHOLE), company };
}

/** Whether the parameters that a request "needs" were given. */
function isNeeded(reader: ObjectReader, { scope: { constants } }: TemplateReader): boolean {
  const nodes = listAt(reader, 'needs');
  for (const node of nodes) {
    const name = String(node.value);
    if (constants.has(name)) continue;
    const known = [...constants.keys()];
    reader.document.error(node, `"needs" names no parameter "${name}"${didYouMean(name, known)} of the connector`);
  }
  return nodes.every((node) => constants.get(String(node.value)) !== null);
}

/** Whether nothing was recorded since: what a faulty text seems to lack may be its slip. */
function wholeSince({ document }: ObjectReader): () => boolean {
  const { length } = document.faults;
  return () => document.faults.length === length;
}

function checkTellsApart(reader: ObjectReader, name: 'byEmail' | 'byDomain', request: RequestTemplate): void {
  const used = placeholdersIn(request);
  const isFine = used.has('domain') && (name === 'byDomain' || used.has('local'));
  if (isFine || (name === 'byEmail' && used.has('email'))) return;
  const missing = name === 'byDomain' ? '{{domain}}' : '{{email}}';
  reader.document.error(reader.node, `"${name}" does not use ${missing}, so it would find the same for everybody`);
}

function placeholdersIn({ path, query, headers, body }: RequestTemplate): Set<string> {
  const named = [...query, ...headers].map(([, template]) => template);
  return new Set([path, ...named, ...(body === null ? [] : templatesIn(body))].flatMap(namesIn));
}

function templatesIn(body: BodyTemplate): Template[] {
  if (body.type === 'form') return body.fields.map(([, template]) => template);
  const found: Template[] = [];
  const visit = (value: typeof body.value): void => {
    if (value.type === 'text') found.push(value.template);
    if (value.type === 'list') value.items.forEach(visit);
    if (value.type === 'object') value.members.forEach(([, member]) => visit(member));
  };
  visit(body.value);
  return found;
}
