import type { KnownNames } from '../facts/check-fact-path.js';
import { formatPath } from '../facts/fact-path.js';
import type { FieldDefinition, FieldType } from '../facts/facts.js';
import { didYouMean } from '../files/did-you-mean.js';
import { DECORATORS, type OperatorDefinition, OPERATORS } from './operators.js';
import type { ConditionValue, FactReference } from './read-conditions.js';

/** An operator as written: decorators from left to right, then the operator itself. */
export interface DecoratedOperator {
  readonly decorators: readonly string[];
  readonly name: string;
  readonly definition: OperatorDefinition;
}

export type OperatorParse =
  { readonly ok: true; readonly operator: DecoratedOperator } | { readonly ok: false; readonly message: string };

export function parseOperator(written: string): OperatorParse {
  const words = written.split(':');
  const name = words.at(-1)!;
  const decorators = words.slice(0, -1);
  const definition = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (definition === undefined) {
    return { ok: false, message: `unknown operator "${name}"${didYouMean(name, Object.keys(OPERATORS))}` };
  }
  const unknown = decorators.find((word) => !Object.hasOwn(DECORATORS, word));
  if (unknown !== undefined) {
    return { ok: false, message: `unknown decorator "${unknown}:"${didYouMean(unknown, Object.keys(DECORATORS))}` };
  }
  const rearranging = decorators.find((word) => ['someValue', 'everyValue', 'swap'].includes(word));
  if (rearranging !== undefined && definition.value === 'literal') {
    return { ok: false, message: `"${rearranging}:" cannot stand before "${name}"` };
  }
  return { ok: true, operator: { decorators, name, definition } };
}

export interface OperandFault {
  readonly about: 'operator' | 'value';
  readonly text: string;
}

/** What makes a comparison senseless: it could never be true, or would fail on a message. Null when nothing does. */
export function checkOperand(
  operator: DecoratedOperator,
  fact: FactReference,
  value: ConditionValue,
  known: KnownNames,
): OperandFault | null {
  if (operator.decorators.includes('swap')) return null;
  return (
    checkFact(operator, fact) ??
    ('fact' in value ? checkReference(operator) : checkLiteral(operator, fact, value.literal, known))
  );
}

function checkFact(
  { decorators, name, definition }: DecoratedOperator,
  { segments, field }: FactReference,
): OperandFault | null {
  if (field === null) return null;
  const isPerEntry = decorators.some((word) => word === 'someFact' || word === 'everyFact');
  if (isPerEntry && field.type !== 'texts') {
    return {
      about: 'operator',
      text: `"${formatPath(segments)}" is no list, "someFact:" and "everyFact:" cannot apply`,
    };
  }
  const type: FieldType = isPerEntry ? 'text' : field.type;
  // Times are texts too: a pattern or prefix on one is odd, but has a meaning.
  if (definition.facts.includes(type) || (type === 'time' && definition.facts.includes('text'))) return null;
  return {
    about: 'operator',
    text: `"${name}" cannot apply to "${formatPath(segments)}", which is ${TYPE_NAMES[type]}${betterOperator(type, name)}`,
  };
}

function checkReference({ name, definition }: DecoratedOperator): OperandFault | null {
  return definition.value === 'literal'
    ? { about: 'value', text: `the value of "${name}" must stand in the rule, it cannot be a fact` }
    : null;
}

function checkLiteral(
  { decorators, name, definition }: DecoratedOperator,
  { segments, field }: FactReference,
  literal: unknown,
  known: KnownNames,
): OperandFault | null {
  const isPerValue = decorators.some((word) => word === 'someValue' || word === 'everyValue');
  if (isPerValue && !Array.isArray(literal))
    return { about: 'value', text: '"someValue:" and "everyValue:" need a list' };
  for (const entry of isPerValue ? (literal as unknown[]) : [literal]) {
    const complaint = definition.check(entry);
    if (complaint !== null) return { about: 'value', text: `"${name}" ${complaint}` };
    if (name === 'inList' && !known.listNames.includes(entry as string)) {
      return {
        about: 'value',
        text: `unknown list "${entry as string}"${didYouMean(entry as string, known.listNames)}`,
      };
    }
    const impossible = field && checkAgainstField(name, entry, field);
    if (impossible) return { about: 'value', text: `"${formatPath(segments)}" ${impossible}` };
  }
  return null;
}

/** Why the field can never equal the value. */
function checkAgainstField(operator: string, value: unknown, field: FieldDefinition): string | null {
  if (!['equal', 'notEqual', 'in', 'notIn'].includes(operator)) return null;
  for (const entry of Array.isArray(value) ? (value as unknown[]) : [value]) {
    if (entry === null) continue;
    const wanted = { boolean: 'boolean', number: 'number' }[field.type as string] ?? 'string';
    if (typeof entry !== wanted) return `is ${TYPE_NAMES[field.type]}, it is never ${JSON.stringify(entry)}`;
    if (field.values !== undefined && !field.values.includes(entry as string)) {
      return `is one of ${field.values.join(', ')}, never "${entry as string}"${didYouMean(entry as string, field.values)}`;
    }
  }
  return null;
}

const TYPE_NAMES: Readonly<Record<FieldType, string>> = {
  text: 'text',
  boolean: 'true or false',
  number: 'a number',
  texts: 'a list of texts',
  map: 'a table of values',
  time: 'a time',
};

function betterOperator(type: FieldType, operator: string): string {
  if (type === 'texts') return `, did you mean "${operator === 'equal' ? 'contains' : `someFact:${operator}`}"?`;
  if (type === 'text' && operator === 'contains') return ', did you mean "containsText"?';
  if (type === 'text' && operator === 'doesNotContain') return ', did you mean "not:containsText"?';
  return '';
}
