import type { KnownRecord } from '../crm/known-for.js';
import { describeLookup } from '../enrichment/describe-outcome.js';
import type { CustomerRecord, LookupFacts } from '../facts/facts.js';
import type { LookupStep } from './recorded.provider.js';
import { table } from './table.js';

export interface LookupReport {
  readonly address: string;
  readonly customer: CustomerRecord | null;
  readonly lookup: LookupFacts;
  readonly milliseconds: number;
  readonly steps: readonly LookupStep[];
  readonly lastKnown: readonly KnownRecord[];
  /** Why the last known records cannot be read; null when they can, or are not kept. */
  readonly storeFault: string | null;
}

export const LOOKUP_PRINTERS = { text: toText, json: toJson } as const;

const BY_WORDS = { email: 'by address', domain: 'by domain' } as const;

function toJson({ milliseconds, steps, storeFault, ...report }: LookupReport): string {
  const body = {
    ...report,
    milliseconds: tenth(milliseconds),
    steps: steps.map((step) => ({ ...step, milliseconds: tenth(step.milliseconds) })),
    storeFault,
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}

function toText({ lookup, customer, milliseconds, steps, lastKnown, storeFault }: LookupReport): string {
  const record = Object.entries(customer ?? {}).map(([field, value]) => [`  ${field}`, JSON.stringify(value)]);
  const asked = steps.map(({ provider, by, key, answer, milliseconds: ms, message }) => [
    `  ${provider}`,
    BY_WORDS[by],
    key,
    answer.replace('_', ' '),
    `${tenth(ms)} ms`,
    message ?? '',
  ]);
  const known = lastKnown.map(({ provider, by, key, ageSeconds }) => [
    `  ${provider}`,
    BY_WORDS[by],
    key,
    `${age(ageSeconds)} old`,
  ]);
  const lines = [
    `${describeLookup(lookup)}${freshness(lookup)}, ${tenth(milliseconds)} ms`,
    ...table(record),
    ...section('Asked:', asked),
    ...section('Would stand in for a provider that does not answer:', known),
    ...(storeFault === null ? [] : ['', `The last known customers cannot be read: ${storeFault}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function freshness({ state, matchedBy, ageSeconds }: LookupFacts): string {
  if (state !== 'found') return '';
  return matchedBy === 'last_known' ? `, ${age(ageSeconds ?? 0)} old (stale)` : ', asked now';
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ['', title, ...table(rows)];
}

function tenth(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

const UNITS = [
  ['days', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

function age(seconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => seconds >= 2 * each) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
