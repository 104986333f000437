import { composeActions, type Composition } from '../../src/actions/compose-actions.js';
import { buildFacts } from '../../src/facts/build-facts.js';
import type { CustomerRecord, LookupFacts } from '../../src/facts/facts.js';
import { formatFault } from '../../src/files/fault.js';
import { decide, explain } from '../../src/rules/decide.js';
import type { Decision, Explanation } from '../../src/rules/verdict.js';
import { loadRules } from '../../src/rules/load-rules.js';
import { parseDelivery } from '../../src/webhook/parse-delivery.js';
import { tempFolder } from './temp-folder.js';

/** A message, what the CRM said of its sender, and the rules to decide it by. */
export interface DecideCase {
  /** Content of one rule file, or of several by path. */
  readonly rules: unknown;
  readonly lists?: Readonly<Record<string, unknown>>;
  /** Fields of the payload that differ from a plain message. */
  readonly message?: Readonly<Record<string, unknown>>;
  readonly customer?: CustomerRecord | null;
  readonly lookup?: Partial<LookupFacts>;
  readonly now?: string;
}

const MESSAGE = {
  id: 'm1',
  event: 'received',
  mailbox: 'claims@insurer.example',
  from: { emailAddress: { name: 'Dana Reyes', address: 'dana@northwind.example' } },
  to: [{ emailAddress: { name: 'Claims', address: 'claims@insurer.example' } }],
  subject: 'Water damage',
  received: '2026-11-24T08:30:00Z',
};

/** Decides a case with the production code. */
export async function decideCase({
  rules,
  lists = {},
  message = {},
  customer = null,
  lookup = {},
  now = '2026-11-24T09:00:00Z',
}: DecideCase): Promise<{
  decision: Decision;
  /** Of every rule. */
  verdicts: readonly Explanation[];
  composition: Composition;
}> {
  const isFile = typeof rules === 'object' && rules !== null && ('rules' in rules || 'conditions' in rules);
  const files = isFile ? { 'rules.json': rules } : (rules as Record<string, unknown>);
  const folder = tempFolder(
    Object.fromEntries([
      ...Object.entries(files).map(([path, content]) => [path, JSON.stringify(content)] as const),
      ...Object.entries(lists).map(([name, content]) => [`lists/${name}.json`, JSON.stringify(content)] as const),
    ]),
  );
  const load = await loadRules(folder, { customerFields: null });
  if (!load.ok) throw new Error(load.faults.map(formatFault).join('\n'));
  const parsed = parseDelivery({ ...MESSAGE, ...message });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
  const found = {
    state: customer === null ? 'not_found' : 'found',
    matchedBy: customer === null ? null : 'email',
  } as const;
  const lookupFacts = { ...found, source: 'crm', stale: false, ageSeconds: 0, incomplete: false, ...lookup };
  const facts = buildFacts(parsed.delivery, { customer, lookup: lookupFacts }, new Date(now), load.ruleSet.lists);
  const decision = decide(load.ruleSet, facts);
  return {
    decision,
    verdicts: explain(load.ruleSet, facts),
    composition: composeActions(decision.acting, facts, null),
  };
}
