import type { ObjectReader } from '../files/object-reader.js';
import { readText, renderText, type TextContext } from './text-values.js';
import type { ValueTemplate } from './value-template.js';

/** Unicode code points that Emailgistics keeps of a field value; it truncates or drops the rest. */
export const MAX_FIELD_VALUE_LENGTH = 100;

export function readSetCustomFields(
  context: TextContext,
  reader: ObjectReader,
): ValueTemplate<'setCustomFields'> | undefined {
  if (reader.keys.length === 0) context.document.error(reader.node, '"value" names no custom field');
  const fields = reader.keys.flatMap((key) => {
    if (key.trim() === '') context.document.error(reader.keyNode(key), 'a custom field needs a key');
    else if (key.trim() !== key)
      context.document.error(reader.keyNode(key), `spaces around a custom field's key: write "${key.trim()}"`);
    const template = readText({ ...context, field: key }, reader.get(key)!, `"${key}"`, {
      allowEmpty: true,
      allowScalar: true,
    });
    return template === undefined ? [] : [{ key, template }];
  });
  return (facts) => {
    const entries = fields.flatMap(({ key, template }) => {
      const text = renderText(template, facts);
      return text === undefined ? [] : [[key, firstCodePoints(text, MAX_FIELD_VALUE_LENGTH)] as const];
    });
    return entries.length === 0 ? null : Object.fromEntries(entries);
  };
}

/** At most so many code points: a cut never falls inside a surrogate pair. */
export function firstCodePoints(text: string, count: number): string {
  if (text.length <= count) return text;
  return Array.from(text).slice(0, count).join('');
}
