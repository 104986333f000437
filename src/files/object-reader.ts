import { didYouMean } from './did-you-mean.js';
import { type JsonDocument, type JsonNode, valueOf } from './json-document.js';

interface Property {
  readonly key: JsonNode;
  readonly value: JsonNode;
}

/**
 * Reads one JSON object of a document key by key, recording what is wrong where it stands.
 *
 * Every getter returns undefined when the key is absent or its value of the wrong type; the latter is recorded.
 */
export class ObjectReader {
  readonly #properties = new Map<string, Property>();

  private constructor(
    readonly document: JsonDocument,
    readonly node: JsonNode,
  ) {
    for (const property of node.children ?? []) {
      const [key, value] = property.children ?? [];
      if (key !== undefined && value !== undefined) this.#properties.set(key.value as string, { key, value });
    }
  }

  /** A reader of this node, or undefined (recorded) when it is no object. `what` names it in messages: `a rule`. */
  static of(document: JsonDocument, node: JsonNode, what: string): ObjectReader | undefined {
    if (node.type === 'object') return new ObjectReader(document, node);
    document.error(node, `${what} must be an object, not ${describeIn(document, node)}`);
    return undefined;
  }

  get keys(): string[] {
    return [...this.#properties.keys()];
  }

  has(key: string): boolean {
    return this.#properties.has(key);
  }

  get(key: string): JsonNode | undefined {
    return this.#properties.get(key)?.value;
  }

  /** The node of the key itself, for messages about the key. */
  keyNode(key: string): JsonNode {
    return this.#properties.get(key)?.key ?? this.node;
  }

  /** Records every key that is not in the list. */
  allow(known: readonly string[], what: string): void {
    for (const [name, { key }] of this.#properties) {
      if (!known.includes(name)) this.document.error(key, `unknown key "${name}" in ${what}${didYouMean(name, known)}`);
    }
  }

  require(key: string, what: string): JsonNode | undefined {
    const value = this.get(key);
    if (value === undefined) this.document.error(this.node, `${what} needs "${key}"`);
    return value;
  }

  string(key: string): string | undefined {
    const node = this.get(key);
    if (node === undefined) return undefined;
    if (node.type === 'string' && node.value !== '') return node.value as string;
    this.document.error(node, `"${key}" must be text, not ${describeIn(this.document, node)}`);
    return undefined;
  }

  boolean(key: string): boolean | undefined {
    const node = this.get(key);
    if (node === undefined) return undefined;
    if (node.type === 'boolean') return node.value as boolean;
    this.document.error(node, `"${key}" must be true or false, not ${describe(node)}`);
    return undefined;
  }

  integer(key: string, minimum: number, maximum = Number.MAX_SAFE_INTEGER): number | undefined {
    const node = this.get(key);
    if (node === undefined) return undefined;
    const value: unknown = valueOf(node);
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
    this.document.error(node, `"${key}" must be a whole number ${range}, not ${describe(node)}`);
    return undefined;
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const node = this.get(key);
    if (node === undefined) return undefined;
    const found = allowed.find((candidate) => candidate === node.value);
    if (found !== undefined) return found;
    const hint = node.type === 'string' ? didYouMean(node.value as string, allowed) : '';
    this.document.error(node, `"${key}" must be one of ${allowed.join(', ')}, not ${describe(node)}${hint}`);
    return undefined;
  }

  array(key: string): JsonNode[] | undefined {
    const node = this.get(key);
    if (node === undefined) return undefined;
    if (node.type === 'array') return node.children ?? [];
    this.document.error(node, `"${key}" must be a list, not ${describeIn(this.document, node)}`);
    return undefined;
  }

  object(key: string, what = `"${key}"`): ObjectReader | undefined {
    const node = this.get(key);
    return node === undefined ? undefined : ObjectReader.of(this.document, node, what);
  }
}

/** Something else than was expected there: only its type where it may be a secret. */
function describeIn({ mayHoldSecrets }: JsonDocument, node: JsonNode): string {
  if (!mayHoldSecrets) return describe(node);
  return node.type === 'number' ? 'a number' : node.type === 'string' && node.value !== '' ? 'text' : describe(node);
}

/** What a value is, for a message: `a list`, `"text"`, `null`. */
export function describe(node: JsonNode): string {
  if (node.type === 'array') return 'a list';
  if (node.type === 'object') return 'an object';
  const text = JSON.stringify(valueOf(node)) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
