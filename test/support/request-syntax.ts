/**
 * Small readers of what a request is written in, for tests of escaping: each takes a text apart into its literals and the rest. None of
 * them shares code with what is tested.
 */

/** The signs of a text, its literals taken out in order. */
export interface TakenApart {
  /** What is left, with `‹›` where a literal was. */
  readonly shape: string;
  readonly literals: readonly string[];
}

/** `'…'` with backslash escapes. @source Salesforce SOQL and SOSL Reference, "Quoted String Escape Sequences" */
export function readSoql(text: string): TakenApart {
  return takeApart(text, "'", (rest, at) => {
    if (rest[at] !== '\\') return rest[at] === "'" ? 'end' : [rest[at]!, 1];
    const sign = rest[at + 1];
    // In a LIKE pattern an escaped wildcard stays escaped.
    if (sign === '%' || sign === '_') return [`\\${sign}`, 2];
    if (sign === '\\' || sign === "'") return [sign, 2];
    throw new Error('an escape that SOQL does not know');
  });
}

/** `'…'` with quotes doubled. @source OData 4.01 ABNF, "string"; Zoho's COQL */
export function readDoubled(text: string): TakenApart {
  return takeApart(text, "'", (rest, at) => {
    if (rest[at] !== "'") return [rest[at]!, 1];
    return rest[at + 1] === "'" ? ["'", 2] : 'end';
  });
}

/** `"…"` without any escape. */
export function readPhrases(text: string): TakenApart {
  return takeApart(text, '"', (rest, at) => {
    if (rest[at] === '\\') throw new Error('a backslash');
    return rest[at] === '"' ? 'end' : [rest[at]!, 1];
  });
}

/** `(Field:operator:text)` with a backslash before ( ) , and \ in the text. */
export function readCriteria(text: string): TakenApart {
  const literals: string[] = [];
  let shape = '';
  let colons = 0;
  let literal: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (literal !== null && sign === '\\') literal += text[++at] ?? '';
    else if (literal !== null && (sign === ')' || sign === ',' || sign === '(')) {
      literals.push(literal);
      literal = null;
      colons = 0;
      shape += `‹›${sign}`;
    } else if (literal !== null) literal += sign;
    else {
      shape += sign;
      if (sign === ':' && ++colons === 2) literal = '';
    }
  }
  if (literal !== null) throw new Error('the criteria do not end');
  return { shape, literals };
}

/** A path and query as they came in, decoded once. */
export function readTarget(target: string): { readonly segments: string[]; readonly query: [string, string][] } {
  if (!/^\/[!-~]*$/.test(target)) throw new Error('a sign that no request line may have');
  const [path = '', query, ...more] = target.split('?');
  if (more.length > 0) throw new Error('two queries');
  const pairs = (query ?? '').split('&').filter((pair) => pair !== '');
  return {
    segments: path.slice(1).split('/').map(percentDecode),
    query: pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [percentDecode(pair.slice(0, at)), percentDecode(pair.slice(at + 1))];
    }),
  };
}

/** Pairs of an `application/x-www-form-urlencoded` body. @source WHATWG URL §5.1 */
export function readForm(body: string): [string, string][] {
  return readTarget(`/?${body.replaceAll('+', '%20')}`).query;
}

function percentDecode(text: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '%') bytes.push(text.charCodeAt(at));
    else {
      const hex = text.slice(at + 1, at + 3);
      if (!/^[\dA-Fa-f]{2}$/.test(hex)) throw new Error('a % without two digits');
      bytes.push(parseInt(hex, 16));
      at += 2;
    }
  }
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

/** What stands at a place inside a literal: a text and how many signs it takes, or the end. */
type InLiteral = (text: string, at: number) => readonly [text: string, signs: number] | 'end';

function takeApart(text: string, quote: string, read: InLiteral): TakenApart {
  const literals: string[] = [];
  let shape = '';
  for (let at = 0; at < text.length;) {
    if (text[at] !== quote) {
      shape += text[at++];
      continue;
    }
    at++;
    let literal = '';
    for (;;) {
      if (at >= text.length) throw new Error('a literal does not end');
      if (/[\p{Cc}\u2028\u2029]/u.test(text[at]!)) throw new Error('a control character');
      const part = read(text, at);
      if (part === 'end') break;
      literal += part[0];
      at += part[1];
    }
    at++;
    literals.push(literal);
    shape += '‹›';
  }
  return { shape, literals };
}
