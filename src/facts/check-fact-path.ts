import { didYouMean, nearest, orSo } from '../files/did-you-mean.js';
import { formatPath, type PathSegments } from './fact-path.js';
import { FACT_DEFINITIONS, type FieldDefinition, isFactName } from './facts.js';
import { suggestPath } from './suggest-fact.js';

/** Names that exist beside the fixed facts. */
export interface KnownNames {
  /** The customer's fields that some provider maps; null when that cannot be known (a provider passes all columns). */
  readonly customerFields: readonly string[] | null;
  readonly listNames: readonly string[];
}

export type PathCheck =
  | { readonly kind: 'known'; readonly field: FieldDefinition | null }
  | { readonly kind: 'error' | 'warning'; readonly message: string };

/** Whether a path that starts with a fact's name leads to something, and to what. */
export function checkFactPath(segments: PathSegments, known: KnownNames): PathCheck {
  const [root, first] = segments;
  if (typeof root !== 'string' || !isFactName(root)) return unknown('fact', segments, segments, known);
  const definition = FACT_DEFINITIONS[root];
  if (first === undefined)
    return {
      kind: 'known',
      field: definition.type ? { type: definition.type, description: definition.description } : null,
    };
  if (definition.fields !== undefined) return checkField(segments, definition.fields, known);
  switch (root) {
    case 'customer':
      return checkCustomerField(first, known.customerFields);
    case 'lists':
      return typeof first === 'string' && known.listNames.includes(first)
        ? { kind: 'known', field: null }
        : { kind: 'error', message: `unknown list "${first}"${didYouMean(String(first), known.listNames)}` };
    default:
      return { kind: 'error', message: `"${root}" is a plain value and has no "${first}"` };
  }
}

/** @param wrong the part of the path that there is not */
function unknown(what: 'fact' | 'field', wrong: PathSegments, segments: PathSegments, known: KnownNames): PathCheck {
  const exists = (path: PathSegments) => checkFactPath(path, known).kind === 'known';
  const meant = suggestPath(segments, known.customerFields ?? [], exists);
  return { kind: 'error', message: `unknown ${what} "${formatPath(wrong)}"${orSo(meant)}` };
}

function checkField(
  segments: PathSegments,
  fields: Readonly<Record<string, FieldDefinition>>,
  known: KnownNames,
): PathCheck {
  const [root, first, ...rest] = segments as [string, string | number, ...PathSegments];
  const definition = Object.hasOwn(fields, first) ? fields[first] : undefined;
  const text = formatPath([root, first]);
  if (definition === undefined) return unknown('field', [root, first], segments, known);
  if (rest.length === 0) return { kind: 'known', field: definition };
  const isElement = definition.type === 'texts' && typeof rest[0] === 'number' && rest.length === 1;
  const isEntry = definition.type === 'map' && rest.length === 1;
  if (isElement || isEntry) return { kind: 'known', field: { ...definition, type: 'text' } };
  return { kind: 'error', message: `"${text}" has no "${formatPath(rest)}"` };
}

function checkCustomerField(first: string | number, fields: readonly string[] | null): PathCheck {
  if (fields === null || fields.includes(String(first))) return { kind: 'known', field: null };
  const text = formatPath(['customer', first]);
  const near = nearest(String(first), fields);
  const hint = orSo(near === undefined ? undefined : formatPath(['customer', near]));
  return { kind: 'warning', message: `no CRM provider maps "${text}"${hint}` };
}
