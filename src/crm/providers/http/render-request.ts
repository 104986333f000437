import type { BodyTemplate, Connector, JsonTemplate, NamedTemplate, RequestTemplate } from './connector.js';
import type { HttpRequest } from './exchange.js';
import { encodeQueryKey } from './positions.js';
import { render, type Values } from './template.js';
import { UnsendableValue } from './unsendable-value.js';

type Rendered = Omit<HttpRequest, 'url'> & { readonly pathAndQuery: string };

/**
 * A request with these values. What needs a value that is not there (the cursor of a first page) is left out.
 *
 * @throws UnsendableValue when a value cannot stand where it should
 */
export function renderRequest(
  { method, path, query, headers, body }: RequestTemplate,
  connector: Connector,
  values: Values,
): Rendered {
  const renderedPath = render(path, values);
  if (renderedPath === undefined) throw new UnsendableValue('the path needs a value that there is not');
  const pairs = renderNamed(query, values).map(([key, value]) => `${encodeQueryKey(key)}=${value}`);
  const content = body === null ? null : renderBody(body, values);
  return {
    method,
    pathAndQuery: `${renderedPath}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`,
    headers: {
      ...(body === null ? {} : { 'content-type': CONTENT_TYPES[body.type] }),
      ...lowerCase(renderNamed(connector.headers, values)),
      ...lowerCase(renderNamed(headers, values)),
    },
    body: content,
  };
}

/** The headers of a request for a page that the API gave the address of. */
export function renderHeaders({ headers }: RequestTemplate, connector: Connector): Record<string, string> {
  return lowerCase(renderNamed([...connector.headers, ...headers], {}));
}

/**
 * The address below a base.
 *
 * @throws UnsendableValue when a value would change the path
 */
export function joinUrl(base: string, pathAndQuery: string): URL {
  const url = new URL(`${base}${pathAndQuery}`);
  const [path = ''] = pathAndQuery.split('?');
  if (!url.pathname.endsWith(path) || `${url.origin}${url.pathname}` !== `${base}${path}`)
    throw new UnsendableValue('it would change the path');
  return url;
}

const CONTENT_TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' } as const;

function renderNamed(named: readonly NamedTemplate[], values: Values): [name: string, text: string][] {
  return named.flatMap(([name, template]) => {
    const text = render(template, values);
    return text === undefined ? [] : [[name, text] satisfies [string, string]];
  });
}

function lowerCase(named: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(named.map(([name, text]) => [name.toLowerCase(), text]));
}

function renderBody(body: BodyTemplate, values: Values): string {
  if (body.type === 'form') return new URLSearchParams(renderNamed(body.fields, values)).toString();
  return JSON.stringify(renderJson(body.value, values) ?? null);
}

function renderJson(template: JsonTemplate, values: Values): unknown {
  switch (template.type) {
    case 'literal':
      return template.value;
    case 'text':
      return render(template.template, values);
    case 'list':
      return template.items.map((item) => renderJson(item, values)).filter((item) => item !== undefined);
    case 'object':
      // JSON.stringify leaves out members that are undefined; fromEntries makes even "__proto__" a plain one.
      return Object.fromEntries(template.members.map(([key, value]) => [key, renderJson(value, values)]));
    default:
      return template satisfies never;
  }
}
