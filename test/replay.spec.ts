import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { composeActions } from '../src/actions/compose-actions.js';
import { NOT_LOOKED_UP } from '../src/crm/lookup.service.js';
import { DecisionMasker } from '../src/decisions/decision-record.js';
import type { DecisionRow } from '../src/decisions/decision-store.js';
import type { Facts } from '../src/facts/facts.js';
import { Replayer } from '../src/replay/replayer.js';
import { decide, needsLookup } from '../src/rules/decide.js';
import { hasRuleFor, type RuleSet } from '../src/rules/rule-set.js';
import { AddressHash } from '../src/shared/address-hash.js';
import { loadRuleFile, message, outcome, ruleFile } from './support/rule-files.js';
import { factsWith } from './support/rule-program.js';

/**
 * What a replay tells of is what the service would have done, whatever was masked. `REPLAY_SEED` repeats a run, `REPLAY_SETS` makes it longer.
 */
const SEED = Number(process.env['REPLAY_SEED'] ?? Date.now() % 2 ** 31);
const REVISION = 'r';
const SETS = Number(process.env['REPLAY_SETS'] ?? 200);

/** @param isKnown the customer is known anyway: a shadow rule then sees it, although no rule needs the look-up */
function decideAsService(ruleSet: RuleSet, whole: Facts, isKnown = false) {
  const before: Facts = { ...whole, ...NOT_LOOKED_UP, lists: ruleSet.lists };
  if (!hasRuleFor(ruleSet, whole.message.mailbox))
    return { facts: null, actions: [], matched: [] as string[], verdicts: [] };
  const skipped = { customer: null, lookup: { ...NOT_LOOKED_UP.lookup, state: 'skipped' as const } };
  const looked = isKnown || needsLookup(ruleSet, before) ? { customer: whole.customer, lookup: whole.lookup } : skipped;
  const facts: Facts = { ...before, ...looked };
  const { acting, verdicts } = decide(ruleSet, facts);
  const matched = verdicts.filter(({ verdict }) => verdict === 'matched').map(({ rule }) => rule);
  return { facts, actions: composeActions(acting, facts, null).actions, matched, verdicts };
}

function rowOf(
  { facts, actions, matched, verdicts }: ReturnType<typeof decideAsService>,
  masker: DecisionMasker,
): DecisionRow {
  const kept = facts === null ? { facts: null, masked: [] } : masker.facts(facts);
  return {
    id: 'd1',
    mailbox: 'claims@insurer.example',
    event: 'received',
    messageId: 'm1',
    bodyHash: '',
    decidedAt: 0,
    answer: { status: 200, body: JSON.stringify(actions.length === 0 ? {} : { actions }), revision: REVISION },
    outcome: facts === null ? 'no_rule_for_mailbox' : 'acted',
    senderHash: null,
    lookupState: facts?.lookup.state ?? null,
    rules: matched,
    record: JSON.stringify({
      ...kept,
      verdicts: facts === null ? [] : masker.verdicts(verdicts, facts),
      suppressed: [],
    }),
  };
}

type RuleFile = Readonly<Record<string, unknown>> & { readonly rules: readonly Readonly<Record<string, unknown>>[] };

/** How a rule file becomes another. */
const edits = {
  another: (_: RuleFile, edited: RuleFile) => edited,
  'without the first rule': (old: RuleFile) => ({ ...old, rules: old.rules.slice(1) }),
  'with other actions in one rule': (old: RuleFile, edited: RuleFile) => ({
    ...old,
    rules: old.rules.map((rule, at) => (at === 0 ? { ...rule, actions: edited.rules[0]?.['actions'] ?? [] } : rule)),
  }),
  'with another condition in one rule': (old: RuleFile, edited: RuleFile) => ({
    ...old,
    rules: old.rules.map((rule, at) => (at === 0 ? { ...rule, conditions: edited.rules[0]?.['conditions'] } : rule)),
  }),
  'in another order': (old: RuleFile) => ({ ...old, rules: old.rules.toReversed() }),
};
const edit = fc.constantFrom(...(Object.keys(edits) as (keyof typeof edits)[]));

const masks = fc
  .subarray([
    ['customer', 'tier'],
    ['customer', 'tags'],
    ['customer', 'count'],
    ['customer'],
    ['lookup', 'source'],
    ['message', 'subject'],
    ['sender', 'domain'],
    ['message'],
    ['message', 'mailbox'],
    ['sender'],
    ['lookup'],
    ['conversation'],
    ['now'],
  ])
  .map((pointers) => pointers.slice(0, 2));

test(`a replay tells what the service would have done: ${SETS} edits, seed ${SEED}`, async () => {
  const counts = { same: 0, changed: 0, open: 0, no_facts: 0 };
  const given = fc.array(fc.tuple(message, outcome, masks), { minLength: 8, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(ruleFile, ruleFile, edit, fc.boolean(), given, async (old, edited, kind, isKept, messages) => {
      const before = await loadRuleFile(old);
      const after = await loadRuleFile(edits[kind](old, edited));
      const replayer = new Replayer(after, () => null);
      if (isKept) replayer.learn(REVISION, before);
      for (const [each, ending, pointers] of messages) {
        const plain = factsWith(null, false);
        const whole: Facts = { ...plain, message: { ...plain.message, ...each }, ...ending };
        const masker = new DecisionMasker({ masks: pointers, keepBody: false, addressHash: new AddressHash('key') });
        const recorded = decideAsService(before.ruleSet, whole);
        const would = decideAsService(
          after.ruleSet,
          whole,
          recorded.facts !== null && recorded.facts.lookup.state !== 'skipped',
        );
        const told = replayer.replay(rowOf(recorded, masker));
        counts[told.verdict] += 1;
        if (told.verdict === 'no_facts') continue;
        const isEqual = JSON.stringify(recorded.actions) === JSON.stringify(would.actions);
        if (told.verdict === 'same') {
          expect(would.actions).toEqual(recorded.actions);
          expect(would.matched.toSorted()).toEqual(recorded.matched.toSorted());
        }
        if (told.changes.length > 0 || told.isReordered) expect(isEqual).toBe(false);
        for (const name of told.newlyMatching) {
          expect(would.matched).toContain(name);
          expect(recorded.matched).not.toContain(name);
        }
        for (const name of told.noLongerMatching) {
          expect(would.matched).not.toContain(name);
          expect(recorded.matched).toContain(name);
        }
      }
    }),
    { seed: SEED, numRuns: SETS },
  );
  process.stdout.write(`replay: ${JSON.stringify(counts)}, seed ${SEED}\n`);
  // Else it has shown nothing.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(SETS / 100);
}, 120_000);
