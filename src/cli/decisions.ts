import { normalMailbox } from '../facts/read-delivery.js';
import { readServiceConfig } from '../config/service-config.js';
import type { DecisionRecord } from '../decisions/decision-record.js';
import type { DecisionRow } from '../decisions/decision-store.js';
import { count } from '../shared/count.js';
import { EnricherError, reasonOf } from '../shared/errors.js';
import { eraseCustomers } from '../store/erase-customers.js';
import { readAddress } from './read-address.js';
import { readRange } from './read-range.js';
import type { Refuse } from './refuse.js';
import { serviceHash } from './service-hash.js';
import { table } from './table.js';
import { type CommandStore, withStore } from './with-store.js';

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
  const email = readAddress('--sender', sender, refuse);
  const config = readServiceConfig(env);
  const hash = serviceHash(config);
  const erase = async ({ ask }: CommandStore) => {
    const erased = await ask((_, decisions) => decisions.eraseSender(hash.of(email.address)));
    const customers = await ask((store) => eraseCustomers(store, email));
    out.write(`${count(erased, 'decision')} erased\n`);
    out.write(`${count(customers, 'last known customer record')} erased\n`);
    await ask((store) => store.scrub()).catch((cause: unknown) => {
      const message = `Traces of it may be left in the file; run this again. ${reasonOf(cause)}`;
      throw new EnricherError('STORE_UNAVAILABLE', message, { cause });
    });
  };
  await withStore(config.databaseUrl, erase, { migrates: false });
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
  const { sender, rule, outcome, mailbox, limit } = options;
  if (!/^[1-9]\d{0,3}$/.test(limit)) refuse(`error: --limit "${limit}" is no whole number from 1 to 9999`);
  const range = readRange(options, refuse);
  const email = sender === undefined ? null : readAddress('--sender', sender, refuse);
  const config = readServiceConfig(env);
  const query = {
    limit: Number(limit),
    ...(email === null ? {} : { senderHash: serviceHash(config).of(email.address) }),
    ...(rule === undefined ? {} : { rule }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(mailbox === undefined ? {} : { mailbox: normalMailbox(mailbox) }),
    ...range,
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
