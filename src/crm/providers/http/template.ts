import { createHash } from 'node:crypto';
import { didYouMean } from '../../../files/did-you-mean.js';
import type { SecretResolution } from '../../secret-references.js';
import { closesQuotes, type Encoder, type LanguageName, literalEncoder, timeEncoder } from './languages.js';
import { POSITIONS, type PositionName } from './positions.js';
import { UnsendableValue } from './unsendable-value.js';

/** What placeholders stand for while a request is made. */
export type Values = Readonly<Record<string, string | undefined>>;

interface Slot {
  readonly name: string;
  readonly encode: Encoder;
}

/** A text with placeholders, each with the encoder of its position. */
export interface Template {
  readonly parts: readonly (string | Slot)[];
  readonly whole: Encoder;
}

/** What placeholders may stand in a template, and what of it is known already. */
export interface Scope {
  /** Parameters; null is one that was not given. */
  readonly constants: ReadonlyMap<string, Constant | null>;
  /** Names of fields, by `contactFields` and `companyFields`. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** Known only with each request. */
  readonly runtime: readonly string[];
  /** The text of a `${env:…}` or `${file:…}`; null where none may stand. */
  readonly reference: ((reference: string) => SecretResolution) | null;
}

export interface Constant {
  readonly text: string;
  /** It is the name of a field: in a query language it stands as it is. */
  readonly isName: boolean;
  /** Records a fault where the user gave it; null when it is a default of the connector. */
  readonly refuse: ((message: string) => void) | null;
}

export interface Place {
  readonly position: PositionName;
  readonly language: LanguageName | null;
}

type Refuse = (index: number, message: string) => void;

const TOKEN = /\{\{([^{}]*)\}\}|\$\{(?:env|file):[^}]+\}|\{\{|\}\}/g;
const PLACEHOLDER = /^\s*([A-Za-z_][\w.]*)\s*(?:\|\s*([A-Za-z]\w*)\s*)?$/;

const HASHES: readonly string[] = ['md5', 'sha256'];
/** Placeholders of our own making: times and numbers, which most query languages write without quotes. */
const TIMES: readonly string[] = ['since', 'sinceSeconds', 'sinceMs', 'page'];
/** No value ever has such a name: a template with a parameter that was not given is left out. */
const MISSING = '\u0000';

/**
 * The template of a text. What is known already is written into it, encoded as everything else.
 *
 * @param refuse records a fault at the character at `index` of the text
 */
export function parseTemplate(text: string, place: Place, scope: Scope, refuse: Refuse): Template {
  const parts: (string | Slot)[] = [];
  let from = 0;
  let written = '';
  for (const { index, 0: token, 1: inner } of text.matchAll(TOKEN)) {
    parts.push(text.slice(from, index));
    written += text.slice(from, index);
    from = index + token.length;
    const isAll = index === 0 && from === text.length;
    parts.push(new TokenReading({ token, index, written, isAll }, place, scope, refuse).read(inner));
  }
  parts.push(text.slice(from));
  const all = written + text.slice(from);
  if (place.language !== null && !closesQuotes(place.language, all)) refuse(0, 'a quote is opened and not closed');
  return { parts: parts.filter((part) => part !== ''), whole: POSITIONS[place.position].whole };
}

/**
 * The text of a template; undefined when a value that it needs is not there.
 *
 * @throws UnsendableValue when a value cannot stand at its position
 */
export function render({ parts, whole }: Template, values: Values): string | undefined {
  let text = '';
  for (const part of parts) {
    const value = typeof part === 'string' ? undefined : values[part.name];
    if (typeof part !== 'string' && value === undefined) return undefined;
    text += typeof part === 'string' ? part : part.encode(value!);
  }
  return whole(text);
}

/** The text of a template that needs nothing more. */
export function constantText(template: Template): string | undefined {
  return render(template, {});
}

/** Which values the template needs. */
export function namesIn({ parts }: Template): string[] {
  return parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
}

/** Which parameters it needs that were not given. */
export function missingIn(template: Template): string[] {
  return namesIn(template).flatMap((name) => (name.startsWith(MISSING) ? [name.slice(MISSING.length)] : []));
}

/** The names of a list placeholder that is the whole text, such as `{{contactFields}}`; undefined when it is none. */
export function listOf(text: string, { lists }: Scope): readonly string[] | undefined {
  const [, name = ''] = /^\s*\{\{\s*([\w.]+)\s*\}\}\s*$/.exec(text) ?? [];
  return namesOfList(name, lists);
}

/** `{{Account.contactFields}}`: each name with what stands before the list. */
function namesOfList(name: string, lists: Scope['lists']): readonly string[] | undefined {
  const dot = name.lastIndexOf('.');
  return lists.get(name.slice(dot + 1))?.map((each) => `${name.slice(0, dot + 1)}${each}`);
}

interface Token {
  readonly token: string;
  readonly index: number;
  /** What the author wrote before it. */
  readonly written: string;
  /** There is nothing but it. */
  readonly isAll: boolean;
}

class TokenReading {
  constructor(
    private readonly at: Token,
    private readonly place: Place,
    private readonly scope: Scope,
    private readonly refuse: Refuse,
  ) {}

  read(inner: string | undefined): string | Slot {
    if (inner === undefined) return this.#reference();
    const [, name, filter] = PLACEHOLDER.exec(inner) ?? [];
    if (name === undefined) return this.#fault(`${this.at.token} is no placeholder; one is a name, such as {{email}}`);
    const { constants, lists, runtime } = this.scope;
    const list = filter === undefined ? namesOfList(name, lists) : undefined;
    if (list !== undefined) return list.join(',');
    const constant = constants.get(name);
    const known = [...runtime, ...constants.keys(), ...lists.keys()];
    if (constant === undefined && !runtime.includes(name)) return this.#fault(unknown('placeholder', name, known));
    if (filter !== undefined && !HASHES.includes(filter)) return this.#fault(unknown('filter', filter, HASHES));
    const encode = this.#encoder(name, filter, constant ?? null);
    if (constant === undefined) return { name, encode };
    return constant === null ? { name: `${MISSING}${name}`, encode } : this.#insert(name, constant, encode);
  }

  #encoder(name: string, filter: string | undefined, constant: Constant | null): Encoder {
    const { position, language } = this.place;
    const isAddress = position === 'url' && this.at.index === 0 && constant !== null;
    const atPosition: Encoder = isAddress ? (value) => this.#address(value) : POSITIONS[position].value;
    const literal: Encoder = language === null ? same : this.#literal(language, name, constant);
    return (value) => atPosition(literal(filter === undefined ? value : hash(filter, value)));
  }

  #literal(language: LanguageName, name: string, constant: Constant | null): Encoder {
    if (constant?.isName === true) return same;
    return (constant === null && TIMES.includes(name) ? timeEncoder : literalEncoder)(language, this.at.written);
  }

  /** A parameter that begins an address is one itself. */
  #address(value: string): string {
    return this.at.isAll ? value : value.replace(/\/+$/, '');
  }

  #insert(name: string, constant: Constant, encode: Encoder): string {
    try {
      return encode(constant.text);
    } catch (error) {
      if (!(error instanceof UnsendableValue)) throw error;
      const message = `"${name}" cannot be used as it is: ${error.message}`;
      if (constant.refuse === null) return this.#fault(message);
      constant.refuse(message);
      return '';
    }
  }

  #reference(): string {
    const { token } = this.at;
    if (token === '{{' || token === '}}') return this.#fault(`"${token}" belongs to a placeholder, such as {{email}}`);
    if (this.scope.reference === null)
      return this.#fault(`${token} belongs into the CRM configuration: make it a parameter of the connector`);
    const resolved = this.scope.reference(token);
    return resolved.ok ? this.#given(resolved.text) : this.#fault(resolved.message);
  }

  /** A secret is a value like any other. */
  #given(text: string): string {
    const encode = this.place.position === 'url' ? same : this.#encoder('', undefined, null);
    return this.#insert(this.at.token, { text, isName: false, refuse: null }, encode);
  }

  #fault(message: string): '' {
    this.refuse(this.at.index, message);
    return '';
  }
}

const same: Encoder = (value) => value;

function unknown(what: string, name: string, known: readonly string[]): string {
  const there = known.length === 0 ? 'there is none here' : `there are ${known.join(', ')}`;
  return `unknown ${what} "${name}"${didYouMean(name, known)} (${there})`;
}

function hash(algorithm: string, value: string): string {
  return createHash(algorithm).update(value).digest('hex');
}
