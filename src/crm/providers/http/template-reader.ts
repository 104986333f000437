import { type JsonDocument, type JsonNode, valueOf } from '../../../files/json-document.js';
import { describe, ObjectReader } from '../../../files/object-reader.js';
import type { JsonTemplate, NamedTemplate } from './connector.js';
import { isLanguage, LANGUAGES, type LanguageName } from './languages.js';
import type { PositionName } from './positions.js';
import { listOf, parseTemplate, type Scope, type Template } from './template.js';

/** Reads the templates of a connector, recording what is wrong where it stands. */
export class TemplateReader {
  constructor(
    readonly document: JsonDocument,
    readonly scope: Scope,
  ) {}

  /** The same with these placeholders beside the parameters. */
  with(...runtime: readonly string[]): TemplateReader {
    return new TemplateReader(this.document, { ...this.scope, runtime });
  }

  /** The text, number or `{ "soql": "…" }` at a key. */
  at(reader: ObjectReader, key: string, position: PositionName): Template | undefined {
    const node = reader.get(key);
    return node === undefined ? undefined : this.read(node, `"${key}"`, position);
  }

  /** The templates at the keys of an object. */
  named(reader: ObjectReader | undefined, position: PositionName): NamedTemplate[] {
    return (reader?.keys ?? []).flatMap((key) => {
      const template = this.at(reader!, key, position);
      return template === undefined ? [] : [[key, template] as const];
    });
  }

  /** The headers at a key. */
  headers(parent: ObjectReader, key: string): NamedTemplate[] {
    const reader = parent.object(key);
    for (const name of reader?.keys ?? [])
      if (!isHeaderName(name)) this.document.error(reader!.keyNode(name), `"${name}" cannot be set as a header`);
    return this.named(reader, 'header');
  }

  read(node: JsonNode, what: string, position: PositionName): Template | undefined {
    if (node.type === 'object') return this.#inLanguage(node, what, position);
    const value: unknown = valueOf(node);
    if (typeof value === 'string' && value !== '') return this.#parse(node, value, position, null);
    if (typeof value === 'number' || typeof value === 'boolean')
      return this.#parse(node, String(value), position, null);
    this.document.error(node, `${what} must be text, not ${describe(node)}`);
    return undefined;
  }

  /** Records a fault of the text at a key where it is mended: at the parameter that the user gave, or in the connector. */
  refuse(reader: ObjectReader, key: string, message: string): void {
    const node = reader.get(key)!;
    const [, name = ''] = /\{\{\s*(\w+)\s*\}\}/.exec(String(node.value)) ?? [];
    const refuse = this.scope.constants.get(name)?.refuse ?? null;
    if (refuse === null) this.document.error(node, message);
    else refuse(message);
  }

  /** A body. A list of names that is all of a text becomes a list, and between others as many elements. */
  json(node: JsonNode): JsonTemplate | undefined {
    if (node.type === 'string') {
      const names = listOf(node.value as string, this.scope);
      if (names !== undefined) return { type: 'list', items: names.map((value) => ({ type: 'literal', value })) };
      const template = node.value === '' ? undefined : this.read(node, 'a value', 'body');
      return template === undefined ? { type: 'literal', value: '' } : { type: 'text', template };
    }
    if (node.type === 'array')
      return { type: 'list', items: (node.children ?? []).flatMap((item) => this.#item(item)) };
    if (node.type !== 'object') return { type: 'literal', value: valueOf(node) as null | boolean | number };
    if (languageIn(node) !== undefined) {
      const template = this.read(node, 'a value', 'body');
      return template && { type: 'text', template };
    }
    const reader = ObjectReader.of(this.document, node, 'a body')!;
    const members = reader.keys.flatMap((key) => {
      const value = this.json(reader.get(key)!);
      return value === undefined ? [] : [[key, value] as const];
    });
    return { type: 'object', members };
  }

  #item(node: JsonNode): JsonTemplate[] {
    const item = this.json(node);
    if (item === undefined) return [];
    return node.type === 'string' && item.type === 'list' ? [...item.items] : [item];
  }

  #inLanguage(node: JsonNode, what: string, position: PositionName): Template | undefined {
    const name = languageIn(node);
    if (name === undefined) {
      const known = Object.keys(LANGUAGES).join(', ');
      this.document.error(node, `${what} must be text, or an object with text in one query language (${known})`);
      return undefined;
    }
    const text = ObjectReader.of(this.document, node, what)!.string(name);
    return text === undefined ? undefined : this.#parse(node.children![0]!.children![1]!, text, position, name);
  }

  #parse(node: JsonNode, text: string, position: PositionName, language: LanguageName | null): Template {
    const offset = (index: number) =>
      node.type === 'string' ? this.document.offsetInString(node, index) : node.offset;
    return parseTemplate(text, { position, language }, this.scope, (index, message) =>
      this.document.error(offset(index), message),
    );
  }
}

/** Whether it can be the name of a header, and is none that the connection sets. */
export function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !CONNECTION_HEADERS.has(name.toLowerCase());
}

/** @source RFC 9110 §7.6.1 and §8.6; WHATWG Fetch refuses or replaces them */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The language of `{ "soql": "…" }`. */
function languageIn(node: JsonNode): LanguageName | undefined {
  const [property, ...others] = node.children ?? [];
  const name = property?.children?.[0]?.value as string | undefined;
  return name !== undefined && others.length === 0 && isLanguage(name) ? name : undefined;
}
