import { Liquid, type LiquidOptions, Output, type Template } from 'liquidjs';
import { didYouMean } from '../files/did-you-mean.js';
import { type PathSegments, readPath } from '../facts/fact-path.js';
import type { Facts } from '../facts/facts.js';
import { findHiddenRead, type TemplateFault } from './hidden-reads.js';

/** A variable that a template reads from the facts, and the index in the text where it is named. */
export interface TemplateVariable {
  readonly segments: PathSegments;
  readonly index: number;
}

/** A text of a rule, parsed once. Texts without `{{` or `{%` are literal. */
export interface TextTemplate {
  readonly source: string;
  readonly isLiteral: boolean;
  readonly variables: readonly TemplateVariable[];
  /** The value: what a lone expression gives, of any type, else the rendered text. */
  evaluate(facts: Facts): unknown;
}

export type TemplateParse =
  { readonly ok: true; readonly template: TextTemplate } | ({ readonly ok: false } & TemplateFault);

const MAX_TEMPLATE_LENGTH = 100_000;
/** Longest rendering, in milliseconds. */
const RENDER_LIMIT_MS = 100;
/** Liquid's own count of characters and items made while rendering. */
const MEMORY_LIMIT = 2_000_000;
/** One fact and nothing else, as most are: Liquid takes twenty times as long over it. */
const LONE_FACT = /^\{\{-?\s*([a-z_]\w*(?:\.[a-z_](?:[\w-]*\w)?)*)\s*-?\}\}$/i;
/** Liquid's own properties of lists and texts, which stand at the end of a path. */
export const LIQUID_PROPERTIES = ['size', 'first', 'last'];
const TAGS_THAT_READ_FILES = ['include', 'render', 'layout', 'block'];

/** Facts with nothing in them but the time. */
const NOTHING = {
  message: {},
  sender: {},
  customer: null,
  lookup: {},
  conversation: {},
  now: '2026-01-01T00:00:00.000Z',
  lists: {},
} as unknown as Facts;

/** Gives the value itself, for texts that are one expression and nothing else. */
const valueLiquid = createLiquid({ keepOutputType: true });
const textLiquid = createLiquid({ outputEscape: toText });
const htmlLiquid = createLiquid({ outputEscape: (value) => escapeHtml(toText(value)) });

/** Whether a text stands for itself. */
export function isLiteral(source: string): boolean {
  return !/\{\{|\{%/.test(source);
}

/** Parses a template; in an HTML one, values are escaped unless the author writes `| raw`. */
export function parseTemplate(source: string, options: { readonly isHtml: boolean }): TemplateParse {
  if (isLiteral(source)) {
    return { ok: true, template: { source, isLiteral: true, variables: [], evaluate: () => source } };
  }
  if (source.length > MAX_TEMPLATE_LENGTH) {
    return { ok: false, index: 0, message: `a template of more than ${MAX_TEMPLATE_LENGTH} characters` };
  }
  const liquid = options.isHtml ? htmlLiquid : textLiquid;
  try {
    const parsed = liquid.parse(source);
    const hidden = findHiddenRead(parsed, source);
    if (hidden !== undefined) return { ok: false, ...hidden };
    const variables = readVariables(liquid, parsed, source);
    const evaluate = evaluatorOf(source, parsed, options.isHtml);
    if (isBeyondLimits(evaluate))
      return { ok: false, index: 0, message: 'template: it makes too much text, or takes too long' };
    return { ok: true, template: { source, isLiteral: false, variables, evaluate } };
  } catch (error) {
    return { ok: false, ...describeParseError(error as Error, source) };
  }
}

function evaluatorOf(source: string, parsed: Template[], isHtml: boolean): (facts: Facts) => unknown {
  if (isHtml) return renderer(htmlLiquid, parsed);
  const path = LONE_FACT.exec(source)?.[1]?.split('.');
  if (path?.every((segment) => !LIQUID_PROPERTIES.includes(segment)) === true) return (facts) => readPath(facts, path);
  const isLoneExpression = parsed.length === 1 && parsed[0] instanceof Output;
  return isLoneExpression ? renderer(valueLiquid, valueLiquid.parse(source)) : renderer(textLiquid, parsed);
}

/** Whether a template goes beyond its limits even on an empty message: such a one is no slip on somebody's data. */
function isBeyondLimits(evaluate: (facts: Facts) => unknown): boolean {
  try {
    evaluate(NOTHING);
    return false;
  } catch (error) {
    return /limit exceeded/.test((error as Error).message);
  }
}

/** A value as text: lists joined by commas, nothing for objects, which have no text that anybody wants to read. */
export function toText(value: unknown): string {
  if (Array.isArray(value))
    return value
      .map(toText)
      .filter((text) => text !== '')
      .join(', ');
  return value === null || value === undefined || typeof value === 'object' ? '' : String(value);
}

function renderer(liquid: Liquid, templates: Template[]): (facts: Facts) => unknown {
  // A copy: {% increment %} writes into what it is given.
  return (facts) => liquid.renderSync(templates, { ...facts }) as unknown;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function createLiquid(options: Pick<LiquidOptions, 'keepOutputType' | 'outputEscape'>): Liquid {
  const liquid = new Liquid({
    ...options,
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: false,
    timezoneOffset: 0,
    locale: 'en-US',
    templates: {},
    parseLimit: MAX_TEMPLATE_LENGTH * 2,
    renderLimit: RENDER_LIMIT_MS,
    memoryLimit: MEMORY_LIMIT,
  });
  for (const tag of TAGS_THAT_READ_FILES) delete liquid.tags[tag];
  // The same message must give the same answer: no dice, and "now" is the fact.
  delete liquid.filters['sample'];
  // Their expression is a text: nobody could tell beforehand which facts it reads.
  for (const filter of Object.keys(liquid.filters)) if (filter.endsWith('_exp')) delete liquid.filters[filter];
  const formatDate = liquid.filters['date'] as (this: unknown, value: unknown, ...rest: unknown[]) => unknown;
  liquid.registerFilter('date', function (value: unknown, ...rest: unknown[]) {
    return formatDate.call(this, value === 'now' || value === 'today' ? this.context.getSync(['now']) : value, ...rest);
  });
  return liquid;
}

function readVariables(liquid: Liquid, templates: Template[], source: string): TemplateVariable[] {
  const { globals } = liquid.analyzeSync(templates, { partials: false });
  return Object.values(globals)
    .flat()
    .map(({ segments, location }) => {
      const dynamic = segments.findIndex((segment) => typeof segment === 'object');
      const fixed = (dynamic < 0 ? segments : segments.slice(0, dynamic)) as (string | number)[];
      return { segments: fixed, index: indexOf(source, location.row, location.col) };
    });
}

function indexOf(source: string, row: number, column: number): number {
  let lineStart = 0;
  for (let line = 1; line < row; line++) lineStart = source.indexOf('\n', lineStart) + 1;
  return lineStart + column - 1;
}

/** Where a filter is named at or behind an index: Liquid tells only where its expression begins. */
function filterIndex(source: string, filter: string, from: number): number {
  const named = new RegExp(`\\|\\s*(?=${filter.replace(/[^\w-]/g, String.raw`\$&`)}(?![\\w-]))`, 'g');
  named.lastIndex = from;
  const match = named.exec(source);
  return match === null ? from : match.index + match[0].length;
}

function describeParseError(error: Error, source: string): TemplateFault {
  const token = (error as { token?: { begin?: number } }).token;
  const place = /, line:(\d+), col:(\d+)/.exec(error.message);
  const message = error.message.replace(/, line:\d+.*$/s, '').replace(/, file:.*$/s, '');
  const index = place === null ? (token?.begin ?? 0) : indexOf(source, Number(place[1]), Number(place[2]));
  const filter = /^undefined filter: (.+)$/.exec(message)?.[1];
  if (filter !== undefined) {
    return {
      index: filterIndex(source, filter, index),
      message: `unknown template filter "${filter}"${didYouMean(filter, Object.keys(textLiquid.filters))}`,
    };
  }
  return { index, message: `template: ${message}` };
}
