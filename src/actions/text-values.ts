import { checkFactPath, type KnownNames } from '../facts/check-fact-path.js';
import type { Facts } from '../facts/facts.js';
import type { PathSegments } from '../facts/fact-path.js';
import { describe, type ObjectReader } from '../files/object-reader.js';
import { type JsonDocument, type JsonNode, valueOf } from '../files/json-document.js';
import { LIQUID_PROPERTIES, parseTemplate, type TextTemplate, toText } from './text-template.js';

/** What a reader of actions needs to check templates: where they stand and what exists. */
export interface ActionContext {
  readonly document: JsonDocument;
  readonly known: KnownNames;
}

/** A place in the facts that an action reads. */
export interface ActionVariable {
  readonly segments: PathSegments;
  /** The custom field that it is for; null in any other action. */
  readonly field: string | null;
}

export interface TextContext extends ActionContext {
  /** Takes what templates read. */
  readonly variables: ActionVariable[];
  /** The custom field whose text is read; null in any other action. */
  readonly field: string | null;
}

/** Notes what an action reads without a template. */
export function addReads({ variables, field }: TextContext, paths: readonly PathSegments[]): void {
  for (const segments of paths) variables.push({ segments, field });
}

export interface ReadTextOptions {
  readonly isHtml?: boolean;
  /** Whether `""` may be written; it then means "blank this". */
  readonly allowEmpty?: boolean;
  /** Whether a number, true or false may be written for its text. */
  readonly allowScalar?: boolean;
}

/** The template at a node; undefined (recorded) when it is none. */
export function readText(
  { document, known, variables, field }: TextContext,
  node: JsonNode,
  what: string,
  { isHtml = false, allowEmpty = false, allowScalar = false }: ReadTextOptions = {},
): TextTemplate | undefined {
  const isScalar = node.type === 'number' || node.type === 'boolean';
  if (node.type !== 'string' && !(allowScalar && isScalar)) {
    document.error(node, `${what} must be text, not ${describe(node)}`);
    return undefined;
  }
  const source = String(valueOf(node));
  if (source.trim() === '' && !allowEmpty) {
    document.error(node, `${what} must not be empty`);
    return undefined;
  }
  const parsed = parseTemplate(source, { isHtml });
  if (!parsed.ok) {
    document.error(document.offsetInString(node, parsed.index), parsed.message);
    return undefined;
  }
  for (const { segments, index } of parsed.template.variables) {
    variables.push({ segments, field });
    const last = segments.at(-1);
    const path = segments.length > 1 && LIQUID_PROPERTIES.includes(String(last)) ? segments.slice(0, -1) : segments;
    const check = checkFactPath(path, known);
    const at = document.offsetInString(node, index);
    if (check.kind === 'error') document.error(at, check.message);
    else if (check.kind === 'warning') document.warn(at, check.message, 'unmapped-field');
  }
  return parsed.template;
}

/** The templates of a list of texts at `key`; undefined (recorded) when absent, no list, or empty. */
export function readTexts(
  context: TextContext,
  reader: ObjectReader,
  key: string,
  what: string,
): TextTemplate[] | undefined {
  const node = reader.require(key, what);
  if (node === undefined) return undefined;
  const elements = reader.array(key);
  if (elements?.length === 0) context.document.error(node, `"${key}" must not be empty`);
  return elements?.flatMap((element) => readText(context, element, `an entry of "${key}"`) ?? []);
}

/**
 * The text of a template for these facts, or undefined when it renders to nothing: such a value is left out, since an
 * empty one would blank what is there. Only a literal `""` gives `""`.
 */
export function renderText(template: TextTemplate, facts: Facts): string | undefined {
  const text = toText(evaluate(template, facts));
  return template.isLiteral || text.trim() !== '' ? text : undefined;
}

/** The texts of a list; an element that is one expression giving a list is spread, empty ones are left out. */
export function renderTexts(templates: readonly TextTemplate[], facts: Facts): string[] {
  return templates
    .flatMap((template) => evaluate(template, facts))
    .map((value) => toText(value).trim())
    .filter((text) => text !== '');
}

function evaluate(template: TextTemplate, facts: Facts): unknown {
  try {
    return template.evaluate(facts);
  } catch {
    // A template over its limits, or a filter that dislikes this message's value, must not stop the other actions.
    return undefined;
  }
}
