import type { NormalForm } from './normal-form.js';

/** A value as JSON has it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A CRM record after the field mapping: names and values as rules see them. */
export type CustomerRecord = { readonly [field: string]: JsonValue };

export const LOOKUP_STATES = ['found', 'not_found', 'ambiguous', 'unavailable', 'no_sender', 'skipped'] as const;
export type LookupState = (typeof LOOKUP_STATES)[number];

export const MATCHED_BY = ['email', 'alias', 'domain', 'last_known'] as const;
export type MatchedBy = (typeof MATCHED_BY)[number];

export interface MessageFacts {
  readonly id: string;
  readonly subject: string;
  readonly subjectBase: string;
  readonly isReply: boolean;
  readonly bodyText: string | null;
  readonly received: string | null;
  readonly timestamp: string | null;
  readonly mailbox: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly hasAttachments: boolean;
  readonly conversationId: string | null;
  readonly internetMessageId: string | null;
}

export interface SenderFacts {
  readonly address: string | null;
  readonly name: string | null;
  readonly local: string | null;
  readonly domain: string | null;
  readonly registrableDomain: string | null;
  readonly isFreeMail: boolean;
  readonly isInternal: boolean;
  readonly isNoReply: boolean;
  readonly isAutoReply: boolean;
  readonly onBehalfOf: string | null;
}

export interface LookupFacts {
  readonly state: LookupState;
  readonly matchedBy: MatchedBy | null;
  readonly source: string | null;
  readonly stale: boolean;
  readonly ageSeconds: number | null;
  readonly incomplete: boolean;
}

/** Everything a rule or template can see of one message. */
export interface Facts {
  readonly message: MessageFacts;
  readonly sender: SenderFacts;
  /** Null when the CRM gave no record; `lookup.state` says why. */
  readonly customer: CustomerRecord | null;
  readonly lookup: LookupFacts;
  readonly conversation: { readonly customFields: Readonly<Record<string, string>> };
  /** Time of the evaluation, ISO 8601 in UTC. */
  readonly now: string;
  /** Reference tables by name. */
  readonly lists: Readonly<Record<string, JsonValue>>;
}

export type FactName = keyof Facts;
export type FieldType = 'text' | 'boolean' | 'number' | 'texts' | 'map' | 'time';

export interface FieldDefinition {
  readonly type: FieldType;
  readonly description: string;
  /** The only values there are. */
  readonly values?: readonly string[];
  /** The form that its text, or each entry of it, always has. */
  readonly form?: NormalForm;
}

export interface FactDefinition {
  readonly description: string;
  /** The fields of a fixed fact; absent when the fact is a plain value or its fields are the customer's own. */
  readonly fields?: Readonly<Record<string, FieldDefinition>>;
  /** The type of a fact that is a plain value. */
  readonly type?: FieldType;
}

type FieldsOf<T> = { readonly [Key in keyof T]: FieldDefinition };

const field = (type: FieldType, description: string, values?: readonly string[]): FieldDefinition =>
  values === undefined ? { type, description } : { type, description, values };

const inForm = (form: NormalForm, type: FieldType, description: string): FieldDefinition => ({
  type,
  description,
  form,
});

const MESSAGE_FIELDS: FieldsOf<MessageFacts> = {
  id: field('text', 'Id of the message, opaque'),
  subject: field('text', 'Subject as received'),
  subjectBase: field('text', 'Subject without Re:, Fwd:, AW:, WG:, RE[2]: in front'),
  isReply: field('boolean', 'The subject starts with a reply mark'),
  bodyText: field('text', 'Plain text; null unless the webhook includes it'),
  received: field('time', 'When the mail was received; null when the payload does not say'),
  timestamp: field('time', 'When the webhook event occurred; null when the payload does not say'),
  mailbox: inForm('address', 'text', 'Address of the shared mailbox, lower case'),
  to: inForm('address', 'texts', 'Addresses of the To recipients, lower case'),
  cc: inForm('address', 'texts', 'Addresses of the Cc recipients, lower case'),
  hasAttachments: field('boolean', 'The message has attachments'),
  conversationId: field('text', 'Id of the conversation in Emailgistics; null when the payload has none'),
  internetMessageId: field('text', 'Message-ID header; null when the payload has none'),
};

const SENDER_FIELDS: FieldsOf<SenderFacts> = {
  address: inForm('address', 'text', 'Address of the header From, lower case; null when there is none'),
  name: field('text', 'Display name, as received; null when there is none'),
  local: inForm('local', 'text', 'The part before the @, lower case'),
  domain: inForm('domain', 'text', 'The part after the @, lower case, in ASCII'),
  registrableDomain: inForm('domain', 'text', 'The domain that was registered: acme.co.uk for mail.acme.co.uk'),
  isFreeMail: field('boolean', 'A free-mail provider such as gmail.com'),
  isInternal: field('boolean', 'Shares the registrable domain of the mailbox'),
  isNoReply: field('boolean', 'An address that nobody reads, such as no-reply@'),
  isAutoReply: field('boolean', 'An out-of-office note, bounce or other automatic answer'),
  onBehalfOf: inForm('address', 'text', 'The envelope sender when it differs from the header From, else null'),
};

const LOOKUP_FIELDS: FieldsOf<LookupFacts> = {
  state: field('text', 'How the look-up ended', LOOKUP_STATES),
  matchedBy: field('text', 'By what the customer was found, null when not found', MATCHED_BY),
  source: field('text', 'Name of the provider that answered'),
  stale: field('boolean', 'The values are older than they should be'),
  ageSeconds: field('number', 'Age of the values'),
  incomplete: field(
    'boolean',
    'One of the providers to merge from gave no answer: a field that the others lack is unknown',
  ),
};

/** The registry that checks rules and templates, and feeds completion and docs. */
export const FACT_DEFINITIONS: { readonly [Name in FactName]: FactDefinition } = {
  message: { description: 'The message', fields: MESSAGE_FIELDS },
  sender: { description: 'Who wrote it', fields: SENDER_FIELDS },
  customer: { description: 'The CRM record as mapped, null when there is none' },
  lookup: { description: 'How the customer was looked up', fields: LOOKUP_FIELDS },
  conversation: {
    description: 'The conversation in Emailgistics',
    fields: { customFields: field('map', 'Current custom fields, by key') },
  },
  now: { description: 'Time of the evaluation', type: 'time' },
  lists: { description: 'Reference tables, by name' },
};

export function isFactName(name: string): name is FactName {
  return Object.hasOwn(FACT_DEFINITIONS, name);
}
