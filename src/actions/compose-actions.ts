import type { Facts } from '../facts/facts.js';
import type { Mailbox } from '../mailboxes/mailbox-catalogue.js';
import type { Action, ActionType, ActionValues } from './action.js';
import type { ActionTemplate } from './action-template.js';
import { withKnownUsers } from './assign.js';
import { type LoopReason, withoutLoops } from './no-loops.js';

/** A rule that acts, as far as composing is concerned. */
export interface ActingRule {
  readonly name: string;
  readonly actions: readonly ActionTemplate[];
}

/**
 * Why something is not in the answer: an earlier rule has it, nothing was left of it, or the mailbox would not take it: it has
 * no such field, tag or user, or the value does not fit the field's pattern. Mail would come back (`LoopReason`), or the rule sent some into
 * this conversation lately.
 */
export type SuppressionReason =
  'set_before' | 'empty' | 'unknown_field' | 'pattern' | 'unknown_tag' | 'unknown_user' | LoopReason | 'sent_lately';

/** Something that a rule wanted and that is not in the answer. */
export interface Suppressed {
  readonly rule: string;
  readonly type: ActionType;
  /** What of the action: a field's key, a tag or a user; null for the whole action. */
  readonly part: string | null;
  /** The part came from a template, so it may be personal: not for logs. */
  readonly isRendered: boolean;
  readonly reason: SuppressionReason;
  /** The rule that had it first; null with any other reason. */
  readonly wonBy: string | null;
}

export interface Composition {
  readonly actions: readonly Action[];
  /** The rule that each action is of, in the order of `actions`. */
  readonly rules: readonly string[];
  readonly suppressed: readonly Suppressed[];
}

/**
 * The ordered actions of the rules that act, by the merge law: a custom field is set once, a tag added once, one assignment,
 * equal messages once; the first rule in order wins. What the mailbox would not take is left out and wins nothing.
 *
 * @param mailbox null when nothing is known of it
 */
export function composeActions(rules: readonly ActingRule[], facts: Facts, mailbox: Mailbox | null): Composition {
  const actions: Action[] = [];
  const ruleNames: string[] = [];
  const suppressed: Suppressed[] = [];
  const winners = new Map<string, string>();
  for (const rule of rules) {
    for (const { type, name, render, literals } of rule.actions) {
      const lose: Claims['lose'] = (part, reason, wonBy = null) => {
        const isRendered = part !== null && !literals.has(part);
        suppressed.push({ rule: rule.name, type, part, isRendered, reason, wonBy });
      };
      const claims = new Claims(winners, type, rule.name, lose);
      const value = render(facts);
      if (value === null) lose(null, 'empty');
      const kept = value === null ? null : keep(type, value, claims, mailbox, facts);
      if (kept === null) continue;
      actions.push({ type, ...(name === null ? {} : { name }), value: kept } as Action);
      ruleNames.push(rule.name);
    }
  }
  return { actions, rules: ruleNames, suppressed };
}

/** What an action of one rule may have; it then holds it against later ones. */
class Claims {
  constructor(
    private readonly winners: Map<string, string>,
    private readonly type: ActionType,
    private readonly rule: string,
    readonly lose: (part: string | null, reason: SuppressionReason, wonBy?: string | null) => void,
  ) {}

  isTaken(key: string): boolean {
    return this.winners.has(`${this.type} ${key}`);
  }

  /** @param obstacle why the mailbox would not take it */
  claim(key: string, part: string | null, obstacle: SuppressionReason | null = null): boolean {
    const winner = this.winners.get(`${this.type} ${key}`);
    if (winner !== undefined) this.lose(part, 'set_before', winner);
    else if (obstacle !== null) this.lose(part, obstacle);
    else this.winners.set(`${this.type} ${key}`, this.rule);
    return winner === undefined && obstacle === null;
  }
}

function keep<Type extends ActionType>(
  type: Type,
  value: ActionValues[Type],
  claims: Claims,
  mailbox: Mailbox | null,
  facts: Facts,
): ActionValues[ActionType] | null {
  switch (type) {
    case 'setCustomFields': {
      const entries = Object.entries(value as ActionValues['setCustomFields']).filter(([key, text]) =>
        claims.claim(key, key, obstacleToField(mailbox, key, text)),
      );
      return entries.length === 0 ? null : Object.fromEntries(entries);
    }
    case 'tag': {
      const tags = (value as ActionValues['tag']).tags.filter((tag) =>
        claims.claim(tag, tag, mailbox?.mayHaveTag(tag) === false ? 'unknown_tag' : null),
      );
      return tags.length === 0 ? null : { tags };
    }
    case 'assign': {
      const wanted = value as ActionValues['assign'];
      const known = mailbox === null || claims.isTaken('') ? wanted : keepKnownUsers(wanted, claims, mailbox);
      return known !== null && claims.claim('', null) ? known : null;
    }
    case 'sendMessage':
    case 'forwardMessage': {
      const mail = withoutLoops(value as ActionValues['forwardMessage'], facts, claims.lose);
      return mail !== null && claims.claim(JSON.stringify(mail), null) ? mail : null;
    }
    default:
      return type satisfies never;
  }
}

function obstacleToField(mailbox: Mailbox | null, key: string, text: string): SuppressionReason | null {
  if (mailbox === null) return null;
  if (!mailbox.mayHaveField(key)) return 'unknown_field';
  return mailbox.mayTake(key, text) ? null : 'pattern';
}

function keepKnownUsers(
  value: ActionValues['assign'],
  claims: Claims,
  mailbox: Mailbox,
): ActionValues['assign'] | null {
  const unknown = new Set<string>();
  const known = withKnownUsers(value, (user) => {
    const isKnown = mailbox.mayHaveUser(user);
    if (!isKnown) unknown.add(user);
    return isKnown;
  });
  for (const user of unknown) claims.lose(user, 'unknown_user');
  return known;
}
