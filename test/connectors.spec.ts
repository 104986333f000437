import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from '@jest/globals';
import { connectorSchema } from '../src/crm/providers/http/connector-schema.js';
import { PRESETS } from '../src/crm/providers/http/presets.js';

const FOLDER = new URL('../connectors/', import.meta.url);

interface Parameter {
  readonly description?: string;
  readonly secret?: boolean;
}

test('each preset has its file, and each file its preset', () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(PRESETS.map((preset) => `${preset}.json`).toSorted());
});

describe.each(PRESETS)('connectors/%s.json', (preset) => {
  const text = readFileSync(new URL(`${preset}.json`, FOLDER), 'utf8');
  const connector = JSON.parse(text) as { description?: string; parameters: Record<string, Parameter> };

  test('is as the published schema has it', () => {
    const validate = new Ajv({ strict: false }).compile(connectorSchema());
    expect([validate(connector), validate.errors]).toEqual([true, null]);
  });

  test('says what it is, and what each parameter is', () => {
    expect(connector.description).toMatch(/\w/);
    const parameters = Object.entries(connector.parameters);
    expect(parameters.filter(([, { description }]) => description === undefined)).toEqual([]);
    const secrets = parameters.filter(([name]) => /secret|token$|key$/i.test(name));
    expect(secrets.filter(([, { secret }]) => secret !== true)).toEqual([]);
  });
});
