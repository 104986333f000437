import { isUtf8 } from 'node:buffer';
import { JsonDocument, MAX_JSON_DEPTH } from './json-document.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** How much of a file is looked at to say what is wrong with it. */
const DIAGNOSED_BYTES = 1 << 20;

/**
 * Goes through a JSON array of objects one by one, as strict as `JsonDocument` and in the same words, but without holding more than
 * one of them: for files of a million.
 */
export class JsonElements {
  /** Where the current object begins, in bytes. */
  offset: number;
  /** The current object. */
  value: JsonObject = {};
  #end: number;
  #isFirst = true;
  readonly #textStart: number;

  /** @throws Error saying that it is no array, or what is wrong with it */
  constructor(
    private readonly file: string,
    private readonly bytes: Buffer,
  ) {
    this.#textStart = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    const start = afterSpace(bytes, this.#textStart);
    if (bytes[start] !== OPEN_BRACKET) throw this.#notAnArray();
    this.offset = start + 1;
    this.#end = start + 1;
  }

  /** Goes to the next object; false after the last. @throws Error with the line and column of what is wrong */
  next(): boolean {
    const { bytes } = this;
    let at = afterSpace(bytes, this.#end);
    if (bytes[at] === CLOSE_BRACKET) {
      if (afterSpace(bytes, at + 1) < bytes.length) throw this.#fault();
      return false;
    }
    if (!this.#isFirst) {
      if (bytes[at] !== COMMA) throw this.#fault();
      at = afterSpace(bytes, at + 1);
      if (bytes[at] === CLOSE_BRACKET) throw this.#fault();
    }
    this.#isFirst = false;
    this.offset = at;
    if (bytes[at] !== OPEN_BRACE) throw this.#fault();
    this.#end = this.#read();
    return true;
  }

  /** The object that begins there, which `next` has come by. */
  valueAt(offset: number): JsonObject {
    return JSON.parse(this.bytes.toString('utf8', offset, scanObject(this.bytes, offset)?.end)) as JsonObject;
  }

  #read(): number {
    const { bytes, offset } = this;
    const scanned = scanObject(bytes, offset);
    if (scanned === undefined) throw this.#fault();
    const { end, keyCount, depth } = scanned;
    const text = bytes.toString('utf8', offset, end);
    if (depth >= MAX_JSON_DEPTH || (text.includes('\uFFFD') && !isUtf8(bytes.subarray(offset, end)))) {
      throw this.#fault(end);
    }
    try {
      this.value = JSON.parse(text) as JsonObject;
    } catch {
      throw this.#fault(end);
    }
    // A key that is there twice is once in the value.
    if (countKeys(this.value) !== keyCount) throw this.#fault(end);
    return end;
  }

  /** What is wrong from the current element on. @param end of the element, when the fault is within */
  #fault(end?: number): Error {
    const { bytes, offset } = this;
    const part = bytes.subarray(offset, end ?? offset + DIAGNOSED_BYTES);
    const isCut = end === undefined && offset + DIAGNOSED_BYTES < bytes.length;
    if (isCut && '"[-0123456789tfn'.includes(String.fromCharCode(part[0]!))) return notObjects();
    const { line, column } = this.#position(offset);
    const whole = Buffer.concat([Buffer.from('['), part, Buffer.from(end === undefined ? '' : ']')]);
    return faultOf(new JsonDocument(this.file, whole, { origin: { line, column: column - 1 } }));
  }

  #notAnArray(): Error {
    const { bytes } = this;
    return bytes.length > DIAGNOSED_BYTES ? notObjects() : faultOf(new JsonDocument(this.file, bytes));
  }

  #position(offset: number): { line: number; column: number } {
    const { bytes } = this;
    let line = 1;
    let start = this.#textStart;
    for (let end: number; (end = bytes.indexOf(LINE_FEED, start)) >= 0 && end < offset; start = end + 1) line++;
    return { line, column: bytes.toString('utf8', start, offset).length + 1 };
  }
}

function faultOf({ faults: [fault] }: JsonDocument): Error {
  return fault === undefined ? notObjects() : new Error(`line ${fault.line}, column ${fault.column}: ${fault.message}`);
}

function notObjects(): Error {
  return new Error('it must be an array of objects');
}

/** Where the object that begins there ends by its brackets, its keys (of objects in it too), its depth; undefined without an end. */
function scanObject(bytes: Buffer, start: number): { end: number; keyCount: number; depth: number } | undefined {
  let open = 0;
  let depth = 0;
  let keyCount = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === COLON) keyCount++;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++open > depth) depth = open;
    } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --open === 0) {
      return { end: at + 1, keyCount, depth };
    }
  }
  return undefined;
}

/** Not deep: what is too deep is refused before. */
function countKeys(value: object): number {
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const each of Object.values(value) as unknown[]) {
    if (typeof each === 'object' && each !== null) count += countKeys(each);
  }
  return count;
}

function afterSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === SPACE || bytes[at] === LINE_FEED || bytes[at] === RETURN || bytes[at] === TAB) at++;
  return at;
}

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const [TAB, LINE_FEED, RETURN, SPACE] = [9, 10, 13, 32] as const;
const [QUOTE, COMMA, COLON, BACKSLASH] = [34, 44, 58, 92] as const;
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [91, 93, 123, 125] as const;
