export type SqlDialect = 'sqlite' | 'postgres' | 'mysql';

export interface SqlToken {
  /** `blank`: spaces and comments. `named`: `:email`. `variable`: the session's own, `@x`. */
  readonly kind: 'blank' | 'quoted' | 'word' | 'positional' | 'named' | 'variable' | 'end' | 'other';
  readonly text: string;
  readonly index: number;
}

const LETTERS = String.raw`\u0080-\uffff`;
const WORD = String.raw`(?<word>[\w${LETTERS}][\w$${LETTERS}]*)`;
const NAMED = String.raw`(?<named>:[A-Za-z_${LETTERS}][\w${LETTERS}]*)`;
const REST = ['(?<end>;)', '(?<other>[^])'];

/** A text between quotes that are doubled within; to the end when it is not closed. */
const doubled = (quote: string) => `${quote}[^${quote}]*(?:${quote}${quote}[^${quote}]*)*(?:${quote}|$)`;
/** The same, with backslash escapes. */
const escaped = (quote: string) => String.raw`${quote}(?:[^${quote}\\]|\\[^]?|${quote}${quote})*(?:${quote}|$)`;

/** Between the parts of one text on several lines; there may be comments. The parts after the first are read as it is. */
const LINE_BREAK = String.raw`(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:\s|--[^\n\r]*(?=[\n\r]))*`;

const TOKENS: Readonly<Record<SqlDialect, RegExp>> = {
  /** @source sqlite.org/lang_expr.html, "Parameters"; lang_keywords.html for the four quotes; lang_comment.html */
  sqlite: pattern([
    String.raw`(?<blank>\s+|--[^\n]*|/\*[^]*?(?:\*/|$))`,
    String.raw`(?<quoted>${doubled("'")}|${doubled('"')}|\x60[^\x60]*(?:\x60|$)|\[[^\]]*(?:\]|$))`,
    WORD,
    String.raw`(?<positional>\?\d*)`,
    String.raw`(?<named>[:@$][\w${LETTERS}]+)`,
  ]),
  /** @source postgresql.org/docs/18/sql-syntax-lexical.html, with standard_conforming_strings, which the connection sets; src/backend/parser/scan.l */
  postgres: pattern([
    String.raw`(?<blank>\s+|--[^\n\r]*)`,
    String.raw`(?<quoted>[eE]${escaped("'")}(?:${LINE_BREAK}${escaped("'")})*|${doubled("'")}|${doubled('"')}` +
      String.raw`|\$(?<tag>[A-Za-z_${LETTERS}][\w${LETTERS}]*)?\$[^]*?(?:\$\k<tag>\$|$))`,
    WORD,
    String.raw`(?<positional>\$\d+)`,
    '(?<operator>::|:=)',
    NAMED,
  ]),
  /** @source dev.mysql.com/doc/refman/8.4/en/string-literals.html, comments.html (what `/*!` begins is run), user-variables.html */
  mysql: pattern([
    String.raw`(?<blank>\s+|--(?=[\s\0-\x1f]|$)[^\n]*|#[^\n]*|/\*M?!\d*|/\*[^]*?(?:\*/|$))`,
    String.raw`(?<quoted>${escaped("'")}|${escaped('"')}|${doubled('`')})`,
    WORD,
    String.raw`(?<positional>\?)`,
    String.raw`(?<variable>@@?[\w.$${LETTERS}]*)`,
    '(?<operator>::|:=)',
    NAMED,
  ]),
};

function pattern(parts: readonly string[]): RegExp {
  return new RegExp([...parts, ...REST].join('|'), 'y');
}

/** A statement in parts; together they are the whole of it. */
export function* sqlTokens(sql: string, dialect: SqlDialect): Generator<SqlToken> {
  const expression = new RegExp(TOKENS[dialect]);
  for (let index = 0; index < sql.length;) {
    const token = (dialect === 'postgres' && nestedComment(sql, index)) || nextToken(expression, sql, index);
    yield token;
    index += token.text.length;
  }
}

const KINDS = ['blank', 'quoted', 'word', 'positional', 'named', 'variable', 'end'] as const;

function nextToken(expression: RegExp, sql: string, index: number): SqlToken {
  expression.lastIndex = index;
  const { 0: text, groups = {} } = expression.exec(sql)!;
  return { kind: KINDS.find((kind) => groups[kind] !== undefined) ?? 'other', text, index };
}

/** The comment that begins here; to the end when it is not closed. */
function nestedComment(sql: string, index: number): SqlToken | undefined {
  if (!sql.startsWith('/*', index)) return undefined;
  const ends = /\/\*|\*\//g;
  ends.lastIndex = index;
  let depth = 0;
  for (let end = ends.exec(sql); end !== null; end = ends.exec(sql)) {
    depth += end[0] === '/*' ? 1 : -1;
    if (depth === 0) return { kind: 'blank', text: sql.slice(index, ends.lastIndex), index };
  }
  return { kind: 'blank', text: sql.slice(index), index };
}

/** A statement as a driver takes it. */
export interface BoundSql {
  readonly text: string;
  /** The parameter at each of the driver's places. */
  readonly names: readonly string[];
}

/** The statement with the driver's placeholders, `$1` or `?`. It is the same whatever the values are: those are only ever bound. */
export function toPlaceholders(sql: string, dialect: 'postgres' | 'mysql'): BoundSql {
  const names: string[] = [];
  const place = (name: string): string => {
    if (dialect === 'mysql' || !names.includes(name)) names.push(name);
    if (dialect === 'mysql') return '?';
    // A space, for `a$1` would be a name.
    return ` $${names.indexOf(name) + 1}`;
  };
  const text = [...sqlTokens(sql, dialect)].map((token) =>
    token.kind === 'named' ? place(token.text.slice(1)) : token.text,
  );
  return { text: text.join(''), names };
}
