import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Schema } from '../../../files/json-schema.js';

/** The CRMs whose connector files come with enricher, in `connectors/`. */
export const PRESETS = ['hubspot', 'salesforce', 'dynamics', 'zoho', 'pipedrive', 'zendesk'] as const;

export type Preset = (typeof PRESETS)[number];

/** The connector file of a preset: the same from `src` and from `dist`. */
export function presetFile(preset: string): string {
  const file = fileURLToPath(new URL(`../../../../connectors/${preset}.json`, import.meta.url));
  const below = relative('.', file);
  return below.startsWith('..') ? file : below;
}

/** What the user of a preset gives beside "fields", as parts of a JSON Schema, and which of it must be given. */
export function presetParameters(preset: Preset): {
  readonly description: string;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Schema>>;
} {
  const { description, parameters = {} } = JSON.parse(readFileSync(presetFile(preset), 'utf8')) as ConnectorFile;
  const entries = Object.entries(parameters);
  return {
    description: description ?? preset,
    required: entries
      .filter(([, { default: otherwise, optional }]) => otherwise === undefined && optional !== true)
      .map(([name]) => name),
    properties: Object.fromEntries(entries.map(([name, parameter]) => [name, schemaOf(parameter)])),
  };
}

interface ConnectorFile {
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, WrittenParameter>>;
}

interface WrittenParameter {
  readonly description?: string;
  readonly default?: string;
  readonly optional?: boolean;
  readonly secret?: boolean;
  readonly pattern?: string;
}

function schemaOf({ description = '', default: otherwise, secret, pattern }: WrittenParameter): Schema {
  const isTemplate = otherwise?.includes('{{') === true;
  const notes = [
    description,
    isTemplate ? `Left out: ${otherwise.replace(/\{\{\s*(\w+)\s*\}\}/g, '<$1>')}` : '',
    secret === true ? 'A secret: write ${env:NAME} or ${file:path}' : '',
  ];
  return {
    type: 'string',
    minLength: 1,
    description: notes.filter((note) => note !== '').join('. '),
    ...(otherwise === undefined || isTemplate ? {} : { default: otherwise }),
    ...(pattern === undefined ? {} : { pattern: `${pattern}|\\$\\{(env|file):[^}]+\\}` }),
  };
}
