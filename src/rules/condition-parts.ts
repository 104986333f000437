import type { PathSegments } from '../facts/fact-path.js';
import type { FieldDefinition } from '../facts/facts.js';
import type { OperatorDefinition } from './operator-definition.js';

/** An operator as written: decorators from left to right, then the operator itself. */
export interface DecoratedOperator {
  readonly decorators: readonly string[];
  readonly name: string;
  readonly definition: OperatorDefinition;
}

/** A fact of a condition: its full path and what is known of it (null: a customer's field, of any type). */
export interface FactReference {
  readonly segments: PathSegments;
  readonly field: FieldDefinition | null;
}

/** The value of a condition: a literal or another fact. */
export type ConditionValue = { readonly literal: unknown } | { readonly fact: FactReference };
