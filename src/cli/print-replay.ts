import type { ActionChange, BlastRadius, Count, Example, RuleChange } from '../replay/blast-radius.js';
import { table } from './table.js';
import { count } from '../shared/count.js';

export interface ReplayReport extends BlastRadius {
  /** The new rules. */
  readonly folder: string;
  readonly revision: string;
  /** ISO 8601. */
  readonly since: string;
  /** Null for the present. */
  readonly until: string | null;
}

export const REPLAY_PRINTERS = { text: toText, json: toJson } as const;

const WORDS = {
  newlyMatches: 'newly matches',
  noLongerMatches: 'no longer matches',
  added: 'added',
  removed: 'removed',
  changed: 'changed',
} as const;

function toJson(report: ReplayReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

function toText(report: ReplayReport): string {
  const { folder, revision, since, until, messages, rules, actions, reordered } = report;
  const lines = [
    `${folder}, revision ${revision}, over ${count(messages, 'message')} since ${since}${until === null ? '' : ` until ${until}`}`,
    ...section('rules', rules.map(ruleEntry)),
    ...section('actions', [
      ...actions.map(actionEntry),
      ...(reordered.messages === 0
        ? []
        : [{ name: 'only their order or names', words: times(reordered), examples: [reordered] }]),
    ]),
    '',
    ...totals(report),
  ];
  return `${lines.join('\n')}\n`;
}

interface Entry {
  readonly name: string;
  readonly words: string;
  readonly examples: readonly Count[];
}

function section(title: string, entries: readonly Entry[]): string[] {
  if (entries.length === 0) return [];
  const heads = table(entries.map(({ name, words }) => [name, words]));
  return ['', title, ...entries.flatMap(({ examples }, at) => [`  ${heads[at] ?? ''}`, ...examplesOf(examples)])];
}

function ruleEntry({ rule, isRemoved, open, ...counts }: RuleChange): Entry {
  const changes = changesOf(counts);
  const words = [...changes.map(([what, { messages }]) => `${WORDS[what]} ${number(messages)}`), ...untold(open)];
  return {
    name: `${rule}${isRemoved ? ' (not in these rules)' : ''}`,
    words: words.join(', '),
    examples: changes.map(([, found]) => found),
  };
}

function actionEntry({ type, field, open, ...counts }: ActionChange): Entry {
  const changes = changesOf(counts);
  const words = [...changes.map(([what, found]) => `${WORDS[what]} ${times(found)}`), ...untold(open)];
  return {
    name: field === null ? type : `${type} ${field}`,
    words: words.join(', '),
    examples: changes.map(([, found]) => found),
  };
}

function changesOf<Name extends string>(counts: Readonly<Record<Name, Count>>): [Name, Count][] {
  return (Object.entries(counts) as [Name, Count][]).filter(([, { messages }]) => messages > 0);
}

function untold({ messages }: Count): string[] {
  return messages === 0 ? [] : [`cannot be told ${times({ messages })}`];
}

/** Each message once, however often it is counted. */
function examplesOf(counts: readonly Count[]): string[] {
  const examples = new Map<string, Example>();
  for (const example of counts.flatMap((found) => found.examples)) examples.set(example.id, example);
  return [...examples.values()].map(({ id, at, mailbox }) => `    ${id}  ${at}  ${mailbox}`);
}

function totals({ changed, same, open, withoutFacts }: ReplayReport): string[] {
  return [
    `${count(changed, 'message')} would have been answered or matched otherwise, ${number(same)} not`,
    ...(open === 0
      ? []
      : [`${number(open)} cannot be told: what a rule reads was masked, or nobody was looked up then`]),
    ...(withoutFacts === 0
      ? []
      : [`${number(withoutFacts)} cannot be told: no facts were kept, since no rule was asked then`]),
  ];
}

function times({ messages }: Pick<Count, 'messages'>): string {
  return messages === 1 ? 'once' : `${number(messages)} times`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
