import { type JsonNode, valueOf } from '../files/json-document.js';
import type { Atom } from './lint-atom.js';
import { CaseIndex } from './lint-case-index.js';
import { type LintRule, type LintSource, whereIsRule } from './lint-source.js';
import { isWider } from './lint-mailboxes.js';
import { whereIs } from '../rules/read-named-conditions.js';

/** Warns of rules that cannot match, and of those that another one always takes precedence over. Returns their names. */
export function lintNeverActs({ rules }: LintSource): ReadonlySet<string> {
  const idle = new Set<string>();
  const groups = new Map<string, CaseIndex<LintRule>>();
  const stops = new CaseIndex<LintRule>();
  for (const entry of rules.filter(({ rule }) => rule.enabled)) {
    const { rule, document, reader, canMatch } = entry;
    const group = rule.exclusive === null ? undefined : (groups.get(rule.exclusive) ?? new CaseIndex<LintRule>());
    if (group !== undefined) groups.set(rule.exclusive!, group);
    const winner = rule.mode === 'live' && canMatch ? findWinner(entry, [group, stops]) : undefined;
    if (!canMatch) {
      idle.add(rule.name);
      const { key, message } = describeConflict(entry);
      document.warn(key, message, 'never-matches');
    } else if (winner !== undefined) {
      idle.add(rule.name);
      const why = winner.rule.exclusive === null ? 'and stops the rules after it' : `in the group "${rule.exclusive}"`;
      document.warn(
        reader.get('name')!,
        `the rule never acts: whenever it matches, "${winner.rule.name}" (${whereIsRule(winner)}) does, too, and comes first ${why}`,
        'never-acts',
      );
    }
    if (rule.mode !== 'live' || rule.validFrom !== null || rule.validUntil !== null) continue;
    const index = group ?? (rule.stop ? stops : undefined);
    for (const found of entry.cases ?? []) index?.add(entry, found);
  }
  return idle;
}

/** The first earlier rule that matches whenever this one does and then keeps it from acting. */
function findWinner(entry: LintRule, indexes: readonly (CaseIndex<LintRule> | undefined)[]): LintRule | undefined {
  const { rule, cases } = entry;
  const [first, ...others] = cases ?? [];
  if (first === undefined) return undefined;
  for (const index of indexes) {
    const winner = index?.findImplied(first, ({ owner, found }) => {
      if (!isWider(owner.rule.mailboxes, rule.mailboxes) || !first.implies(found)) return false;
      // What acts on the unknown can act where a rule with conditions is undecided.
      if (rule.onUnknown === 'match') return found.atoms.length === 0;
      return others.every((other) => owner.cases!.some((wider) => other.implies(wider)));
    });
    if (winner !== undefined) return winner.owner;
  }
  return undefined;
}

/** At the later of the two comparisons when it stands in the rule itself, else at the rule's name. */
function describeConflict(entry: LintRule): { key: JsonNode; message: string } {
  const name = entry.reader.get('name')!;
  if (entry.conflict === null) return { key: name, message: 'the rule never matches: "not" of what always holds' };
  const { first, second } = entry.conflict;
  const place = ({ document, node }: Atom) => whereIs({ document, key: node });
  const isHere = ({ document, node }: Atom) => document === entry.document && isInside(node, entry.reader.node);
  const [earlier, later] =
    first !== null && isHere(first) && !(isHere(second) && second.node.offset > first.node.offset)
      ? [second, first]
      : [first, second];
  const where = isHere(later) ? '' : ` (${place(later)})`;
  const reason = earlier === null ? 'can never hold' : `cannot hold together with ${earlier.text} (${place(earlier)})`;
  return {
    key: isHere(later) ? later.node : name,
    message: `the rule never matches: ${later.text}${where} ${reason}`,
  };
}

function isInside(node: JsonNode, outer: JsonNode): boolean {
  return node.offset > outer.offset && node.offset < outer.offset + outer.length;
}

/** Warns of rules that say what an earlier one says, but for their names and descriptions. */
export function lintDuplicates({ rules }: LintSource, idle: ReadonlySet<string>): void {
  const firsts = new Map<string, LintRule>();
  for (const entry of rules) {
    const { rule, document, reader } = entry;
    if (!rule.enabled || idle.has(rule.name)) continue;
    const content = Object.fromEntries(
      reader.keys.filter((key) => !NOTES.includes(key)).map((key) => [key, valueOf(reader.get(key)!)]),
    );
    const key = JSON.stringify(content, (name, value: unknown) => (name === 'description' ? undefined : value));
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, entry);
    else
      document.warn(
        reader.get('name')!,
        `the rule has the conditions and actions of "${first.rule.name}" (${whereIsRule(first)}); one of them is enough`,
        'duplicate-rule',
      );
  }
}

const NOTES = ['name', 'description', 'priority', 'enabled'];
