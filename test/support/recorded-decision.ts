import { composeActions } from '../../src/actions/compose-actions.js';
import { DecisionMasker } from '../../src/decisions/decision-record.js';
import type { DecisionRow } from '../../src/decisions/decision-store.js';
import { parsePointer } from '../../src/decisions/masks.js';
import type { Facts } from '../../src/facts/facts.js';
import { Replayer } from '../../src/replay/replayer.js';
import { decide } from '../../src/rules/decide.js';
import { loadRules } from '../../src/rules/load-rules.js';
import { AddressHash } from '../../src/shared/address-hash.js';
import { tempFolder } from './temp-folder.js';

export const fields = (value: object) => ({ type: 'setCustomFields', name: 'Fields', value });
export const tag = (...tags: string[]) => ({ type: 'tag', name: 'Tag', value: { tags } });
export const send = (body: string, more = {}) => ({
  type: 'sendMessage',
  name: 'Send',
  value: { bodyType: 'text', body, toAddresses: ['desk@insurer.example'], ...more },
});
export const answer = (body: string) => send(body, { toAddresses: undefined });
export const forward = (address: string) => ({ type: 'forwardMessage', name: 'On', value: { toAddresses: [address] } });

export interface RuleFile {
  readonly name: string;
  readonly conditions: object;
  readonly actions: readonly object[];
  readonly [key: string]: unknown;
}
export const rule = (name: string, conditions: readonly object[], actions: readonly object[], more = {}): RuleFile => ({
  name,
  conditions: { all: conditions },
  actions,
  ...more,
});

export async function load(rules: readonly RuleFile[]) {
  const loaded = await loadRules(tempFolder({ 'rules.json': JSON.stringify({ rules }) }), { customerFields: null });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded;
}

/** What the service keeps of a message that it decided under these rules. */
export async function record(
  rules: readonly RuleFile[],
  given: Facts,
  masks: readonly string[] = [],
): Promise<DecisionRow> {
  const { acting, verdicts } = decide((await load(rules)).ruleSet, given);
  const { actions } = composeActions(acting, given, null);
  const masker = new DecisionMasker({
    masks: masks.map((mask) => parsePointer(mask)!),
    keepBody: false,
    addressHash: new AddressHash('key'),
  });
  return {
    id: 'd1',
    mailbox: given.message.mailbox,
    event: 'received',
    messageId: 'm1',
    bodyHash: '',
    decidedAt: 0,
    answer: { status: 200, body: JSON.stringify({ status: 'success', actions }), revision: 'r' },
    outcome: 'acted',
    senderHash: null,
    lookupState: given.lookup.state,
    rules: verdicts.filter(({ verdict }) => verdict === 'matched').map((each) => each.rule),
    record: JSON.stringify({ ...masker.facts(given), verdicts: masker.verdicts(verdicts, given), suppressed: [] }),
  };
}

export async function replay(row: DecisionRow, rules: readonly RuleFile[]) {
  const { open, ...told } = new Replayer(await load(rules), () => null).replay(row);
  return { ...told, open: [...open.fields, ...open.types] };
}
