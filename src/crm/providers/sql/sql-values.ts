/** Digits that every double keeps. */
const SAFE_DIGITS = 15;

/** A decimal number when none of its digits would be lost, its text otherwise. */
export function exactNumber(text: string): number | string {
  const number = Number(text);
  if (Number.isSafeInteger(number) && /^-?\d+$/.test(text)) return number;
  if (!/^-?\d+\.\d+$/.test(text)) return text;
  const digits = text.replace(/0+$/, '').replace(/[-.]/g, '').replace(/^0+/, '');
  return digits.length <= SAFE_DIGITS ? number : text;
}

/** JSON has no infinity and no NaN. */
export function finiteNumber(number: number): number | string {
  return Number.isFinite(number) ? number : String(number);
}

const TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-]\d\d)(?::(\d\d))?)?$/;

/** A database's time in ISO 8601; one without a zone is taken as UTC. What is none, such as `infinity`, stays as it is. */
export function isoTime(text: string): string {
  const [, date, time, hours, minutes = '00'] = TIME.exec(text) ?? [];
  if (date === undefined) return text;
  const zone = hours === undefined || (hours === '+00' && minutes === '00') ? 'Z' : `${hours}:${minutes}`;
  return `${date}T${time}${zone}`;
}
