import type { JsonDocument, JsonNode } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { type Atom, type AtomReader, opposite } from './lint-atom.js';

/** The conditions of a rule with named ones in their place. */
export type Formula =
  | { readonly kind: 'all' | 'any'; readonly children: readonly Formula[] }
  | { readonly kind: 'not'; readonly child: Formula }
  | { readonly kind: 'atom'; readonly atom: Atom };

/** Atoms that hold together. */
export type Conjunction = readonly Atom[];

/** Conditions with more cases than this are left alone: nobody could follow what is said of them. */
const MAX_CASES = 64;

export interface NamedCondition {
  readonly document: JsonDocument;
  readonly node: JsonNode;
}

/** Reads the conditions of rule files that are known to have no fault. */
export class FormulaReader {
  readonly #read = new Map<string, Formula>();

  constructor(
    private readonly atoms: AtomReader,
    private readonly named: ReadonlyMap<string, NamedCondition>,
  ) {}

  read(document: JsonDocument, node: JsonNode): Formula {
    const reader = ObjectReader.of(document, node, 'a condition')!;
    for (const kind of ['all', 'any'] as const) {
      const children = reader.get(kind)?.children;
      if (children !== undefined) return { kind, children: children.map((child) => this.read(document, child)) };
    }
    const inner = reader.get('not');
    if (inner !== undefined) return { kind: 'not', child: this.read(document, inner) };
    const name = reader.get('condition')?.value as string | undefined;
    return name === undefined ? { kind: 'atom', atom: this.atoms.read(document, node) } : this.#named(name);
  }

  #named(name: string): Formula {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const { document, node } = this.named.get(name)!;
    const formula = this.read(document, node);
    this.#read.set(name, formula);
    return formula;
  }
}

/** The ways in which a formula can hold, of which one must; null when there are too many to look at. */
export function casesOf(formula: Formula, isNegated = false): readonly Conjunction[] | null {
  switch (formula.kind) {
    case 'atom':
      return [[isNegated ? opposite(formula.atom) : formula.atom]];
    case 'not':
      return casesOf(formula.child, !isNegated);
    case 'all':
    case 'any':
      return (formula.kind === 'all') === isNegated
        ? eitherOf(formula.children, isNegated)
        : allOf(formula.children, isNegated);
    default:
      return formula satisfies never;
  }
}

function eitherOf(children: readonly Formula[], isNegated: boolean): readonly Conjunction[] | null {
  const cases: Conjunction[] = [];
  for (const child of children) {
    const more = casesOf(child, isNegated);
    if (more === null || cases.length + more.length > MAX_CASES) return null;
    cases.push(...more);
  }
  return cases;
}

function allOf(children: readonly Formula[], isNegated: boolean): readonly Conjunction[] | null {
  let cases: readonly Conjunction[] = [[]];
  for (const child of children) {
    const more = casesOf(child, isNegated);
    if (more === null || cases.length * more.length > MAX_CASES) return null;
    cases = cases.flatMap((left) => more.map((right) => join(left, right)));
  }
  return cases;
}

/** Both together; what both say is said once. */
function join(left: Conjunction, right: Conjunction): Conjunction {
  if (left.length === 0) return right;
  const isNew = (atom: Atom) => !left.some(({ key, isNegated }) => key === atom.key && isNegated === atom.isNegated);
  return [...left, ...right.filter(isNew)];
}
