import type { FieldType } from '../facts/facts.js';

/** What a condition of a rule may say after `"operator"`. */
export interface OperatorDefinition {
  readonly description: string;
  /** A condition's `value`, for the docs and the schema. */
  readonly example: unknown;
  /** Types of fact that it can be true for. */
  readonly facts: readonly FieldType[];
  /** What is wrong with a literal value, or null. */
  readonly check: (value: unknown) => string | null;
  /** `literal`: the value must stand in the rule; it cannot be another fact. */
  readonly value: 'literal' | 'any';
  /** Types that a value which is another fact may have. */
  readonly valueFacts?: readonly FieldType[];
  /** Texts are compared in lower case: `prepare`'s function gets the fact so. */
  readonly ignoresCase?: true;
  /** The comparison, with the value prepared once. Absent for json-rules-engine's own and for `someItem`, whose value is a condition. */
  readonly prepare?: (value: unknown) => (fact: unknown, now: string) => boolean;
}

export type Operators = Readonly<Record<string, OperatorDefinition>>;
