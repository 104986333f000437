import { object, type Schema } from '../files/json-schema.js';

/** Parts of the schemas of the OpenAPI document (JSON Schema 2020-12, as OpenAPI 3.1 has it). */

export const schemaRef = (name: string): { $ref: string } => ({ $ref: `#/components/schemas/${name}` });
/** An object with all of these properties and no other. */
export const whole = (properties: Readonly<Record<string, Schema>>, more: Schema = {}): Schema =>
  object(properties, Object.keys(properties), more);
export const string = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });
export const time = (description: string): Schema => string(description, { format: 'date-time' });
export const flag = (description: string): Schema => ({ type: 'boolean', description });
export const count = (description: string, more: Schema = {}): Schema => ({
  type: 'integer',
  minimum: 0,
  description,
  ...more,
});
export const milliseconds = (description: string): Schema => ({ type: 'number', minimum: 0, description });
export const oneOf = (values: readonly string[], description: string): Schema => ({
  type: 'string',
  enum: values,
  description,
});
/** Or null. */
export const maybe = (schema: Schema): Schema => {
  const { type, enum: values, ...rest } = schema;
  if (type === undefined) return { anyOf: [schema, { type: 'null' }] };
  return {
    type: [type, 'null'],
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
    ...rest,
  };
};
