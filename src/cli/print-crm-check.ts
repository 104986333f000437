import type { ProviderStatus } from '../crm/provider-statuses.js';
import { didYouMean } from '../files/did-you-mean.js';
import { table } from './table.js';

export interface ProviderReport extends Pick<ProviderStatus, 'name' | 'state' | 'message'> {
  readonly type: string;
  readonly milliseconds: number;
  /** Its fields by the names that rules use; null when every column passes. */
  readonly mapped: readonly string[] | null;
  /** Fields that rules read and it does not map. */
  readonly missing: readonly string[] | null;
  /** Fields that it maps and no rule reads. */
  readonly unread: readonly string[] | null;
}

export interface CrmCheckReport {
  readonly ok: boolean;
  readonly providers: readonly ProviderReport[];
  /** Fields that rules read and no provider maps. */
  readonly unmapped: readonly string[];
  readonly areRulesUsable: boolean;
  /** Something in the rules takes the record as a whole, so that any field may be read. */
  readonly isWholeRecordRead: boolean;
}

export const CRM_CHECK_PRINTERS = { text: toText, json: toJson } as const;

function toJson(report: CrmCheckReport): string {
  const providers = report.providers.map((each) => ({ ...each, milliseconds: Math.round(each.milliseconds) }));
  return `${JSON.stringify({ ...report, providers }, null, 2)}\n`;
}

function toText({ providers, unmapped, areRulesUsable, isWholeRecordRead }: CrmCheckReport): string {
  const rows = providers.map(({ name, type, state, milliseconds, message }) => [
    name,
    type,
    state,
    `${Math.round(milliseconds)} ms`,
    message ?? '',
  ]);
  const lines = [
    ...(providers.length === 0 ? ['no provider is configured'] : table(rows)),
    ...describeFields(providers, unmapped),
    ...(isWholeRecordRead ? ['rules take the record as a whole, so that any field may be read'] : []),
    ...(areRulesUsable
      ? []
      : ['the rules are not usable, so nobody knows which fields they read; see "enricher check"']),
  ];
  return `${lines.join('\n')}\n`;
}

function describeFields(providers: readonly ProviderReport[], unmapped: readonly string[]): string[] {
  const mapped = providers.flatMap(({ mapped: own }) => own ?? []);
  return [
    ...unmapped.map((field) => `rules read "${field}", and no provider maps it${didYouMean(field, mapped)}`),
    ...providers.flatMap(({ name, missing, unread }) => {
      const elsewhere = (missing ?? []).filter((field) => !unmapped.includes(field));
      const spare = unread ?? [];
      return [
        ...(elsewhere.length === 0 ? [] : [`"${name}" does not map what rules read: ${elsewhere.join(', ')}`]),
        ...(spare.length === 0 ? [] : [`"${name}" maps what no rule reads: ${spare.join(', ')}`]),
      ];
    }),
  ];
}
