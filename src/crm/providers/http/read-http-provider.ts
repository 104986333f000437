import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { JsonDocument } from '../../../files/json-document.js';
import { ObjectReader } from '../../../files/object-reader.js';
import type { ProviderContext } from '../../provider-context.js';
import type { CrmProvider } from '../../crm.provider.js';
import { refuseKey } from '../../refuse-key.js';
import type { Connector } from './connector.js';
import { HttpProvider, listedWith } from './http.provider.js';
import { presetFile } from './presets.js';
import {
  checkFields,
  CONNECTOR_FILE_KEYS,
  CONNECTOR_KEYS,
  type ConnectorUse,
  readConnector,
} from './read-connector.js';
import { readArguments, readParameters } from './read-parameters.js';

/** What a provider of type "http" has beside its connector. */
const HTTP_KEYS = ['connector', 'allowHttp'];

/** A provider whose connector stands in the configuration itself, or in the file at "connector". */
export async function readHttpProvider(
  context: ProviderContext,
  reader: ObjectReader,
): Promise<(() => CrmProvider) | undefined> {
  const isHttpAllowed = reader.boolean('allowHttp') ?? false;
  if (!reader.has('connector')) return readInline(context, reader, isHttpAllowed);
  const path = reader.string('connector');
  if (path === undefined) return undefined;
  const file = normalize(isAbsolute(path) ? path : join(context.folder, path));
  const connector = await openConnector(file, context, (reason) =>
    reader.document.error(reader.get('connector')!, `cannot read the connector ${file} (${reason})`),
  );
  return connector && readWith(connector, context, reader, { own: HTTP_KEYS, isHttpAllowed });
}

/** A provider whose connector comes with enricher. */
export async function readPresetProvider(
  context: ProviderContext,
  reader: ObjectReader,
): Promise<(() => CrmProvider) | undefined> {
  const connector = await openConnector(presetFile(context.type), context, (reason) =>
    reader.document.error(reader.get('type')!, `cannot read the connector "${context.type}" (${reason})`),
  );
  return connector && readWith(connector, context, reader, { own: [], isHttpAllowed: false });
}

function readInline(
  context: ProviderContext,
  reader: ObjectReader,
  isHttpAllowed: boolean,
): (() => CrmProvider) | undefined {
  const what = 'a "http" provider without "connector"';
  reader.allow([...context.commonKeys, ...HTTP_KEYS, ...CONNECTOR_KEYS], what);
  const secrets: string[] = [];
  const resolve = (reference: string) => {
    const resolved = context.resolve(reference);
    if (resolved.ok) secrets.push(resolved.text);
    return resolved;
  };
  return make(context, reader, reader, what, {
    fields: context.fields,
    constants: new Map(),
    reference: resolve,
    secrets,
    isHttpAllowed,
    refuseMissing: () => undefined,
  });
}

function readWith(
  connector: ObjectReader,
  context: ProviderContext,
  reader: ObjectReader,
  { own, isHttpAllowed }: { readonly own: readonly string[]; readonly isHttpAllowed: boolean },
): (() => CrmProvider) | undefined {
  const what = `a "${context.type}" provider`;
  connector.allow(CONNECTOR_FILE_KEYS, 'a connector');
  const reserved = [...context.commonKeys, ...HTTP_KEYS];
  const parameters = readParameters(connector, reserved);
  reader.allow([...context.commonKeys, ...own, ...parameters.map(({ name }) => name)], what);
  const refuseMissing: ConnectorUse['refuseMissing'] = (alternatives) => {
    const lists = alternatives.map((names) => names.map((name) => `"${name}"`).join(' and '));
    const isSaid = alternatives
      .flat()
      .every((name) => parameters.some((each) => each.name === name && isRequired(each)));
    if (!isSaid) reader.document.error(reader.node, `${what} needs ${lists.join(', or ')}`);
  };
  const constants = readArguments(parameters, reader, what, context.text);
  const given = [...constants.values()].filter((constant) => constant !== null && constant.refuse !== null);
  return make(context, reader, connector, 'a connector', {
    fields: context.fields,
    constants,
    reference: null,
    secrets: given.map((constant) => constant!.text),
    isHttpAllowed,
    refuseMissing,
  });
}

function isRequired(parameter: { readonly isOptional: boolean; readonly default: string | null }): boolean {
  return !parameter.isOptional && parameter.default === null;
}

function make(
  { name, fields }: ProviderContext,
  provider: ObjectReader,
  reader: ObjectReader,
  what: string,
  use: ConnectorUse,
): (() => CrmProvider) | undefined {
  const connector: Connector | undefined = readConnector(reader, use, what);
  if (connector === undefined) return undefined;
  checkFields(provider, fields, connector);
  if (listedWith(fields, connector).length === 0)
    refuseKey(provider, 'prefetchMinutes', 'has no effect: the connector lists no customers with all of these fields');
  return () => new HttpProvider({ name, connector, fields });
}

/** A reader of a connector file, whose faults are then reported with those of the configuration. */
async function openConnector(
  file: string,
  { include }: ProviderContext,
  refuse: (reason: string) => void,
): Promise<ObjectReader | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    refuse((error as NodeJS.ErrnoException).code ?? 'unreadable');
    return undefined;
  }
  const document = new JsonDocument(file, bytes);
  include(document);
  return document.root && ObjectReader.of(document, document.root, 'a connector');
}
