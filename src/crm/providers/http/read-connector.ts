import type { ObjectReader } from '../../../files/object-reader.js';
import { type FieldMap, sourceName } from '../../field-map.js';
import { readAuth } from './auth/read-auth.js';
import type { Connector } from './connector.js';
import { hasCompanies, LABEL, namesOf, sourceOf } from './customer-fields.js';
import { OUTCOME_KEYS, readOutcomes } from './read-matchers.js';
import { FIELD_NAME } from './read-parameters.js';
import { readChecks, readLookup, readPaged } from './read-request.js';
import { readUrl } from './read-url.js';
import { listAt } from './read-path.js';
import { type Constant, constantText, missingIn, type Scope } from './template.js';
import { TemplateReader } from './template-reader.js';

/** The keys of a connector that are not about the file. */
export const CONNECTOR_KEYS = [
  'baseUrl',
  'hosts',
  'headers',
  'auth',
  'contactFields',
  'companyFields',
  'byEmail',
  'byDomain',
  'changedSince',
  'check',
  'labelSuffix',
  ...OUTCOME_KEYS,
];

/** The keys of a connector in a file of its own. */
export const CONNECTOR_FILE_KEYS = ['$schema', 'description', 'parameters', ...CONNECTOR_KEYS];

/** How a connector is used. */
export interface ConnectorUse {
  readonly fields: FieldMap;
  readonly constants: ReadonlyMap<string, Constant | null>;
  readonly reference: Scope['reference'];
  /** What must not be part of a message, as far as it is known now. */
  readonly secrets: readonly string[];
  readonly isHttpAllowed: boolean;
  /** Records that the user gave too little for any of the alternatives of "auth". */
  readonly refuseMissing: (alternatives: readonly (readonly string[])[]) => void;
}

const HOST = /^(\*\.)?[a-z\d-]+(\.[a-z\d-]+)+$/;

/** The connector that an object describes; undefined (recorded) when it has faults. */
export function readConnector(reader: ObjectReader, use: ConnectorUse, what: string): Connector | undefined {
  reader.require('baseUrl', what);
  reader.require('byEmail', what);
  const lists = new Map([
    ['contactFields', unique([...readNames(reader, 'contactFields'), ...namesOf(use.fields, 'contact')])],
    ['companyFields', unique([...readNames(reader, 'companyFields'), ...namesOf(use.fields, 'company')])],
  ]);
  const { constants, reference, isHttpAllowed } = use;
  const templates = new TemplateReader(reader.document, { constants, lists, runtime: [], reference });
  const baseUrl = readUrl(reader, 'baseUrl', templates, isHttpAllowed);
  const auth = readAuth(reader, templates, isHttpAllowed, use.refuseMissing);
  const byEmail = readLookup(reader, 'byEmail', templates);
  const rest = {
    hosts: readHosts(reader, templates),
    headers: templates.headers(reader, 'headers'),
    byDomain: readLookup(reader, 'byDomain', templates) ?? null,
    changedSince: readPaged(reader, templates),
    check: readChecks(reader, templates),
    outcomes: readOutcomes(reader, constants),
    labelSuffix: reader.string('labelSuffix') ?? null,
  };
  if (baseUrl === undefined || auth === undefined || byEmail === undefined) return undefined;
  return { baseUrl: baseUrl.href.replace(/\/+$/, ''), auth, byEmail, ...rest, secrets: use.secrets };
}

/** Records names on the right side of "fields" that no CRM has, or that the connector cannot give. */
export function checkFields(provider: ObjectReader, fields: FieldMap, connector: Connector): void {
  const written = provider.get('fields')?.type === 'object' ? provider.object('fields') : undefined;
  for (const [name, source] of Object.entries(fields ?? {})) {
    const node = written?.get(name)?.type === 'object' ? written.object(name)?.get('from') : written?.get(name);
    const from = sourceName(source);
    if (node === undefined || from === '') continue;
    const { level, asked } = sourceOf(from, null);
    if (from.endsWith(LABEL) && connector.labelSuffix === null)
      provider.document.error(node, `"${from}" asks for a label, and this connector gives none`);
    else if (!FIELD_NAME.test(asked))
      provider.document.error(node, `"${from}" is no name of a field: letters, digits, "_" and "." between them`);
    else if (level === 'company' && !hasCompanies(connector))
      provider.document.error(node, `"${from}" is a field of the company, and this connector gives none of a company`);
  }
}

function readHosts(reader: ObjectReader, templates: TemplateReader): string[] {
  return listAt(reader, 'hosts').flatMap((node) => {
    const template = templates.read(node, 'a host', 'url');
    if (template === undefined || missingIn(template).length > 0) return [];
    const host = constantText(template) ?? '';
    if (HOST.test(host)) return [host];
    reader.document.error(node, '"hosts" are names such as "api.crm.example", or "*.crm.example" for all below it');
    return [];
  });
}

function readNames(reader: ObjectReader, key: string): string[] {
  return (reader.array(key) ?? []).flatMap((node) => {
    const name = typeof node.value === 'string' ? node.value : '';
    if (FIELD_NAME.test(name)) return [name];
    reader.document.error(node, `"${key}" are names of fields: letters, digits, "_" and "." between them`);
    return [];
  });
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
