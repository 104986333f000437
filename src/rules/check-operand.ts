import type { KnownNames } from '../facts/check-fact-path.js';
import { formatPath } from '../facts/fact-path.js';
import type { FieldDefinition, FieldType } from '../facts/facts.js';
import { didYouMean } from '../files/did-you-mean.js';
import { checkAgainstField, TYPE_NAMES } from './check-against-field.js';
import { toNumber } from './number-operators.js';
import type { OperatorDefinition } from './operator-definition.js';
import { operatorMeant } from './operator-slips.js';
import { DECORATORS, OPERATORS } from './operators.js';
import type { ConditionValue, DecoratedOperator, FactReference } from './condition-parts.js';
import { parseTime } from './time-values.js';

export type OperatorParse =
  { readonly ok: true; readonly operator: DecoratedOperator } | { readonly ok: false; readonly message: string };

export function parseOperator(written: string): OperatorParse {
  const words = written.split(':');
  const name = words.at(-1)!;
  const decorators = words.slice(0, -1);
  const definition = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (definition === undefined) return { ok: false, message: `unknown operator "${name}"${operatorMeant(name)}` };
  const unknown = decorators.find((word) => !Object.hasOwn(DECORATORS, word));
  if (unknown !== undefined) {
    return { ok: false, message: `unknown decorator "${unknown}:"${didYouMean(unknown, Object.keys(DECORATORS))}` };
  }
  const rearranging = decorators.find((word) => ['someValue', 'everyValue', 'swap'].includes(word));
  if (rearranging !== undefined && definition.value === 'literal') {
    return { ok: false, message: `"${rearranging}:" cannot stand before "${name}"` };
  }
  if (decorators.some((word, index) => word === 'swap' && decorators[index - 1] === 'swap')) {
    return { ok: false, message: '"swap:swap:" exchanges twice, so it has no effect' };
  }
  return { ok: true, operator: { decorators, name, definition } };
}

export interface OperandFault {
  readonly about: 'operator' | 'value';
  /** Position in a value that is a list; absent when it is about the whole. */
  readonly entry?: number;
  readonly text: string;
}

/** One side of a comparison: a fact, or the literals that can come to stand there. */
type Operand =
  | {
      readonly about: OperandFault['about'];
      readonly segments: FactReference['segments'];
      readonly type: FieldType | null;
    }
  | { readonly about: 'value'; readonly literals: readonly Literal[] };

interface Literal {
  readonly value: unknown;
  /** Its position in the list that the rule has; absent when it is the value itself. */
  readonly entry?: number;
}

/** What makes a comparison senseless: it could never be true, or would fail on a message. Null when nothing does. */
export function checkOperand(
  operator: DecoratedOperator,
  fact: FactReference,
  value: ConditionValue,
  known: KnownNames,
): OperandFault | null {
  const { decorators, name, definition } = operator;
  if ('fact' in value && definition.value === 'literal')
    return { about: 'value', text: `the value of "${name}" must stand in the rule, it cannot be a fact` };
  let left: Operand = { about: 'operator', segments: fact.segments, type: fact.field?.type ?? null };
  let right: Operand =
    'fact' in value
      ? { about: 'value', segments: value.fact.segments, type: value.fact.field?.type ?? null }
      : { about: 'value', literals: [{ value: value.literal }] };
  for (const word of decorators) {
    if (word === 'swap') [left, right] = [right, left];
    else if (word !== 'not') {
      const isOfFact = word === 'someFact' || word === 'everyFact';
      const entries = entriesOf(isOfFact ? left : right, isOfFact);
      if ('text' in entries) return entries;
      if (isOfFact) left = entries;
      else right = entries;
    }
  }
  return (
    checkLeft(operator, left) ??
    checkRight(operator, right) ??
    ('fact' in value ? null : checkLiterals(name, fact.segments, fact.field, [left, right], known))
  );
}

function entriesOf(operand: Operand, isOfFact: boolean): Operand | OperandFault {
  const words = isOfFact ? '"someFact:" and "everyFact:"' : '"someValue:" and "everyValue:"';
  if (!('literals' in operand)) {
    if (operand.type === null) return operand;
    if (operand.type === 'texts') return { ...operand, type: 'text' };
    return { about: operand.about, text: `"${formatPath(operand.segments)}" is no list, ${words} cannot apply` };
  }
  const literals: Literal[] = [];
  for (const { value, entry } of operand.literals) {
    if (!Array.isArray(value)) return { about: 'value', ...at(entry), text: `${words} need a list` };
    literals.push(...value.map((inner: unknown, index) => ({ value: inner, entry: entry ?? index })));
  }
  return { about: 'value', literals };
}

function checkLeft({ name, definition }: DecoratedOperator, operand: Operand): OperandFault | null {
  if ('literals' in operand) {
    const wrong = operand.literals.find(({ value }) => !typesOf(value).some((type) => definition.facts.includes(type)));
    return wrong === undefined
      ? null
      : {
          about: 'value',
          ...at(wrong.entry),
          text: `"swap:" puts the value in the place of the fact, and "${name}" cannot apply to ${JSON.stringify(wrong.value)}`,
        };
  }
  const { about, segments, type } = operand;
  // Times are texts too: a pattern or prefix on one is odd, but has a meaning.
  if (type === null || definition.facts.includes(type) || (type === 'time' && definition.facts.includes('text')))
    return null;
  return {
    about,
    text: `"${name}" cannot apply to "${formatPath(segments)}", which is ${TYPE_NAMES[type]}${betterOperator(type, name)}`,
  };
}

function checkRight({ name, definition }: DecoratedOperator, operand: Operand): OperandFault | null {
  if (!('literals' in operand)) {
    const { about, segments, type } = operand;
    if (type === null || definition.valueFacts === undefined || definition.valueFacts.includes(type)) return null;
    const text = `"${name}" cannot compare with "${formatPath(segments)}", which is ${TYPE_NAMES[type]}`;
    return { about, text };
  }
  for (const { value, entry } of operand.literals) {
    const complaint = definition.check(value);
    if (complaint === null) continue;
    const wrong = Array.isArray(value) && entry === undefined ? wrongEntry(value, definition) : -1;
    return { about: 'value', ...at(wrong < 0 ? entry : wrong), text: `"${name}" ${complaint}` };
  }
  return null;
}

/** The position of the entry for which a list is refused; -1 when it is refused as a whole. */
function wrongEntry(list: readonly unknown[], { check, valueFacts }: OperatorDefinition): number {
  return valueFacts?.includes('texts') === true ? list.findIndex((entry) => check([entry]) !== null) : -1;
}

function checkLiterals(
  name: string,
  segments: FactReference['segments'],
  field: FieldDefinition | null,
  operands: readonly Operand[],
  known: KnownNames,
): OperandFault | null {
  for (const { value, entry } of operands.flatMap((operand) => ('literals' in operand ? operand.literals : []))) {
    if (name === 'inList' && !known.listNames.includes(value as string)) {
      return {
        about: 'value',
        text: `unknown list "${value as string}"${didYouMean(value as string, known.listNames)}`,
      };
    }
    if (field === null) continue;
    for (const [index, inner] of (Array.isArray(value) ? (value as unknown[]) : [value]).entries()) {
      const impossible = checkAgainstField(name, inner, field);
      const position = entry ?? (Array.isArray(value) ? index : undefined);
      if (impossible !== null)
        return { about: 'value', ...at(position), text: `"${formatPath(segments)}" ${impossible}` };
    }
  }
  return null;
}

function at(entry: number | undefined): { entry?: number } {
  return entry === undefined ? {} : { entry };
}

/** What a literal in the place of a fact can be taken for. */
function typesOf(value: unknown): FieldType[] {
  if (Array.isArray(value)) return ['texts'];
  if (typeof value === 'boolean') return ['boolean'];
  const types: FieldType[] = typeof value === 'string' ? ['text'] : [];
  if (toNumber(value) !== null) types.push('number');
  if (parseTime(value) !== null) types.push('time');
  return types;
}

function betterOperator(type: FieldType, operator: string): string {
  if (type === 'texts') return `, did you mean "${operator === 'equal' ? 'contains' : `someFact:${operator}`}"?`;
  if (type === 'text' && operator === 'contains') return ', did you mean "containsText"?';
  if (type === 'text' && operator === 'doesNotContain') return ', did you mean "not:containsText"?';
  return '';
}
