import type { FieldDefinition, FieldType } from '../facts/facts.js';
import { normalForm } from '../facts/normal-form.js';
import { didYouMean } from '../files/did-you-mean.js';

export const TYPE_NAMES: Readonly<Record<FieldType, string>> = {
  text: 'text',
  boolean: 'true or false',
  number: 'a number',
  texts: 'a list of texts',
  map: 'a table of values',
  time: 'a time',
};

/** Operators that ask for exactly the value, or whether it is an entry. */
const EXACT_OPERATORS = ['equal', 'notEqual', 'in', 'notIn', 'contains', 'doesNotContain'];

/** Why the field, or an entry of it when it is a list, can never equal the value; null when it can. */
export function checkAgainstField(operator: string, value: unknown, field: FieldDefinition): string | null {
  if (!EXACT_OPERATORS.includes(operator) || value === null) return null;
  const wanted = { boolean: 'boolean', number: 'number' }[field.type as string] ?? 'string';
  if (typeof value !== wanted) {
    const claim = field.type === 'texts' ? 'it never holds' : 'it is never';
    return `is ${TYPE_NAMES[field.type]}, ${claim} ${JSON.stringify(value)}`;
  }
  if (typeof value !== 'string') return null;
  if (field.values !== undefined && !field.values.includes(value)) {
    return `is one of ${field.values.join(', ')}, never "${value}"${didYouMean(value, field.values)}`;
  }
  const normal = field.form === undefined ? value : normalForm(field.form, value);
  if (normal === value) return null;
  return `is ${normal === value.toLowerCase() ? 'lower case' : 'in normal form'}: write "${normal}"`;
}
