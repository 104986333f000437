import type { Facts } from '../facts/facts.js';
import type { ActionType, ActionValues } from './action.js';

/** Renders an action's value for a message; null when nothing is left of it. */
export type ValueTemplate<Type extends ActionType> = (facts: Facts) => ActionValues[Type] | null;
