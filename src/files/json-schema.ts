/** Parts of JSON Schemas (draft-07), as editors read them. */

export type Schema = Readonly<Record<string, unknown>>;

export const text = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  minLength: 1,
  description,
  ...more,
});
export const object = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  more: Schema = {},
): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
  ...more,
});
export const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more });
export const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
