import { ACTION_TYPES } from '../actions/action-template.js';
import { FACT_DEFINITIONS, LOOKUP_STATES, MATCHED_BY } from '../facts/facts.js';
import { list, object, type Schema } from '../files/json-schema.js';
import { DECISION_SCHEMAS } from './decision-schemas.js';
import { count, flag, maybe, milliseconds, oneOf, schemaRef, string, time, whole } from './schema-parts.js';
import { VERDICT_SCHEMAS } from './verdict-schemas.js';

const address = (description: string): Schema => string(description, { format: 'email' });
const provider = string('Name of a CRM provider');
const record: Schema = { type: 'object', description: 'The CRM record as rules see it' };
const lookupFacts = {
  state: oneOf(LOOKUP_STATES, FACT_DEFINITIONS.lookup.fields?.['state']?.description ?? ''),
  matchedBy: maybe(oneOf(MATCHED_BY, 'By what the customer was found; null when not found')),
  source: maybe(string('Name of the provider that answered')),
  stale: flag('The values are older than they should be'),
  ageSeconds: maybe(count('Age of the values')),
  incomplete: flag('One of the providers to merge from gave no answer'),
};

/** Every schema of the OpenAPI document. */
export const SCHEMAS = {
  Problem: object(
    {
      type: string('A URI that names the kind of problem'),
      title: string('The status in words'),
      status: count('HTTP status'),
      detail: string('What happened and what to do'),
      requestId: string('As in the header x-request-id and in the log'),
      violations: list(
        { type: 'object' },
        {
          description:
            'Everything that is wrong: `field` and `message` of the request, or `file`, `line`, `column` and `message` of the rules',
        },
      ),
    },
    ['type', 'title', 'status', 'requestId'],
    { description: 'RFC 9457' },
  ),
  Envelope: object(
    {
      status: oneOf(['success', 'error'], 'With error the actions are ignored'),
      message: string('Shown to administrators'),
      actions: list(schemaRef('Action'), { description: 'In order; absent when there is nothing to do' }),
    },
    ['status', 'message'],
    { description: 'What Emailgistics gets' },
  ),
  Action: object(
    {
      type: oneOf(ACTION_TYPES, 'What to do'),
      name: string('For people'),
      value: { type: 'object', description: 'As Emailgistics documents it' },
    },
    ['type', 'value'],
  ),
  LookupFacts: whole(lookupFacts, { description: 'How the customer was looked up' }),
  ...VERDICT_SCHEMAS,
  ...DECISION_SCHEMAS,
  SimulationRequest: object(
    {
      message: object(
        {
          id: string('Id of the message', { minLength: 1 }),
          event: string('`received`; any other is not enriched', { minLength: 1 }),
          mailbox: string('Address of the shared mailbox', { minLength: 1 }),
        },
        ['id', 'event', 'mailbox'],
        { additionalProperties: true, description: 'A delivery as Emailgistics sends it' },
      ),
      customer: maybe({ ...record, description: 'The customer that the look-up shall find; null for nobody' }),
      lookup: object(lookupFacts, [], { description: 'How the look-up shall end, where that differs' }),
      now: time('The time of the decision. Default: now'),
    },
    ['message'],
  ),
  Simulation: whole({
    revision: string('Of the rules'),
    outcome: schemaRef('Outcome'),
    status: { type: 'integer', enum: [200, 503], description: 'The HTTP status of the answer' },
    envelope: schemaRef('Envelope'),
    customer: maybe(record),
    lookup: maybe(schemaRef('LookupFacts')),
    verdicts: list(schemaRef('Explanation'), { description: 'Of every rule; empty when none was asked' }),
    suppressed: list(schemaRef('Suppressed')),
  }),
  LookupRequest: whole({ address: address('Whom to look up') }),
  Lookup: whole({
    address: string('In normal form'),
    customer: maybe(record),
    lookup: schemaRef('LookupFacts'),
    from: maybe(
      oneOf(['provider', 'cache', 'stale_cache', 'last_known'], 'Where the record is from; null when nobody was found'),
    ),
    milliseconds: milliseconds('How long it took'),
    lastKnown: list(
      whole({
        provider,
        by: oneOf(['email', 'domain'], 'By what it would be found'),
        key: string('The address or domain'),
        ageSeconds: count('When the provider said so'),
      }),
      { description: 'What would stand in for a provider that does not answer' },
    ),
  }),
  InvalidationRequest: object(
    {
      address: address('Whose record to forget; with a +tag also that of the address without it'),
      domain: string('Of which company to forget the record'),
      provider,
    },
    [],
    { anyOf: [{ required: ['address'] }, { required: ['domain'] }] },
  ),
  Invalidation: whole({
    providers: list(provider, { description: 'That have forgotten' }),
    keys: count('Addresses and domains'),
  }),
} as const satisfies Readonly<Record<string, Schema>>;

export type SchemaName = keyof typeof SCHEMAS;
