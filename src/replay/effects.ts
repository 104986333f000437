import type { Action, ActionType } from '../actions/action.js';
import type { PartialDecision } from '../rules/decide-partly.js';
import { type PathSegments, pathsOverlap } from '../facts/fact-path.js';

/** What actions do, each by itself: values by custom field, tags, and the other actions as JSON. */
export interface Effects {
  readonly fields: ReadonlyMap<string, string>;
  readonly others: ReadonlyMap<ActionType, readonly string[]>;
}

/** Of which custom fields, and of which other types of action, the effects cannot be told. */
export interface OpenEffects {
  readonly fields: ReadonlySet<string>;
  readonly types: ReadonlySet<ActionType>;
}

export interface Change {
  readonly type: ActionType;
  /** The custom field; null for any other type. */
  readonly field: string | null;
  readonly how: 'added' | 'removed' | 'changed';
}

export function effectsOf(actions: readonly Action[]): Effects {
  const fields = new Map<string, string>();
  const others = new Map<ActionType, string[]>();
  for (const { type, value } of actions) {
    if (type === 'setCustomFields') for (const [key, text] of Object.entries(value)) fields.set(key, text);
    else others.set(type, [...(others.get(type) ?? []), ...(type === 'tag' ? value.tags : [JSON.stringify(value)])]);
  }
  return { fields, others };
}

/** Open is what a rule would do of which it cannot be told whether it acts, and what is written of hidden facts. */
export function openEffectsOf({ acting, maybeActing, hidden }: PartialDecision): OpenEffects {
  const fields = new Set<string>();
  const types = new Set<ActionType>();
  const isHidden = (segments: PathSegments) => hidden.some((place) => pathsOverlap(place, segments));
  for (const action of maybeActing.flatMap(({ actions }) => actions)) {
    if (action.type !== 'setCustomFields') types.add(action.type);
    for (const field of action.fields) fields.add(field);
  }
  for (const { type, variables } of acting.flatMap(({ actions }) => actions)) {
    for (const { segments, field } of variables) {
      if (!isHidden(segments)) continue;
      if (field === null) types.add(type);
      else fields.add(field);
    }
  }
  return { fields, types };
}

/** What would be done otherwise, as far as it can be told. */
export function compareEffects(before: Effects, after: Effects, open: OpenEffects): Change[] {
  const keys = [...new Set([...before.fields.keys(), ...after.fields.keys()])].filter((key) => !open.fields.has(key));
  const types = [...new Set([...before.others.keys(), ...after.others.keys()])].filter((type) => !open.types.has(type));
  return [
    ...keys.flatMap((field) => compareField(field, before.fields.get(field), after.fields.get(field))),
    ...types.flatMap((type) => compareOthers(type, before.others.get(type) ?? [], after.others.get(type) ?? [])),
  ];
}

function compareField(field: string, before: string | undefined, after: string | undefined): Change[] {
  if (before === after) return [];
  const how = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [{ type: 'setCustomFields', field, how }];
}

/** What is on one side only; two tags are two tags, but one message in the place of another is that message changed. */
function compareOthers(type: ActionType, before: readonly string[], after: readonly string[]): Change[] {
  const removed = before.filter((value) => !after.includes(value));
  const added = after.filter((value) => !before.includes(value));
  const changed = type === 'tag' ? 0 : Math.min(removed.length, added.length);
  const times = (count: number, how: Change['how']) =>
    Array.from({ length: count }, (): Change => ({ type, field: null, how }));
  return [
    ...times(changed, 'changed'),
    ...times(removed.length - changed, 'removed'),
    ...times(added.length - changed, 'added'),
  ];
}
