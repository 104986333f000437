import { FACT_DEFINITIONS } from '../facts/facts.js';
import { list, type Schema } from '../files/json-schema.js';
import { OUTCOMES } from '../enrichment/enrichment.js';
import { count, maybe, milliseconds, oneOf, schemaRef, string, time, whole } from './schema-parts.js';

const summary = {
  id: string('Of the decision; sorts by time'),
  decidedAt: time('When'),
  mailbox: string('Address of the mailbox'),
  event: string('`received`, or another that is not enriched'),
  messageId: string('Id of the message'),
  outcome: schemaRef('Outcome'),
  lookup: maybe(string('How the look-up ended; null when no rule was asked')),
  sender: maybe(string('Hash of the address of the sender, as logs have it; null when there was none')),
  rules: list(string('A rule that matched, live or shadow')),
  revision: string('Of the rules'),
};

/** Facts as they are kept: anything may be masked. */
const facts = Object.entries(FACT_DEFINITIONS)
  .filter(([name]) => name !== 'lists')
  .map(([name, { description, fields }]): [string, Schema] => [
    name,
    fields === undefined
      ? { description }
      : {
          type: ['object', 'null'],
          description,
          properties: Object.fromEntries(
            Object.entries(fields).map(([field, { description: told }]) => [field, { description: told }]),
          ),
        },
  ]);

/** Of decisions that were kept. */
export const DECISION_SCHEMAS = {
  Outcome: oneOf(OUTCOMES, 'What became of the message'),
  DecisionSummary: whole(summary),
  Decisions: whole({
    decisions: list(schemaRef('DecisionSummary'), { description: 'Newest first' }),
    next: maybe(string('The `cursor` of the next page; null at the end')),
  }),
  Decision: whole({
    ...summary,
    conversationId: maybe(string('Id of the conversation')),
    answer: whole(
      { status: count('HTTP status'), envelope: schemaRef('Envelope') },
      { description: 'As it was sent, with all that rules wrote into it, also of what is masked' },
    ),
    verdicts: list(schemaRef('KeptVerdict'), {
      description: 'As recorded: of the rules that matched, lost their group or were undecided',
    }),
    suppressed: list(schemaRef('Suppressed')),
    timings: whole({
      lookupMs: milliseconds('Of the look-up, in milliseconds'),
      totalMs: milliseconds('Of the whole, in milliseconds'),
    }),
    facts: maybe({
      type: 'object',
      description: 'What rules saw, without what is masked; null when no rule was asked',
      properties: Object.fromEntries(facts),
    }),
    masked: list(string('JSON Pointer into `facts`: what is there is not what it was')),
    explanation: whole({
      because: maybe(
        oneOf(
          ['no_rule_was_asked', 'other_rules', 'masked_facts'],
          'Why there is none: other rules run now, or they need facts that are masked',
        ),
      ),
      verdicts: list(schemaRef('ExplainedVerdict'), {
        description: 'Of every rule, worked out anew; empty when that is not possible',
      }),
    }),
  }),
} as const satisfies Readonly<Record<string, Schema>>;
