import { readFile } from 'node:fs/promises';
import { dirname, normalize } from 'node:path';
import { didYouMean } from '../files/did-you-mean.js';
import { type Fault, formatFault, hasErrors, sortFaults } from '../files/fault.js';
import { JsonDocument, type JsonNode } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { EnricherError } from '../shared/errors.js';
import type { CrmProvider } from './crm.provider.js';
import type { FieldMap } from './field-map.js';
import { readFileProvider } from './providers/file.provider.js';
import { readSqlProvider } from './providers/sql.provider.js';
import { resolveSecrets } from './secret-references.js';

/** What the message gets when no provider could be reached and no rule acts: an error for people to see, or a retry. */
export type OnUnavailable = 'error' | 'retry';

export interface CrmConfig {
  readonly providers: readonly ProviderConfig[];
  readonly onUnavailable: OnUnavailable;
  /** Longest wait for one call to a provider, in milliseconds. */
  readonly timeoutMs: number;
  /** All fields that some provider maps; null when one passes every column. */
  readonly customerFields: readonly string[] | null;
}

/** A provider of the configuration, checked and ready to be made. */
export interface ProviderConfig {
  readonly name: string;
  readonly fields: FieldMap;
  readonly create: () => CrmProvider;
  /** A warning at its entry in the configuration. */
  readonly warning: (message: string) => Fault;
}

/** What a provider type needs to read its part of the configuration. */
export interface ProviderContext {
  readonly name: string;
  readonly fields: FieldMap;
  /** Paths in the configuration are relative to this folder. */
  readonly folder: string;
  /** The text at a key with `${env:…}` and `${file:…}` replaced; undefined (recorded) when absent or unresolved. */
  readonly text: (reader: ObjectReader, key: string) => string | undefined;
}

type ProviderReader = (context: ProviderContext, reader: ObjectReader) => (() => CrmProvider) | undefined;

/** The provider types, one line each. */
export const PROVIDER_TYPES = {
  file: { read: readFileProvider, keys: ['path', 'match'] },
  sql: { read: readSqlProvider, keys: ['url', 'byEmail', 'byDomain'] },
} as const satisfies Record<string, { read: ProviderReader; keys: readonly string[] }>;

export type CrmConfigRead =
  | { readonly ok: true; readonly config: CrmConfig; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export const DEFAULT_TIMEOUT_MS = 3_000;
export const MAX_TIMEOUT_MS = 60_000;

/** Reads `config/crm.json`; secrets come from the given environment. */
export async function readCrmConfig(path: string, env: NodeJS.ProcessEnv): Promise<CrmConfigRead> {
  const file = normalize(path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    const message = `cannot read the CRM configuration (${reason}); without a CRM it is { "providers": [] }`;
    return { ok: false, faults: [{ severity: 'error', file, line: 1, column: 1, message, source: '' }] };
  }
  const document = new JsonDocument(file, bytes);
  const config = document.root && readRoot(document, document.root, env);
  const faults = sortFaults(document.faults);
  return config === undefined || hasErrors(faults) ? { ok: false, faults } : { ok: true, config, warnings: faults };
}

/** @throws EnricherError `CRM_CONFIG_INVALID` with every fault */
export async function requireCrmConfig(file: string, env: NodeJS.ProcessEnv): Promise<CrmConfig> {
  const read = await readCrmConfig(file, env);
  if (read.ok) return read.config;
  const list = read.faults.map(formatFault).join('\n');
  throw new EnricherError('CRM_CONFIG_INVALID', `The CRM configuration has ${read.faults.length} fault(s):\n${list}`);
}

function readRoot(document: JsonDocument, root: JsonNode, env: NodeJS.ProcessEnv): CrmConfig | undefined {
  const reader = ObjectReader.of(document, root, 'the CRM configuration');
  if (reader === undefined) return undefined;
  reader.allow(['$schema', 'description', 'providers', 'lookup'], 'the CRM configuration');
  reader.require('providers', 'the CRM configuration');
  const names = new Set<string>();
  const providers = (reader.array('providers') ?? []).flatMap((node) => readProvider(document, node, names, env) ?? []);
  const lookup = reader.object('lookup');
  lookup?.allow(['timeoutMs', 'onUnavailable'], '"lookup"');
  return {
    providers,
    onUnavailable: lookup?.oneOf('onUnavailable', ['error', 'retry']) ?? 'error',
    timeoutMs: lookup?.integer('timeoutMs', 1, MAX_TIMEOUT_MS) ?? DEFAULT_TIMEOUT_MS,
    customerFields: providers.some(({ fields }) => fields === null)
      ? null
      : providers.flatMap(({ fields }) => Object.keys(fields!)),
  };
}

function readProvider(
  document: JsonDocument,
  node: JsonNode,
  names: Set<string>,
  env: NodeJS.ProcessEnv,
): ProviderConfig | undefined {
  const reader = ObjectReader.of(document, node, 'a provider');
  if (reader === undefined) return undefined;
  reader.require('name', 'a provider');
  const name = reader.string('name');
  if (name !== undefined && names.has(name)) document.error(reader.get('name')!, `duplicate provider "${name}"`);
  if (name !== undefined) names.add(name);
  const typeNode = reader.require('type', 'a provider');
  const type = reader.string('type');
  if (name === undefined || type === undefined || typeNode === undefined) return undefined;
  if (!Object.hasOwn(PROVIDER_TYPES, type)) {
    document.error(
      typeNode,
      `unknown provider type "${type}"${didYouMean(type, Object.keys(PROVIDER_TYPES))} (there are ${Object.keys(PROVIDER_TYPES).join(', ')})`,
    );
    return undefined;
  }
  const { read, keys } = PROVIDER_TYPES[type as keyof typeof PROVIDER_TYPES];
  reader.allow(['name', 'type', 'description', 'fields', ...keys], `a "${type}" provider`);
  const text = (from: ObjectReader, key: string) => {
    const written = from.string(key);
    if (written === undefined) return undefined;
    const resolved = resolveSecrets(written, env, dirname(document.file));
    if (resolved.ok) return resolved.text;
    document.error(from.get(key)!, resolved.message);
    return undefined;
  };
  const fields = readFields(reader);
  const create = read({ name, fields, folder: dirname(document.file), text }, reader);
  return create && { name, fields, create, warning: (message) => document.faultAt('warning', node, message) };
}

function readFields(reader: ObjectReader): FieldMap {
  const fields = reader.object('fields');
  if (fields === undefined) return null;
  return Object.fromEntries(fields.keys.map((name) => [name, fields.string(name) ?? '']));
}
