import type { DecisionQuery } from '../decisions/decision-store.js';
import { OUTCOMES } from '../enrichment/enrichment.js';
import { normalMailbox } from '../facts/read-delivery.js';
import { MOMENT, readMoment } from '../rules/read-moment.js';
import type { AddressHash } from '../shared/address-hash.js';
import { parseEmailAddress } from '../shared/email-address.js';
import { isObject } from '../shared/is-object.js';
import { Violations } from './violations.js';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;
/** A decision's id as `AnswerService` makes it; it is the cursor, too. */
export const DECISION_ID = /^[\da-z]{9}[\da-f]{16}$/;

const SENDER_HASH = /^h:[\da-f]{16}$/;
const MAX_TEXT_LENGTH = 500;

type Filter = Exclude<keyof DecisionQuery, 'oldestFirst'>;
/** The value of a filter, or what is wrong with it. */
type FilterReader = (text: string, now: number, hash: AddressHash) => { value: string | number } | { fault: string };

const READERS: Readonly<Record<string, readonly [Filter, FilterReader]>> = {
  sender: ['senderHash', readSender],
  rule: ['rule', plainText],
  outcome: [
    'outcome',
    (text) =>
      (OUTCOMES as readonly string[]).includes(text) ? { value: text } : { fault: `must be ${OUTCOMES.join(', ')}` },
  ],
  mailbox: ['mailbox', readMailbox],
  since: ['since', readTime],
  until: ['until', readTime],
  cursor: [
    'after',
    (text) => (DECISION_ID.test(text) ? { value: text } : { fault: 'must be the "next" of an answer' }),
  ],
  limit: ['limit', readLimit],
};

/** @throws BadRequestException with everything that is wrong with the query string */
export function readDecisionQuery(query: unknown, hash: AddressHash, now: number): DecisionQuery {
  const violations = new Violations();
  const given = violations.object(isObject(query) ? { ...query } : {}, Object.keys(READERS));
  const read: { -readonly [Name in Filter]?: string | number } = {};
  for (const [name, [filter, reader]] of Object.entries(READERS)) {
    const text = given[name];
    if (text === undefined) continue;
    if (typeof text !== 'string') violations.add(name, 'must be there once');
    else {
      const result = reader(text, now, hash);
      if ('fault' in result) violations.add(name, result.fault);
      else read[filter] = result.value;
    }
  }
  violations.refuse('The query is none that decisions can be found by');
  return { limit: DEFAULT_LIMIT, ...read } as DecisionQuery;
}

/** An address is hashed at once: it goes no further. */
function readSender(text: string, _now: number, hash: AddressHash): ReturnType<FilterReader> {
  if (SENDER_HASH.test(text)) return { value: text };
  const email = parseEmailAddress(text);
  return email === null
    ? { fault: 'must be an e-mail address, or the hash of one as logs have it' }
    : { value: hash.of(email.address) };
}

function readMailbox(text: string): ReturnType<FilterReader> {
  return plainText(normalMailbox(text));
}

/** What a database can hold. */
function plainText(text: string): ReturnType<FilterReader> {
  const isPlain = text !== '' && text.length <= MAX_TEXT_LENGTH && text.isWellFormed() && !/\p{Cc}/u.test(text);
  return isPlain
    ? { value: text }
    : { fault: `must be 1 to ${MAX_TEXT_LENGTH} characters, without control characters` };
}

function readTime(text: string, now: number): ReturnType<FilterReader> {
  const time = readMoment(text, now);
  return time === null ? { fault: `must be ${MOMENT}` } : { value: time };
}

function readLimit(text: string): ReturnType<FilterReader> {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= MAX_LIMIT
    ? { value: limit }
    : { fault: `must be a whole number from 1 to ${MAX_LIMIT}` };
}
