/** `1 rule`, `1,200 rules`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  // Asking for the locale takes a hundred times as long.
  const digits = number < 1_000 ? String(number) : number.toLocaleString('en');
  return `${digits} ${number === 1 ? noun : plural}`;
}
