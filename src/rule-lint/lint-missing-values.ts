import type { Atom } from './lint-atom.js';
import type { Case } from './lint-case.js';
import type { LintSource } from './lint-source.js';

/**
 * Warns of negative conditions on a field of the customer that hold for senders without a record too, where nothing says that
 * this is meant.
 */
export function lintMissingValues({ rules }: LintSource): void {
  const told = new Set<Atom['node']>();
  for (const entry of rules) {
    for (const found of entry.cases ?? []) {
      for (const atom of found.atoms) {
        if (told.has(atom.node) || !holdsWithoutRecord(atom, found)) continue;
        if (entry.cases!.some((other) => allowsFor(atom, other))) continue;
        told.add(atom.node);
        const where = atom.document === entry.document ? '' : ` (in the rule "${entry.rule.name}")`;
        atom.document.warn(
          atom.node,
          `${atom.text} holds when "${atom.path}" is missing, too, as for every sender without a record${where}; to leave those out, put ${GUARD} beside it in "all"`,
          'holds-when-missing',
        );
      }
    }
  }
}

const GUARD = '{ "fact": "lookup.state", "operator": "equal", "value": "found" }';

/** Whether the case can come about by the atom alone for a sender who is in no CRM. */
function holdsWithoutRecord(atom: Atom, found: Case): boolean {
  if (atom.segments[0] !== 'customer' || atom.segments.length === 1 || atom.asks !== 'value') return false;
  const states = found.values.get('lookup.state')!;
  return states.size > 1 && states.has('found') && (atom.holdsFor(undefined) ?? atom.isNegated);
}

/** Whether an alternative of the rule is for senders without a record, so that the author thought of them. */
function allowsFor({ segments, path }: Atom, found: Case): boolean {
  return (
    found.isWithoutCustomer ||
    found.atoms.some((other) => other.asks === 'absent' && (other.path === path || other.path === segments[0]))
  );
}
