import { ACTION_TYPES } from '../actions/action-template.js';
import { list, object, type Schema } from '../files/json-schema.js';
import { count, flag, maybe, oneOf, schemaRef, string, time, whole } from './schema-parts.js';

const rule = string('Name of the rule');
const verdict = {
  rule,
  mode: oneOf(['live', 'shadow'], 'shadow: evaluated and counted, never answered'),
  location: schemaRef('Location'),
  verdict: oneOf(['matched', 'not_matched', 'skipped', 'undecided'], 'undecided: it needs what nobody could look up'),
  skipped: oneOf(['disabled', 'other_mailbox', 'outside_dates', 'lost_group', 'after_stop'], 'Why it was skipped'),
  lostTo: string('The rule that won the group, or stopped the rest'),
};
const REQUIRED = ['rule', 'mode', 'location', 'verdict', 'why'];
const why = {
  location: schemaRef('Location'),
  fact: string('What was read'),
  operator: string('As written'),
  isNegated: flag('It stands below a "not"'),
  wanted: { description: 'What the rule asks for' },
  wantedFact: string('Where that was read, when the rule compares with another fact'),
  read: { description: 'What was there; absent when nothing was' },
};
const WHY_REQUIRED = ['location', 'fact', 'operator', 'isNegated'];
const explanation = {
  ...verdict,
  why: maybe(schemaRef('Why')),
  nearMiss: maybe(
    whole({
      held: count('Conditions that held'),
      of: count('Conditions that there are'),
      missing: list(schemaRef('Why'), { description: 'Those that did not hold' }),
    }),
  ),
};
const faults = list(schemaRef('Fault'));

/** Of rules, and what they decide. */
export const VERDICT_SCHEMAS = {
  Location: whole({
    file: string('The file'),
    line: count('From 1', { minimum: 1 }),
    column: count('From 1', { minimum: 1 }),
  }),
  Why: object(why, WHY_REQUIRED, { description: 'The condition that decided, and what it saw' }),
  KeptWhy: object({ ...why, isMasked: flag('What it saw is not kept') }, [...WHY_REQUIRED, 'isMasked']),
  Explanation: object(explanation, [...REQUIRED, 'nearMiss'], { description: 'The verdict of a rule' }),
  KeptVerdict: object({ ...verdict, why: maybe(schemaRef('KeptWhy')) }, REQUIRED),
  ExplainedVerdict: object(
    { ...explanation, isMasked: flag('It reads what is masked: what its conditions saw is not told') },
    [...REQUIRED, 'nearMiss', 'isMasked'],
  ),
  Suppressed: object(
    {
      rule,
      type: oneOf(ACTION_TYPES, 'Of the action'),
      part: maybe(string('A field, tag or user; null for the whole action, and where it is not kept')),
      isRendered: flag('The part came from a template: it is not kept with a decision'),
      reason: string('Why it is not in the answer'),
      wonBy: maybe(string('The rule that had it first')),
    },
    ['rule', 'type', 'part', 'reason'],
    { additionalProperties: true, description: 'Something that a rule wanted and that is not in the answer' },
  ),
  Fault: object(
    {
      severity: oneOf(['error', 'warning'], 'An error keeps the rules from running'),
      file: string('The file'),
      line: count('From 1'),
      column: count('From 1'),
      message: string('What is wrong'),
      code: string('A stable name of this kind of fault'),
    },
    ['severity', 'file', 'line', 'column', 'message'],
  ),
  Rule: whole({
    name: rule,
    description: maybe(string('What it is for')),
    priority: count('Higher acts first', { minimum: 1 }),
    enabled: flag('It is asked'),
    mode: oneOf(['live', 'shadow'], 'shadow: evaluated and counted, never answered'),
    mailboxes: maybe(list(string('An address, or *@domain'), { description: 'null: all' })),
    exclusive: maybe(string('Of the matching rules of this group the first acts')),
    stop: flag('Nothing after it acts'),
    onUnknown: oneOf(['skip', 'match'], 'What it does when undecided'),
    validFrom: maybe(time('From when it acts')),
    validUntil: maybe(time('Until when, exclusive')),
    location: schemaRef('Location'),
    actions: list(oneOf(ACTION_TYPES, 'What it does')),
  }),
  Rules: whole({
    revision: string('Short hash of all files'),
    state: oneOf(['current', 'last_good'], 'last_good: the files on disk have faults, the rules before them go on'),
    loadedAt: time('Since when they run'),
    ageSeconds: count('For how long'),
    lastRejected: maybe(whole({ at: time('When the files were looked at'), faults })),
    files: list(string('A file of rules')),
    lists: list(string('A reference list')),
    rules: list(schemaRef('Rule')),
  }),
  RulesReload: whole({
    status: oneOf(['loaded', 'same'], 'same: they were running already'),
    revision: string('That runs now'),
    rules: count('How many'),
    warnings: faults,
  }),
  RulesReloadStarted: whole({ status: oneOf(['started'], 'Look at the rules, or at the log, for how it ends') }),
} as const satisfies Readonly<Record<string, Schema>>;
