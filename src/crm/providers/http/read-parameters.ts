import { RE2JS } from 're2js';
import { didYouMean } from '../../../files/did-you-mean.js';
import type { ObjectReader } from '../../../files/object-reader.js';
import type { Constant } from './template.js';

/** What a connector file asks of whoever uses it, beside "fields". */
export interface Parameter {
  readonly name: string;
  readonly description: string | null;
  readonly default: string | null;
  readonly isOptional: boolean;
  /** The name of a field of the CRM. */
  readonly isName: boolean;
  readonly pattern: string | null;
}

export const PARAMETER_KEYS = ['description', 'default', 'optional', 'secret', 'fieldName', 'pattern'];

/** Another parameter in a default. */
const REFERENCE = /\{\{\s*(\w+)\s*\}\}/g;
const NAME = /^[A-Za-z]\w*$/;
/** A name of a field as CRMs have them: letters, digits, `_`, and `.` between them. */
export const FIELD_NAME = /^\w+(\.\w+)*$/;

/** What a connector file declares at "parameters". */
export function readParameters(connector: ObjectReader, reserved: readonly string[]): Parameter[] {
  const reader = connector.object('parameters');
  const names = reader?.keys ?? [];
  return names.flatMap((name) => {
    const parameter = readParameter(reader!, name, names);
    if (!NAME.test(name))
      reader!.document.error(reader!.keyNode(name), `a parameter's name has letters, digits and "_" only`);
    if (reserved.includes(name))
      reader!.document.error(reader!.keyNode(name), `every provider has a key "${name}"; call the parameter otherwise`);
    return parameter === undefined ? [] : [parameter];
  });
}

function readParameter(parent: ObjectReader, name: string, names: readonly string[]): Parameter | undefined {
  const what = `parameter "${name}"`;
  const reader = parent.object(name, what);
  if (reader === undefined) return undefined;
  reader.allow(PARAMETER_KEYS, what);
  // For people and for the schema.
  reader.boolean('secret');
  const isOptional = reader.boolean('optional') ?? false;
  if (isOptional && reader.has('default'))
    reader.document.error(reader.keyNode('optional'), `${what} has a default, so it is never absent`);
  checkDefault(
    reader,
    what,
    names.filter((other) => !parent.object(other)?.has('default')),
  );
  return {
    name,
    description: reader.string('description') ?? null,
    default: reader.string('default') ?? null,
    isOptional,
    isName: reader.boolean('fieldName') ?? false,
    pattern: readPattern(reader),
  };
}

/** A default may be made of what the user gives, so that it need not be resolved in any order. */
function checkDefault(reader: ObjectReader, what: string, given: readonly string[]): void {
  const node = reader.get('default');
  for (const { 1: name = '', index } of String(node?.value ?? '').matchAll(REFERENCE)) {
    if (given.includes(name)) continue;
    const message = `unknown placeholder "${name}" in the default of ${what}${didYouMean(name, given)}; parameters without a default may stand here`;
    reader.document.error(reader.document.offsetInString(node!, index), message);
  }
}

function readPattern(reader: ObjectReader): string | null {
  const pattern = reader.string('pattern');
  if (pattern === undefined) return null;
  try {
    RE2JS.compile(pattern);
    return pattern;
  } catch (error) {
    const reason = (error as Error).message.replace(/^error parsing regexp: /, '');
    reader.document.error(reader.get('pattern')!, `"pattern" is no RE2 pattern: ${reason}`);
    return null;
  }
}

type Text = (reader: ObjectReader, key: string) => string | undefined;

/**
 * What the parameters stand for; null for those that were not given.
 *
 * @param text the text at a key of the provider, with `${env:…}` replaced
 */
export function readArguments(
  parameters: readonly Parameter[],
  provider: ObjectReader,
  what: string,
  text: Text,
): Map<string, Constant | null> {
  const given = new Map(parameters.map((parameter) => [parameter.name, readArgument(parameter, provider, what, text)]));
  return new Map(parameters.map(({ name, isName }) => [name, given.get(name) ?? defaultOf(name, isName)]));

  function defaultOf(name: string, isName: boolean): Constant | null {
    const otherwise = parameters.find((parameter) => parameter.name === name)?.default ?? null;
    if (otherwise === null || provider.has(name)) return null;
    const filled = otherwise.replace(REFERENCE, (_, other: string) => given.get(other)?.text ?? '');
    const isWhole = [...otherwise.matchAll(REFERENCE)].every(([, other = '']) => (given.get(other) ?? null) !== null);
    return isWhole ? { text: filled, isName, refuse: null } : null;
  }
}

function readArgument(parameter: Parameter, provider: ObjectReader, what: string, text: Text): Constant | null {
  const { name, isName, description, isOptional } = parameter;
  const node = provider.get(name);
  if (node === undefined) {
    const note = description === null ? '' : ` (${description})`;
    if (!isOptional && parameter.default === null)
      provider.document.error(provider.node, `${what} needs "${name}"${note}`);
    return null;
  }
  const refuse = (message: string) => provider.document.error(node, message);
  const given = text(provider, name);
  if (given === undefined) return null;
  const problem = problemOf(given, parameter);
  if (problem !== null) refuse(`"${name}" ${problem}`);
  return problem === null ? { text: given, isName, refuse } : null;
}

function problemOf(given: string, { pattern, isName }: Parameter): string | null {
  if (pattern !== null && !RE2JS.compile(pattern).test(given)) return `does not match ${pattern}`;
  return isName && !FIELD_NAME.test(given) ? 'must be the name of a field: letters, digits, "_" and "."' : null;
}
