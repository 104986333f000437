import { readFile } from 'node:fs/promises';
import { dirname, normalize } from 'node:path';
import { didYouMean } from '../files/did-you-mean.js';
import { type Fault, formatFault, hasErrors, sortFaults } from '../files/fault.js';
import { JsonDocument, type JsonNode, valueOf } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { EnricherError } from '../shared/errors.js';
import type { CrmProvider } from './crm.provider.js';
import { type FieldMap, type FieldSource, VALUE_TYPES } from './field-map.js';
import { type LookupOptions, readLookupOptions } from './lookup-options.js';
import { type ProtectionOptions, readProtection } from './protection-options.js';
import type { ProviderContext } from './provider-context.js';
import { readFileProvider } from './providers/file/file.provider.js';
import { readHttpProvider, readPresetProvider } from './providers/http/read-http-provider.js';
import { readSqlProvider } from './providers/sql/sql-config.js';
import { ASKING_KEYS, refuseKey } from './refuse-key.js';
import { resolveSecrets, type SecretResolution } from './secret-references.js';

export interface CrmConfig {
  readonly providers: readonly ProviderConfig[];
  readonly lookup: LookupOptions;
  /** All fields that some provider maps; null when one passes every column. */
  readonly customerFields: readonly string[] | null;
}

/** A provider of the configuration, checked and ready to be made. */
export interface ProviderConfig {
  readonly name: string;
  readonly type: ProviderType;
  readonly fields: FieldMap;
  readonly protection: ProtectionOptions;
  /** As written, but for what does not change whom it finds and how; secrets by their references. */
  readonly identity: string;
  /** Opens `POST /hooks/crm/<name>`; null when the CRM tells us nothing by itself. */
  readonly pushSecret: string | null;
  /** How often all changed customers are fetched ahead, in milliseconds; null for never. */
  readonly prefetchEveryMs: number | null;
  readonly create: () => CrmProvider;
  /** A warning at its entry in the configuration. */
  readonly warning: (message: string) => Fault;
}

type ProviderReader = (
  context: ProviderContext,
  reader: ObjectReader,
) => Promise<(() => CrmProvider) | undefined> | (() => CrmProvider) | undefined;

/** The provider types, one line each. `keys` is null when the reader refuses unknown keys itself. */
export const PROVIDER_TYPES = {
  file: { read: readFileProvider, keys: ['path', 'match'] },
  sql: { read: readSqlProvider, keys: ['url', 'byEmail', 'byDomain', 'changed', 'match'] },
  http: { read: readHttpProvider, keys: null },
  hubspot: { read: readPresetProvider, keys: null },
  salesforce: { read: readPresetProvider, keys: null },
  dynamics: { read: readPresetProvider, keys: null },
  zoho: { read: readPresetProvider, keys: null },
  pipedrive: { read: readPresetProvider, keys: null },
  zendesk: { read: readPresetProvider, keys: null },
} as const satisfies Record<string, { read: ProviderReader; keys: readonly string[] | null }>;

export type ProviderType = keyof typeof PROVIDER_TYPES;

/** Keys that every provider has. */
export const COMMON_KEYS = ['name', 'type', 'description', 'fields', ...ASKING_KEYS] as const;

export type CrmConfigRead =
  | { readonly ok: true; readonly config: CrmConfig; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export const MAX_PREFETCH_MINUTES = 7 * 24 * 60;
/** Fewer characters are guessed too fast. */
export const MIN_PUSH_SECRET_LENGTH = 16;

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
  const document = new JsonDocument(file, bytes, { mayHoldSecrets: true });
  const reading = new ConfigReading(document, env);
  const config = document.root && (await reading.readRoot(document.root));
  const faults = sortFaults(withoutEchoes([document, ...reading.included].flatMap((each) => each.faults)));
  return config === undefined || hasErrors(faults) ? { ok: false, faults } : { ok: true, config, warnings: faults };
}

/** A connector file that two providers use is read twice. */
function withoutEchoes(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

/** @throws EnricherError `CRM_CONFIG_INVALID` with every fault */
export async function requireCrmConfig(file: string, env: NodeJS.ProcessEnv): Promise<CrmConfig> {
  const read = await readCrmConfig(file, env);
  if (read.ok) return read.config;
  const list = read.faults.map(formatFault).join('\n');
  throw new EnricherError('CRM_CONFIG_INVALID', `The CRM configuration has ${read.faults.length} fault(s):\n${list}`);
}

class ConfigReading {
  readonly included: JsonDocument[] = [];
  readonly #names = new Set<string>();

  constructor(
    private readonly document: JsonDocument,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  async readRoot(root: JsonNode): Promise<CrmConfig | undefined> {
    const reader = ObjectReader.of(this.document, root, 'the CRM configuration');
    if (reader === undefined) return undefined;
    reader.allow(['$schema', 'description', 'providers', 'lookup'], 'the CRM configuration');
    reader.require('providers', 'the CRM configuration');
    const lookup = readLookupOptions(reader.object('lookup'));
    const providers: ProviderConfig[] = [];
    for (const node of reader.array('providers') ?? []) {
      const provider = await this.#readProvider(node, lookup);
      if (provider !== undefined) providers.push(provider);
    }
    return {
      providers,
      lookup,
      customerFields: providers.some(({ fields }) => fields === null)
        ? null
        : providers.flatMap(({ fields }) => Object.keys(fields!)),
    };
  }

  async #readProvider(node: JsonNode, lookup: LookupOptions): Promise<ProviderConfig | undefined> {
    const { document } = this;
    const reader = ObjectReader.of(document, node, 'a provider');
    if (reader === undefined) return undefined;
    const typeNode = reader.require('type', 'a provider');
    const type = reader.string('type');
    const name = reader.has('name') ? reader.string('name') : type;
    if (name !== undefined && this.#names.has(name))
      document.error(reader.get('name') ?? node, `duplicate provider "${name}"; give each a "name" of its own`);
    if (name !== undefined) this.#names.add(name);
    if (name === undefined || type === undefined || typeNode === undefined) return undefined;
    if (!isProviderType(type)) {
      const known = Object.keys(PROVIDER_TYPES);
      const message = `unknown provider type "${type}"${didYouMean(type, known)} (there are ${known.join(', ')})`;
      document.error(typeNode, message);
      return undefined;
    }
    const { read, keys }: { read: ProviderReader; keys: readonly string[] | null } = PROVIDER_TYPES[type];
    if (keys !== null) reader.allow([...COMMON_KEYS, ...keys], `a "${type}" provider`);
    const fields = readFields(reader);
    const protection = readProtection(reader, lookup.protection);
    const context = {
      name,
      type,
      fields,
      protection,
      folder: dirname(document.file),
      commonKeys: COMMON_KEYS,
      resolve: this.#resolve,
      text: this.#text,
      include: (other: JsonDocument) => void this.included.push(other),
    };
    const common = {
      protection,
      pushSecret: this.#pushSecret(reader),
      prefetchEveryMs: minutes(reader.integer('prefetchMinutes', 1, MAX_PREFETCH_MINUTES)),
    };
    if (lookup.lastKnownDays === 0)
      refuseKey(reader, 'prefetchMinutes', 'has no effect while "lastKnownDays" is 0: nothing would be kept');
    const create = await read(context, reader);
    const warning = (message: string) => document.faultAt('warning', node, message);
    return create && { name, type, fields, ...common, identity: identityOf(node), create, warning };
  }

  #pushSecret(reader: ObjectReader): string | null {
    const secret = this.#text(reader, 'pushSecret');
    if (secret === undefined) return null;
    if (secret.length >= MIN_PUSH_SECRET_LENGTH) return secret;
    this.document.error(reader.get('pushSecret')!, `"pushSecret" needs ${MIN_PUSH_SECRET_LENGTH} characters or more`);
    return null;
  }

  readonly #resolve = (text: string): SecretResolution => resolveSecrets(text, this.env, dirname(this.document.file));

  readonly #text = (from: ObjectReader, key: string): string | undefined => {
    const written = from.string(key);
    if (written === undefined) return undefined;
    const resolved = this.#resolve(written);
    if (resolved.ok) return resolved.text;
    from.document.error(from.get(key)!, resolved.message);
    return undefined;
  };
}

const WITHOUT_EFFECT_ON_RECORDS: readonly string[] = ['description', ...ASKING_KEYS];

function identityOf(node: JsonNode): string {
  const entries = Object.entries(valueOf(node) as object).filter(([key]) => !WITHOUT_EFFECT_ON_RECORDS.includes(key));
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isProviderType(type: string): type is ProviderType {
  return Object.hasOwn(PROVIDER_TYPES, type);
}

function minutes(count: number | undefined): number | null {
  return count === undefined ? null : count * 60_000;
}

function readFields(reader: ObjectReader): FieldMap {
  const fields = reader.object('fields');
  if (fields === undefined) return null;
  return Object.fromEntries(fields.keys.map((name) => [name, readSource(fields, name)]));
}

function readSource(fields: ObjectReader, name: string): FieldSource {
  if (fields.get(name)?.type !== 'object') return fields.string(name) ?? '';
  const what = `field "${name}"`;
  const source = fields.object(name, what)!;
  source.allow(['from', 'type'], what);
  source.require('from', what);
  const from = source.string('from') ?? '';
  const type = source.oneOf('type', VALUE_TYPES);
  return type === undefined ? from : { from, type };
}
