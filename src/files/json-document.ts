import { isUtf8 } from 'node:buffer';
import { type Node, type ParseError, getNodeValue, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Fault } from './fault.js';
import { treeOfValidJson } from './json-tree.js';

export type JsonNode = Node;

/** Deeper nesting is refused before parsing, since the parser is recursive. */
export const MAX_JSON_DEPTH = 200;

export interface JsonDocumentOptions {
  /** Where the text begins, when it is a part of the file; 1-based. */
  readonly origin?: { readonly line: number; readonly column: number };
  /** Default: not. */
  readonly mayHoldSecrets?: boolean;
}

/**
 * A JSON file that people write, parsed with the place of every value, collecting what is wrong with it.
 *
 * Strict JSON: no comments, no trailing commas, no key twice in one object. After a syntax error `root` is undefined and
 * the first error only is reported, since what follows it is mostly its echo.
 */
export class JsonDocument {
  readonly faults: Fault[] = [];
  readonly root: JsonNode | undefined;
  readonly text: string;
  readonly #lineStarts: number[] = [0];

  /** Faults do not repeat what is written. */
  readonly mayHoldSecrets: boolean;
  private readonly origin: NonNullable<JsonDocumentOptions['origin']>;

  constructor(
    readonly file: string,
    bytes: Uint8Array,
    { origin = { line: 1, column: 1 }, mayHoldSecrets = false }: JsonDocumentOptions = {},
  ) {
    this.origin = origin;
    this.mayHoldSecrets = mayHoldSecrets;
    this.text = new TextDecoder('utf-8').decode(bytes);
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
    const invalid = this.text.indexOf('\uFFFD');
    if (invalid >= 0 && !isUtf8(bytes)) {
      this.error(invalid, 'the file is not UTF-8 text');
    } else {
      this.root = this.#parse();
    }
  }

  /** Records an error at a node (or offset). */
  error(at: JsonNode | number, message: string): void {
    this.faults.push(this.faultAt('error', at, message));
  }

  /** @param code a stable name of this kind of warning, for tools */
  warn(at: JsonNode | number, message: string, code?: string): void {
    this.faults.push({ ...this.faultAt('warning', at, message), ...(code === undefined ? {} : { code }) });
  }

  /** A fault at a node (or offset), not recorded. */
  faultAt(severity: Fault['severity'], at: JsonNode | number, message: string): Fault {
    const { line, column } = this.position(typeof at === 'number' ? at : at.offset);
    if (this.mayHoldSecrets) return { severity, file: this.file, line, column, message, source: '' };
    const start = this.#lineStarts[line - this.origin.line]!;
    const end = this.text.indexOf('\n', start);
    const source = this.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
    return { severity, file: this.file, line, column, message, source };
  }

  /** 1-based line and column. */
  position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const { line, column } = this.origin;
    return { line: low + line, column: offset - this.#lineStarts[low]! + (low === 0 ? column : 1) };
  }

  /** The offset in the file of the character at `index` of a string value, escapes counted as written. */
  offsetInString(node: JsonNode, index: number): number {
    let offset = node.offset + 1;
    for (let seen = 0; seen < index && offset < node.offset + node.length - 1; seen++) {
      if (this.text[offset] !== '\\') offset += 1;
      else offset += this.text[offset + 1] === 'u' ? 6 : 2;
    }
    return offset;
  }

  #parse(): JsonNode | undefined {
    const tooDeep = offsetBelowDepth(this.text, MAX_JSON_DEPTH);
    if (tooDeep !== undefined) {
      this.error(tooDeep, `nested more than ${MAX_JSON_DEPTH} levels deep`);
      return undefined;
    }
    if (this.text.trim() === '') {
      this.error(0, 'the file is empty');
      return undefined;
    }
    if (!isValidJson(this.text)) {
      this.#reportSyntax();
      return undefined;
    }
    const root = treeOfValidJson(this.text);
    this.#reportDuplicateKeys(root);
    return root;
  }

  /** Where the text stops being JSON: jsonc-parser goes on after a fault, and so knows its place. */
  #reportSyntax(): void {
    const errors: ParseError[] = [];
    parseTree(this.text, errors, { disallowComments: true, allowTrailingComma: false });
    const { offset, error } = errors[0] ?? { offset: 0, error: undefined };
    const message = error === undefined ? undefined : SYNTAX_MESSAGES[printParseErrorCode(error)];
    this.error(Math.min(offset, this.text.length), message ?? 'not valid JSON');
  }

  #reportDuplicateKeys(node: JsonNode): void {
    if (node.type === 'object') {
      const seen = new Map<string, number>();
      for (const property of node.children ?? []) {
        const key = property.children![0]!;
        const name = key.value as string;
        const first = seen.get(name);
        if (first === undefined) seen.set(name, key.offset);
        else this.error(key, `duplicate key "${name}", first written in line ${this.position(first).line}`);
      }
    }
    for (const child of node.children ?? []) this.#reportDuplicateKeys(child);
  }
}

/** The plain value of a node. */
export function valueOf(node: JsonNode): unknown {
  return getNodeValue(node);
}

const SYNTAX_MESSAGES: Readonly<Record<string, string>> = {
  InvalidSymbol: 'not valid JSON: unknown word (text needs double quotes)',
  InvalidNumberFormat: 'not valid JSON: malformed number',
  PropertyNameExpected: 'not valid JSON: a key in double quotes is expected here (is there a comma too many?)',
  ValueExpected: 'not valid JSON: a value is expected here (is there a comma too many?)',
  ColonExpected: 'not valid JSON: ":" is expected here',
  CommaExpected: 'not valid JSON: "," is expected here',
  CloseBraceExpected: 'not valid JSON: "}" is expected here (is the file cut off?)',
  CloseBracketExpected: 'not valid JSON: "]" is expected here (is the file cut off?)',
  EndOfFileExpected: 'not valid JSON: there is text after the end',
  InvalidCommentToken: 'not valid JSON: comments are not allowed, use "description"',
  UnexpectedEndOfComment: 'not valid JSON: comments are not allowed, use "description"',
  UnexpectedEndOfString: 'not valid JSON: the closing double quote is missing',
  UnexpectedEndOfNumber: 'not valid JSON: malformed number',
  InvalidUnicode: 'not valid JSON: malformed \\u escape',
  InvalidEscapeCharacter: 'not valid JSON: unknown escape (a backslash is written \\\\)',
  InvalidCharacter: 'not valid JSON: control character in text (a line break is written \\n)',
};

function offsetBelowDepth(text: string, limit: number): number | undefined {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE || code === LINE_FEED) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > limit) return at;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return undefined;
}

const [BACKSLASH, QUOTE, LINE_FEED, OPEN_BRACE, OPEN_BRACKET, CLOSE_BRACE, CLOSE_BRACKET] = Array.from(
  '\\"\n{[}]',
  (char) => char.charCodeAt(0),
);

function isValidJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
