/** One line of a difference. */
export interface DiffLine {
  /** ` ` in both, `-` wanted and not there, `+` there and not wanted. */
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Above this many comparisons the lists are told one after the other. */
const MAX_COMPARISONS = 1_000_000;

/** What makes one ordered list of the other, in as few lines as can be; null when they are equal. */
export function diffLists(wanted: readonly string[], got: readonly string[]): readonly DiffLine[] | null {
  if (wanted.length === got.length && wanted.every((text, index) => text === got[index])) return null;
  const common = wanted.length * got.length > MAX_COMPARISONS ? [] : longestCommonPart(wanted, got);
  const lines: DiffLine[] = [];
  let [inWanted, inGot] = [0, 0];
  for (const [nextWanted, nextGot] of [...common, [wanted.length, got.length] as const]) {
    for (; inWanted < nextWanted; inWanted++) lines.push({ sign: '-', text: wanted[inWanted]! });
    for (; inGot < nextGot; inGot++) lines.push({ sign: '+', text: got[inGot]! });
    if (inWanted < wanted.length && inGot < got.length) lines.push({ sign: ' ', text: wanted[inWanted]! });
    inWanted++;
    inGot++;
  }
  return lines;
}

/** The longest list of pairs of positions of equal entries, both rising. */
function longestCommonPart(wanted: readonly string[], got: readonly string[]): (readonly [number, number])[] {
  // lengths[i][j]: how long it is of wanted from i and got from j.
  const lengths = Array.from({ length: wanted.length + 1 }, () => new Uint32Array(got.length + 1));
  for (let i = wanted.length - 1; i >= 0; i--) {
    for (let j = got.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        wanted[i] === got[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const pairs: (readonly [number, number])[] = [];
  let [i, j] = [0, 0];
  while (i < wanted.length && j < got.length) {
    if (wanted[i] === got[j]) pairs.push([i++, j++]);
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i++;
    else j++;
  }
  return pairs;
}
