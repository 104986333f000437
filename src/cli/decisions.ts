import { normalMailbox } from '../facts/read-delivery.js';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readServiceConfig, type ServiceConfig } from '../config/service-config.js';
import type { DecisionRecord } from '../decisions/decision-record.js';
import type { DecisionRow } from '../decisions/decision-store.js';
import { KEY_FILE, keepAddressHashKey } from '../logs/address-hash-key.js';
import { AddressHash } from '../shared/address-hash.js';
import { type EmailAddress, parseEmailAddress } from '../shared/email-address.js';
import { EnricherError } from '../shared/errors.js';
import { eraseCustomers } from '../store/erase-customers.js';
import { MOMENT, readMoment } from '../rules/read-moment.js';
import { table } from './table.js';
import { withStore } from './with-store.js';

type Refuse = (message: string) => never;
type Out = NodeJS.WritableStream;

/**
 * Erases the decisions on messages of a sender, and what was last known of this customer.
 *
 * @param refuse ends the command as wrongly used
 * @throws EnricherError when the database cannot be used, or the service's key is not known here
 */
export async function eraseDecisions(
  { sender }: { readonly sender: string },
  env: NodeJS.ProcessEnv,
  out: Out,
  refuse: Refuse,
): Promise<0> {
  const email = readAddress(sender, refuse);
  const config = readServiceConfig(env);
  const hash = hashOf(config);
  await withStore(config.databaseUrl, async ({ ask }) => {
    const erased = await ask((_, decisions) => decisions.eraseSender(hash.of(email.address)));
    const customers = await ask((store) => eraseCustomers(store, email));
    out.write(`${erased} decision${erased === 1 ? '' : 's'} erased\n`);
    out.write(`${customers} last known customer record${customers === 1 ? '' : 's'} erased\n`);
  });
  out.write(
    'A running service has the record in its memory for as long as lookup.cache says, and keeps it again at the next message\n' +
      'while the CRM has it. POST /hooks/crm/:provider drops it from there at once (docs/crm.md, "Tell it of changes at once").\n',
  );
  return 0;
}

export interface ListDecisionsOptions {
  readonly sender?: string;
  readonly rule?: string;
  readonly outcome?: string;
  readonly mailbox?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
  readonly format: 'text' | 'json';
}

/** Prints the decisions that are kept, the newest first. @throws EnricherError when the database cannot be used */
export async function listDecisions(
  options: ListDecisionsOptions,
  env: NodeJS.ProcessEnv,
  out: Out,
  refuse: Refuse,
): Promise<0> {
  const { sender, rule, outcome, mailbox, since, until, limit } = options;
  if (!/^[1-9]\d{0,3}$/.test(limit)) refuse(`error: --limit "${limit}" is no whole number from 1 to 9999`);
  const now = Date.now();
  const moment = (name: string, text: string) =>
    readMoment(text, now) ?? refuse(`error: --${name} "${text}" is not ${MOMENT}`);
  const email = sender === undefined ? null : readAddress(sender, refuse);
  const config = readServiceConfig(env);
  const query = {
    limit: Number(limit),
    ...(email === null ? {} : { senderHash: hashOf(config).of(email.address) }),
    ...(rule === undefined ? {} : { rule }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(mailbox === undefined ? {} : { mailbox: normalMailbox(mailbox) }),
    ...(since === undefined ? {} : { since: moment('since', since) }),
    ...(until === undefined ? {} : { until: moment('until', until) }),
  };
  const rows = await withStore(config.databaseUrl, ({ ask }) => ask((_, decisions) => decisions.list(query)));
  if (options.format === 'json') out.write(`${JSON.stringify(rows.map(summarise), null, 2)}\n`);
  else out.write(`${table(rows.map(toCells)).join('\n')}${rows.length === 0 ? 'none' : ''}\n`);
  return 0;
}

/** Prints all that is kept of a decision. @throws EnricherError when there is none with this id */
export async function showDecision(id: string, env: NodeJS.ProcessEnv, out: Out): Promise<0> {
  const { databaseUrl } = readServiceConfig(env);
  const row = await withStore(databaseUrl, ({ ask }) => ask((_, decisions) => decisions.get(id)));
  if (row === null) throw new EnricherError('INPUT_INVALID', 'No decision with this id is kept');
  const record = JSON.parse(row.record) as DecisionRecord;
  const answer = { status: row.answer.status, envelope: JSON.parse(row.answer.body) as unknown };
  out.write(`${JSON.stringify({ ...summarise(row), answer, ...record }, null, 2)}\n`);
  return 0;
}

function summarise({ id, decidedAt, mailbox, event, messageId, outcome, lookupState, ...row }: DecisionRow) {
  const at = new Date(decidedAt).toISOString();
  const { senderHash: sender, rules, answer } = row;
  return { id, at, mailbox, event, messageId, outcome, lookup: lookupState, sender, rules, revision: answer.revision };
}

function toCells({ id, decidedAt, mailbox, outcome, rules }: DecisionRow): string[] {
  return [id, new Date(decidedAt).toISOString(), mailbox, outcome, rules.join(', ')];
}

function readAddress(written: string, refuse: Refuse): EmailAddress {
  return parseEmailAddress(written) ?? refuse('error: this is no e-mail address');
}

/** With another key than the service's, nobody would be found. */
function hashOf({ addressHashKey, dataDir }: ServiceConfig): AddressHash {
  if (addressHashKey !== null) return new AddressHash(addressHashKey);
  if (!existsSync(join(dataDir, KEY_FILE)))
    throw new EnricherError(
      'INPUT_INVALID',
      `The key that stands for addresses is not in ${dataDir}; set ADDRESS_HASH_KEY or DATA_DIR as the service has it`,
    );
  return new AddressHash(keepAddressHashKey(dataDir).key);
}
