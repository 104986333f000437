import type { JsonNode } from '../../../files/json-document.js';
import { describe, type ObjectReader } from '../../../files/object-reader.js';
import { didYouMean } from '../../../files/did-you-mean.js';
import { type DataPath, parseDataPath } from './data-path.js';
import type { Scope } from './template.js';

/** Paths are known before any request: parameters may stand in them, nothing else. */
type Constants = Scope['constants'];

/** The path at a key; undefined when absent. */
export function readPath(reader: ObjectReader, key: string, constants: Constants): DataPath | undefined {
  const node = reader.get(key);
  if (node === undefined) return undefined;
  if (node.type === 'string') return pathAt(reader, node, constants);
  reader.document.error(node, `"${key}" must be a path such as "data.items[0]", not ${describe(node)}`);
  return undefined;
}

/** The path at a key, or the list of them. */
export function readPaths(reader: ObjectReader, key: string, constants: Constants): DataPath[] {
  return listAt(reader, key).flatMap((node) => {
    if (node.type === 'string' && node.value !== '') return pathAt(reader, node, constants) ?? [];
    reader.document.error(node, `"${key}" must be paths such as "emails.value", not ${describe(node)}`);
    return [];
  });
}

/** The nodes of the list at a key, or of its only value. */
export function listAt(reader: ObjectReader, key: string): readonly JsonNode[] {
  const node = reader.get(key);
  return node === undefined ? [] : node.type === 'array' ? (node.children ?? []) : [node];
}

function pathAt({ document }: ObjectReader, node: JsonNode, constants: Constants): DataPath | undefined {
  let isMissing = false;
  const text = String(node.value).replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string, index: number) => {
    const constant = constants.get(name);
    if (constant === undefined) {
      const message = `unknown parameter "${name}"${didYouMean(name, constants.keys())}; a path may have parameters only`;
      document.error(document.offsetInString(node, index), message);
    } else if (constant !== null && !/^[\w-]+$/.test(constant.text)) {
      const refuse = constant.refuse ?? ((message: string) => document.error(node, message));
      refuse(`"${name}" stands in a path and may have letters, digits, "_" and "-" only`);
    }
    isMissing ||= (constant ?? null) === null;
    return constant?.text ?? '';
  });
  if (isMissing) return undefined;
  const path = parseDataPath(text);
  // A key may have any name; signs of a path that is none are a slip.
  if (path.segments.length === 1 && path.segments[0] === text && /[[\]]/.test(text))
    document.error(node, `"${text}" is no path; one is written data.items, results[0].id or ["a key"]`);
  return path;
}
