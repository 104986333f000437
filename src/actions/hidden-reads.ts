import {
  type FilteredValueToken,
  type PropertyAccessToken,
  type Template,
  type Token,
  toValueSync,
  TypeGuards,
  type Value,
} from 'liquidjs';
import { isFactName } from '../facts/facts.js';

/** What is wrong with a template, and the index in its text where it stands. */
export interface TemplateFault {
  readonly index: number;
  readonly message: string;
}

/** Found in a template, it makes Liquid's own list of what the template reads incomplete; undefined when there is none. */
export function findHiddenRead(templates: readonly Template[], source: string): TemplateFault | undefined {
  for (const template of templates) {
    const fault =
      findShadowedFact(template, source) ?? findDynamicPath(template) ?? findHiddenRead(childrenOf(template), source);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function childrenOf(template: Template): Template[] {
  return template.children === undefined ? [] : toValueSync(template.children(false, true));
}

/** Where it is not assigned, because a branch was not taken, the fact would be read. */
function findShadowedFact(template: Template, source: string): TemplateFault | undefined {
  const assigned = [...(template.localScope?.() ?? [])].map(({ content }) => content);
  const name = [...assigned, ...(template.blockScope?.() ?? [])].find(isFactName);
  if (name === undefined) return undefined;
  const index = source.indexOf(name, template.token.begin);
  return { index, message: `template: "${name}" is a fact, give the variable another name` };
}

/** A path whose first name, or a key that Liquid's list leaves out, is known only when a message comes. */
function findDynamicPath(template: Template): TemplateFault | undefined {
  for (const argument of template.arguments?.() ?? []) {
    for (const token of pathsIn(argument)) {
      const [root, ...keys] = token.props;
      if (token.variable !== undefined || !TypeGuards.isWordToken(root))
        return { index: token.begin, message: 'template: a path begins with a plain name, as in customer.tier' };
      const range = keys.find((key) => TypeGuards.isRangeToken(key));
      if (range !== undefined) return { index: range.begin, message: 'template: a range is no key' };
    }
  }
  return undefined;
}

function* pathsIn(value: Value | Token): Generator<PropertyAccessToken> {
  if (isExpression(value)) {
    const args = value.filters.flatMap((filter) => filter.args).map((arg) => (Array.isArray(arg) ? arg[1] : arg));
    for (const part of [...value.initial.postfix, ...args]) if (part !== undefined) yield* pathsIn(part);
  } else if (TypeGuards.isRangeToken(value)) {
    yield* pathsIn(value.lhs);
    yield* pathsIn(value.rhs);
  } else if (TypeGuards.isPropertyAccessToken(value)) {
    yield value;
    for (const key of value.props) yield* pathsIn(key);
  }
}

function isExpression(value: Value | Token): value is Value | FilteredValueToken {
  return 'initial' in value;
}
