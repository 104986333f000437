import { UnsendableValue } from './unsendable-value.js';

/** How a value is written into a text. */
export type Encoder = (value: string) => string;

interface Language {
  readonly description: string;
  /** What texts stand between; null where they stand as they are. */
  readonly quote: "'" | '"' | null;
  /** A backslash makes the sign behind it a plain one. */
  readonly hasBackslash: boolean;
  /** The value as it stands between quotes. */
  readonly escape: Encoder;
  /** The same where `%` and `_` would be wildcards; absent where they cannot be escaped. */
  readonly escapePattern?: Encoder;
  /** A time stands in quotes. */
  readonly quotesTimes: boolean;
}

const CONTROL = /\p{Cc}/u;
/** Line and paragraph separators end a line for some parsers. */
const BREAKS = /[\u2028\u2029]/u;

/** The query languages of CRMs: in a text of one, each placeholder becomes a literal of it, so that none can be forgotten. */
export const LANGUAGES = {
  soql: {
    description: "Salesforce Object Query Language: '…', with a backslash before \\ and '",
    quote: "'",
    hasBackslash: true,
    escape: escapeSoql,
    escapePattern: (value) => escapeSoql(value).replace(/[%_]/g, String.raw`\$&`),
    quotesTimes: false,
  },
  odata: {
    description: "OData: '…', with ' doubled",
    quote: "'",
    hasBackslash: false,
    escape: (value) => plain(value).replaceAll("'", "''"),
    quotesTimes: false,
  },
  criteria: {
    description: 'Zoho search criteria: text with a backslash before ( ) , and \\',
    quote: null,
    hasBackslash: true,
    escape: (value) => plain(value).replace(/[\\(),]/g, String.raw`\$&`),
    quotesTimes: false,
  },
  coql: {
    description: "Zoho's COQL: '…', with ' doubled; a backslash is refused",
    quote: "'",
    hasBackslash: false,
    escape: escapeCoql,
    quotesTimes: true,
  },
  search: {
    description: 'A search line such as Zendesk\'s: "…"; a double quote and a backslash are refused',
    quote: '"',
    hasBackslash: false,
    escape: (value) => refuse(/["\\]/, plain(value)),
    quotesTimes: false,
  },
} as const satisfies Record<string, Language>;

export type LanguageName = keyof typeof LANGUAGES;

export function isLanguage(name: string): name is LanguageName {
  return Object.hasOwn(LANGUAGES, name);
}

/**
 * A literal of the language; only its inside where the author has opened the quotes already.
 *
 * @param before all that the author wrote before the placeholder, placeholders left out
 */
export function literalEncoder(name: LanguageName, before: string): Encoder {
  const { quote, hasBackslash, escape, escapePattern }: Language = LANGUAGES[name];
  if (quote === null) return escape;
  const opened = openedAt(before, quote, hasBackslash);
  if (opened === null) return (value) => `${quote}${escape(value)}${quote}`;
  return escapePattern !== undefined && /\blike\s*$/i.test(before.slice(0, opened)) ? escapePattern : escape;
}

/** A time or number of our own making. */
export function timeEncoder(name: LanguageName, before: string): Encoder {
  const { quote, hasBackslash, quotesTimes }: Language = LANGUAGES[name];
  const isBare = !quotesTimes || quote === null || openedAt(before, quote, hasBackslash) !== null;
  return (value) => (isBare ? value : `${quote}${value}${quote}`);
}

/** Whether the author's text closes all quotes that it opens. */
export function closesQuotes(name: LanguageName, text: string): boolean {
  const { quote, hasBackslash }: Language = LANGUAGES[name];
  return quote === null || openedAt(text, quote, hasBackslash) === null;
}

/** Where quotes were opened that are not closed yet; null when there are none. */
function openedAt(text: string, quote: string, hasBackslash: boolean): number | null {
  let opened: number | null = null;
  for (let at = 0; at < text.length; at++) {
    if (hasBackslash && text[at] === '\\') at++;
    else if (text[at] === quote) opened = opened === null ? at : null;
  }
  return opened;
}

/** @source Salesforce SOQL and SOSL Reference, "Quoted String Escape Sequences" */
function escapeSoql(value: string): string {
  return plain(value).replace(/[\\']/g, String.raw`\$&`);
}

/** @source Zoho "Kaizen #171: FAQs on COQL API", question 3; what a backslash does is not documented */
function escapeCoql(value: string): string {
  return refuse(/\\/, plain(value)).replaceAll("'", "''");
}

function plain(value: string): string {
  if (!value.isWellFormed()) throw new UnsendableValue('it is no Unicode text');
  return refuse(BREAKS, refuse(CONTROL, value));
}

function refuse(unwanted: RegExp, value: string): string {
  if (unwanted.test(value))
    throw new UnsendableValue('it has a character that the query language has no safe form for');
  return value;
}
