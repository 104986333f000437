/** A condition of a query, whatever the language. */
export type Condition =
  | { readonly type: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly type: 'test'; readonly field: string; readonly operator: Operator; readonly value: Value };

export type Operator = '=' | '!=' | '>=' | 'like' | 'contains' | 'startswith';
export type Value = null | string | Date;

export interface Select {
  readonly fields: readonly string[];
  readonly from: string;
  readonly where: Condition | null;
  readonly orderBy: string | null;
  readonly limit: number | null;
}

/** The query is none of the language, or asks for what is not there. */
export class QueryError extends Error {}

export interface Dialect {
  /** One literal text at the start, delimiters included. */
  readonly text: RegExp;
  readonly unescape: (inner: string) => string;
  /** Without brackets there may be one of AND and OR, however often; or no more than two conditions. */
  readonly brackets: 'when mixed' | 'beyond two' | 'never';
  /** Times stand in quotes. */
  readonly quotesTimes: boolean;
}

/** @source SOQL and SOSL Reference, "Quoted String Escape Sequences" */
export const SOQL: Dialect = {
  text: /^'((?:[^'\\\p{Cc}]|\\[nrtbf"'\\_%])*)'/u,
  // For LIKE an escaped wildcard stays escaped.
  unescape: (inner) => inner.replace(/\\(["'\\])/g, (_, sign: string) => (sign === '\\' ? '\\\\' : sign)),
  brackets: 'when mixed',
  quotesTimes: false,
};

export const COQL: Dialect = {
  text: /^'((?:[^'\\\p{Cc}]|'')*)'/u,
  unescape: (inner) => inner.replaceAll("''", "'"),
  brackets: 'beyond two',
  quotesTimes: true,
};

export const ODATA: Dialect = {
  text: /^'((?:[^'\p{Cc}]|'')*)'/u,
  unescape: (inner) => inner.replaceAll("''", "'"),
  brackets: 'never',
  quotesTimes: false,
};

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)/;
const NAME = /^[A-Za-z_][\w./]*/;
const ODATA_OPERATORS: Readonly<Record<string, Operator>> = { eq: '=', ne: '!=', ge: '>=' };

/** `SELECT … FROM … [WHERE …] [ORDER BY … [DESC]] [LIMIT n]`, and nothing else. */
export function parseSelect(query: string, dialect: Dialect): Select {
  const reader = new QueryReader(query, dialect);
  reader.word('select');
  const fields = [reader.name()];
  while (reader.takes(',')) fields.push(reader.name());
  reader.word('from');
  const from = reader.name();
  const where = reader.takesWord('where') ? reader.conditions(() => reader.comparison()) : null;
  let orderBy: string | null = null;
  if (reader.takesWord('order')) {
    reader.word('by');
    orderBy = reader.name();
    if (!reader.takesWord('desc')) reader.takesWord('asc');
  }
  const limit = reader.takesWord('limit') ? reader.count() : null;
  reader.end();
  return { fields, from, where, orderBy, limit };
}

/** An OData `$filter`. */
export function parseFilter(filter: string): Condition {
  const reader = new QueryReader(filter, ODATA);
  const condition = reader.conditions(() => reader.odataTest());
  reader.end();
  return condition;
}

/** @param read the field's value; throws a QueryError for a field that is not there */
export function holds(condition: Condition, read: (field: string) => Value): boolean {
  if (condition.type !== 'test') {
    const { type, of } = condition;
    return type === 'and' ? of.every((part) => holds(part, read)) : of.some((part) => holds(part, read));
  }
  const { operator, value } = condition;
  const is = read(condition.field);
  if (operator === '=') return is === null || value === null ? is === value : same(is, value);
  if (operator === '!=') return is === null || value === null ? is !== value : !same(is, value);
  if (is === null || value === null) return false;
  if (operator === '>=') return is >= value;
  const [text, part] = [String(is).toLowerCase(), String(value).toLowerCase()];
  if (operator === 'contains') return text.includes(part);
  return operator === 'startswith' ? text.startsWith(part) : like(part).test(text);
}

/** All of these languages compare texts without regard to case. */
function same(one: string | Date, other: string | Date): boolean {
  const plain = (value: string | Date) => (value instanceof Date ? value.toISOString() : value.toLowerCase());
  return plain(one) === plain(other).replaceAll('\\\\', '\\');
}

function like(pattern: string): RegExp {
  const source = pattern.replace(/\\([\\%_])|[%_]|[^\w\s]/g, (sign, escaped: string | undefined) => {
    if (escaped !== undefined) return `\\u${escaped.charCodeAt(0).toString(16).padStart(4, '0')}`;
    return sign === '%' ? '.*' : sign === '_' ? '.' : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return new RegExp(`^${source}$`, 's');
}

class QueryReader {
  #rest: string;

  constructor(
    query: string,
    private readonly dialect: Dialect,
  ) {
    this.#rest = query.trimStart();
  }

  /** Conditions with AND, OR and brackets, by the rules of the language. */
  conditions(one: () => Condition): Condition {
    const parts: Condition[] = [this.#bracketed(one)];
    const words: ('and' | 'or')[] = [];
    for (;;) {
      const word = (['and', 'or'] as const).find((each) => this.takesWord(each));
      if (word === undefined) break;
      words.push(word);
      parts.push(this.#bracketed(one));
    }
    const { brackets } = this.dialect;
    const isUnclear =
      brackets === 'beyond two' ? words.length > 1 : brackets === 'when mixed' && new Set(words).size > 1;
    if (isUnclear) throw new QueryError('conditions need brackets');
    // AND binds closer.
    const groups: Condition[][] = [[parts[0]!]];
    words.forEach((word, index) => {
      if (word === 'and') groups.at(-1)!.push(parts[index + 1]!);
      else groups.push([parts[index + 1]!]);
    });
    return { type: 'or', of: groups.map((of) => ({ type: 'and', of })) };
  }

  comparison(): Condition {
    const field = this.name();
    const operator =
      (['!=', '>=', '='] as const).find((each) => this.takes(each)) ?? (this.takesWord('like') ? 'like' : undefined);
    if (operator === undefined) throw new QueryError(`no operator at ${this.#rest}`);
    return { type: 'test', field, operator, value: this.#value() };
  }

  odataTest(): Condition {
    const word = this.name();
    if (word === 'contains' || word === 'startswith') {
      this.#need('(');
      const field = this.name();
      this.#need(',');
      const value = this.#value();
      this.#need(')');
      return { type: 'test', field, operator: word, value };
    }
    const operator = ODATA_OPERATORS[this.name()];
    if (operator === undefined) throw new QueryError(`no operator before ${this.#rest}`);
    return { type: 'test', field: word, operator, value: this.#value() };
  }

  name(): string {
    const [name] = NAME.exec(this.#rest) ?? [];
    if (name === undefined) throw new QueryError(`no name at ${this.#rest}`);
    this.#skip(name.length);
    return name;
  }

  count(): number {
    const [digits] = /^\d+/.exec(this.#rest) ?? [];
    if (digits === undefined) throw new QueryError(`no number at ${this.#rest}`);
    this.#skip(digits.length);
    return Number(digits);
  }

  word(word: string): void {
    if (!this.takesWord(word)) throw new QueryError(`no ${word} at ${this.#rest}`);
  }

  takesWord(word: string): boolean {
    const isThere = new RegExp(`^${word}\\b`, 'i').test(this.#rest);
    if (isThere) this.#skip(word.length);
    return isThere;
  }

  takes(sign: string): boolean {
    const isThere = this.#rest.startsWith(sign);
    if (isThere) this.#skip(sign.length);
    return isThere;
  }

  end(): void {
    if (this.#rest !== '') throw new QueryError(`unexpected ${this.#rest}`);
  }

  #bracketed(one: () => Condition): Condition {
    if (!this.takes('(')) return one();
    const condition = this.conditions(one);
    this.#need(')');
    return condition;
  }

  #value(): Value {
    if (this.takesWord('null')) return null;
    const [time] = TIME.exec(this.#rest) ?? [];
    if (time !== undefined && !this.dialect.quotesTimes) {
      this.#skip(time.length);
      return new Date(time);
    }
    const [digits] = /^\d+\b/.exec(this.#rest) ?? [];
    if (digits !== undefined && !this.dialect.quotesTimes) {
      this.#skip(digits.length);
      return digits;
    }
    const [text, inner] = this.dialect.text.exec(this.#rest) ?? [];
    if (text === undefined) throw new QueryError(`no value at ${this.#rest}`);
    this.#skip(text.length);
    const value = this.dialect.unescape(inner!);
    return this.dialect.quotesTimes && TIME.test(value) ? new Date(value) : value;
  }

  #need(sign: string): void {
    if (!this.takes(sign)) throw new QueryError(`no ${sign} at ${this.#rest}`);
  }

  #skip(length: number): void {
    this.#rest = this.#rest.slice(length).trimStart();
  }
}
