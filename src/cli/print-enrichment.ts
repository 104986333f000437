import { describeSuppressed } from '../enrichment/describe-outcome.js';
import type { Enrichment } from '../enrichment/enrichment.js';
import type { Explanation, Why } from '../rules/verdict.js';
import { toEnvelope } from '../enrichment/envelope.js';

/** An enrichment and the verdict of every rule, for programs. */
export function toJson(enrichment: Enrichment, verdicts: readonly Explanation[]): string {
  const { revision, trace } = enrichment;
  const body = {
    revision,
    envelope: toEnvelope(enrichment),
    lookup: trace?.facts.lookup ?? null,
    verdicts,
    suppressed: trace?.composition.suppressed ?? [],
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}

/** The same, for people. */
export function toText(enrichment: Enrichment, verdicts: readonly Explanation[]): string {
  const { trace, revision } = enrichment;
  const lines = [JSON.stringify(toEnvelope(enrichment), null, 2), '', `Rules, revision ${revision}:`];
  lines.push(...verdicts.flatMap(describeVerdict));
  const suppressed = trace?.composition.suppressed ?? [];
  if (suppressed.length > 0) lines.push('', 'Left out:');
  lines.push(...suppressed.map((one) => `  ${describeSuppressed(one, one.part)}`));
  return `${lines.join('\n')}\n`;
}

const INDENT = ' '.repeat(15);

/** The verdict of a rule and what decided it, in lines. */
export function describeVerdict({
  rule,
  mode,
  verdict,
  skipped,
  lostTo,
  why,
  nearMiss,
  location,
}: Explanation): string[] {
  const label = `${verdict}${mode === 'shadow' ? ' (shadow)' : ''}`.padEnd(12);
  const winner = lostTo === undefined ? '' : ` "${lostTo}"`;
  const reason = skipped === undefined ? '' : `: ${skipped.replaceAll('_', ' ')}${winner}`;
  const head = `  ${label} ${rule}${reason}  (${location.file}:${location.line}:${location.column})`;
  if (skipped !== undefined) return [head];
  if (nearMiss !== null) {
    return [
      head,
      `${INDENT}${nearMiss.held} of ${nearMiss.of} held`,
      ...nearMiss.missing.map((missing) => INDENT + describeWhy(missing)),
    ];
  }
  return why === null ? [head] : [head, INDENT + describeWhy(why)];
}

function describeWhy({ fact, operator, isNegated, wanted, read, location }: Why): string {
  const seen = read === undefined ? 'missing' : shorten(JSON.stringify(read));
  const asked = wanted === undefined ? 'missing' : shorten(JSON.stringify(wanted));
  return `${fact} is ${seen}; the rule asks: ${isNegated ? 'not ' : ''}${operator} ${asked}  (${location.file}:${location.line}:${location.column})`;
}

function shorten(value: string): string {
  return value.length > 80 ? `${value.slice(0, 79)}…` : value;
}
