import { isLiteral } from '../actions/text-template.js';
import { type JsonNode, valueOf } from '../files/json-document.js';
import { CaseIndex, type Entry } from './lint-case-index.js';
import { isWider, sharesMailbox } from './lint-mailboxes.js';
import { actionValues, type LintRule, type LintSource } from './lint-source.js';
import { whereIs } from '../rules/read-named-conditions.js';

/** The more there are, the less each is read. */
const MAX_WARNINGS_PER_FILE = 20;

/** A rule's value for a custom field. */
interface Write {
  readonly by: LintRule;
  readonly text: string;
  readonly key: JsonNode;
}

/** By exclusive group; null for rules in none. */
type EarlierWrites = Map<string | null, CaseIndex<Write>>;

/** Warns where two rules that can match together set a field to different values, once at the later one. */
export function lintFieldConflicts({ rules }: LintSource, idle: ReadonlySet<string>): void {
  const fields = new Map<string, EarlierWrites>();
  const counts = new Map<string, number>();
  for (const by of rules) {
    const { rule, document, cases } = by;
    if (!rule.enabled || rule.mode !== 'live' || cases === null || idle.has(rule.name)) continue;
    for (const [field, write] of writesOf(by)) {
      const earlier: EarlierWrites = fields.get(field) ?? new Map();
      fields.set(field, earlier);
      const count = counts.get(document.file) ?? 0;
      const rival = count < MAX_WARNINGS_PER_FILE ? findRival(write, earlier) : undefined;
      if (rival !== undefined) {
        counts.set(document.file, count + 1);
        const place = whereIs({ document: rival.by.document, key: rival.key });
        document.warn(
          write.key,
          `"${field}" gets another value from "${rival.by.rule.name}" (${place}), which comes first; when both match, this one is lost`,
          'conflicting-fields',
        );
      }
      const index = earlier.get(rule.exclusive) ?? new CaseIndex<Write>();
      earlier.set(rule.exclusive, index);
      for (const found of cases) index.add(write, found);
    }
  }
}

/** The fields that a rule sets; of two values for one the first counts. */
function writesOf(by: LintRule): ReadonlyMap<string, Write> {
  const writes = new Map<string, Write>();
  for (const value of actionValues(by, 'setCustomFields')) {
    for (const field of value.keys) {
      if (writes.has(field)) continue;
      writes.set(field, { by, text: String(valueOf(value.get(field)!)), key: value.keyNode(field) });
    }
  }
  return writes;
}

function findRival(write: Write, earlier: EarlierWrites): Write | undefined {
  const { exclusive } = write.by.rule;
  for (const [group, index] of earlier) {
    // Of one group only one rule acts.
    if (group !== null && group === exclusive) continue;
    for (const found of write.by.cases!) {
      const isInTheWay = ({ owner, found: other }: Entry<Write>) =>
        isRival(owner, write) && !other.excludes(found) && !isException(owner, write);
      const rival = index.findBeside(found, isInTheWay);
      if (rival !== undefined) return rival.owner;
    }
  }
  return undefined;
}

/** Whether both can act on one message, as far as anything but their conditions says, and want different things. */
function isRival(first: Write, second: Write): boolean {
  const [a, b] = [first.by.rule, second.by.rule];
  if (first.text === second.text || (a.stop && a.exclusive === null)) return false;
  const isApart =
    (a.validUntil ?? Infinity) <= (b.validFrom ?? -Infinity) ||
    (b.validUntil ?? Infinity) <= (a.validFrom ?? -Infinity);
  return !isApart && sharesMailbox(a.mailboxes, b.mailboxes);
}

/**
 * Whether the order is meant: the first is a special case before the general one, or has a template whose value may be
 * missing, for which the second then stands in.
 */
function isException({ by: special, text }: Write, { by: general }: Write): boolean {
  return (
    special.rule.priority > general.rule.priority &&
    isWider(general.rule.mailboxes, special.rule.mailboxes) &&
    covers(general, special) &&
    (!isLiteral(text) || !covers(special, general))
  );
}

function covers(wide: LintRule, narrow: LintRule): boolean {
  return narrow.cases!.every((found) => wide.cases!.some((other) => found.implies(other)));
}
