import type { JsonDocument } from '../files/json-document.js';
import type { ObjectReader } from '../files/object-reader.js';
import type { FieldMap } from './field-map.js';
import type { ProtectionOptions } from './protection-options.js';
import type { SecretResolution } from './secret-references.js';

/** What a provider type needs to read its part of the configuration. */
export interface ProviderContext {
  readonly name: string;
  readonly type: string;
  readonly fields: FieldMap;
  readonly protection: ProtectionOptions;
  /** Paths in the configuration are relative to this folder. */
  readonly folder: string;
  /** Keys that every provider has, for a reader that refuses unknown keys itself. */
  readonly commonKeys: readonly string[];
  /** A text with `${env:…}` and `${file:…}` replaced. */
  readonly resolve: (text: string) => SecretResolution;
  /** The text at a key with `${env:…}` and `${file:…}` replaced; undefined (recorded) when absent or unresolved. */
  readonly text: (reader: ObjectReader, key: string) => string | undefined;
  /** Reports the faults of another file that the provider is made of. */
  readonly include: (document: JsonDocument) => void;
}
