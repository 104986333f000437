import type { Facts } from '../facts/facts.js';
import type { Action, ActionType, ActionValues } from './action.js';
import type { ActionTemplate } from './action-template.js';

/** A rule that acts, as far as composing is concerned. */
export interface ActingRule {
  readonly name: string;
  readonly actions: readonly ActionTemplate[];
}

/** Something that a rule wanted and that is not in the answer. */
export interface Suppressed {
  readonly rule: string;
  readonly type: ActionType;
  /** What of the action: a field's key or a tag; null for the whole action. */
  readonly part: string | null;
  /** The rule that had it first; null when the action rendered to nothing. */
  readonly wonBy: string | null;
}

export interface Composition {
  readonly actions: readonly Action[];
  readonly suppressed: readonly Suppressed[];
}

/**
 * The ordered actions of the rules that act, by the merge law: a custom field is set once, a tag added once, one assignment,
 * equal messages once; the first rule in order wins.
 */
export function composeActions(rules: readonly ActingRule[], facts: Facts): Composition {
  const actions: Action[] = [];
  const suppressed: Suppressed[] = [];
  const winners = new Map<string, string>();
  for (const rule of rules) {
    for (const template of rule.actions) {
      const { type } = template;
      const lose = (part: string | null, wonBy: string | null) =>
        void suppressed.push({ rule: rule.name, type, part, wonBy });
      /** Whether this rule has the thing, which it then holds against later ones. */
      const claim = (key: string, part: string | null): boolean => {
        const winner = winners.get(`${type} ${key}`);
        if (winner === undefined) winners.set(`${type} ${key}`, rule.name);
        else lose(part, winner);
        return winner === undefined;
      };
      const value = template.render(facts);
      if (value === null) {
        lose(null, null);
        continue;
      }
      const kept = keep(type, value, claim);
      if (kept !== null)
        actions.push({ type, ...(template.name === null ? {} : { name: template.name }), value: kept } as Action);
    }
  }
  return { actions, suppressed };
}

type Claim = (key: string, part: string | null) => boolean;

function keep<Type extends ActionType>(
  type: Type,
  value: ActionValues[Type],
  claim: Claim,
): ActionValues[ActionType] | null {
  switch (type) {
    case 'setCustomFields': {
      const entries = Object.entries(value).filter(([key]) => claim(key, key));
      return entries.length === 0 ? null : Object.fromEntries(entries);
    }
    case 'tag': {
      const tags = (value as ActionValues['tag']).tags.filter((tag) => claim(tag, tag));
      return tags.length === 0 ? null : { tags };
    }
    case 'assign':
      return claim('', null) ? value : null;
    case 'sendMessage':
    case 'forwardMessage':
      return claim(JSON.stringify(value), null) ? value : null;
    default:
      return type satisfies never;
  }
}
