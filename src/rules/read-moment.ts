import { parseTime } from './time-values.js';

const AGO = /^(\d{1,5})([mhd])$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const MOMENT = 'a time such as 2026-12-01T09:00:00Z, or so long ago: 30m, 12h, 7d';

/** Milliseconds since the epoch, of a time or of so long ago; null for anything else. */
export function readMoment(text: string, now: number): number | null {
  const [, count, unit] = AGO.exec(text) ?? [];
  return unit === undefined ? parseTime(text) : now - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}
