import type { DecisionRecord } from '../decisions/decision-record.js';
import type { DecisionRow } from '../decisions/decision-store.js';
import type { RuleSet } from '../rules/rule-set.js';
import { explainDecision } from './explain-decision.js';

/** A decision as a list shows it. */
export function summarise(decision: DecisionRow): object {
  const { id, decidedAt, mailbox, event, messageId, outcome, lookupState, senderHash, rules, answer } = decision;
  return {
    id,
    decidedAt: new Date(decidedAt).toISOString(),
    mailbox,
    event,
    messageId,
    outcome,
    lookup: lookupState,
    sender: senderHash,
    rules,
    revision: answer.revision,
  };
}

/** All that is kept of a decision, and what the rules that run now can tell of it. */
export function describeDecision(decision: DecisionRow, ruleSet: RuleSet): object {
  const { answer, record } = decision;
  const kept = JSON.parse(record) as DecisionRecord;
  const { conversationId, verdicts, suppressed, timings, facts, masked } = kept;
  return {
    ...summarise(decision),
    conversationId,
    answer: { status: answer.status, envelope: JSON.parse(answer.body) as unknown },
    verdicts,
    suppressed,
    timings,
    facts,
    masked,
    explanation: explainDecision(kept, answer.revision, ruleSet),
  };
}
