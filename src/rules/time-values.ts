const DURATION = /^P(?=\d|T\d)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2}))?$/;

/** Milliseconds since the epoch of an ISO 8601 date (midnight UTC) or date-time with its zone; null when it is none. */
export function parseTime(text: unknown): number | null {
  if (typeof text !== 'string' || !TIME.test(text) || !isInCalendar(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

/** `Date.parse` takes the 31st of February for the 3rd of March. */
function isInCalendar(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return day <= 28 || day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
}

/** Milliseconds of an ISO 8601 duration in weeks, days, hours, minutes, seconds (`P3D`, `PT36H`); null when it is none. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const MINUTES_PER_DAY = 24 * 60;
const MINUTE_MS = 60_000;
const RANGE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24(?=:00)):([0-5]\d)$/;

/** Whether a time (ms since the epoch) falls into weekly hours. */
export type WeeklyHours = (time: number) => boolean;

/**
 * Weekly hours such as `Mon-Fri 09:00-17:00 Europe/Berlin`: ranges separated by commas, then an IANA time zone (default UTC).
 * The end is exclusive; a range that ends before it starts runs past midnight.
 */
export function parseWeeklyHours(text: string): WeeklyHours | null {
  const zone = /^(.*\d)\s+([A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)*)$/.exec(text.trim());
  const format = dayAndTimeFormat(zone?.[2] ?? 'UTC');
  const ranges = (zone?.[1] ?? text).split(',').map((range) => RANGE.exec(range.trim()));
  if (format === null || ranges.includes(null)) return null;
  const open = new Set<number>();
  for (const range of ranges) addRange(open, range!);
  // The messages of a minute ask for the same, and a calendar takes long to ask.
  let last: { readonly minute: number; readonly isOpen: boolean } | undefined;
  return (time) => {
    const minute = Math.floor(time / MINUTE_MS);
    if (last?.minute !== minute) last = { minute, isOpen: open.has(minuteOfWeek(format, time)) };
    return last.isOpen;
  };
}

function addRange(
  open: Set<number>,
  [, from, until, startHour, startMinute, endHour, endMinute]: RegExpExecArray,
): void {
  const first = DAYS.indexOf(from as (typeof DAYS)[number]);
  const last = until === undefined ? first : DAYS.indexOf(until as (typeof DAYS)[number]);
  const start = Number(startHour) * 60 + Number(startMinute);
  const end = Number(endHour) * 60 + Number(endMinute);
  const length = end > start ? end - start : end + MINUTES_PER_DAY - start;
  const dayCount = (last - first + DAYS.length) % DAYS.length;
  for (let day = 0; day <= dayCount; day++) {
    const opening = ((first + day) % DAYS.length) * MINUTES_PER_DAY + start;
    for (let minute = 0; minute < length; minute++) open.add((opening + minute) % (DAYS.length * MINUTES_PER_DAY));
  }
}

function minuteOfWeek(format: Intl.DateTimeFormat, time: number): number {
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  const day = DAYS.indexOf(parts['weekday'] as (typeof DAYS)[number]);
  return day * MINUTES_PER_DAY + Number(parts['hour']) * 60 + Number(parts['minute']);
}

function dayAndTimeFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch {
    return null;
  }
}
