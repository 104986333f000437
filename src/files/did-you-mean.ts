import { distance } from 'fastest-levenshtein';

/** `, did you mean "x"?` for the nearest candidate, or nothing when none is near enough to be a slip of the pen. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  return orSo(nearest(word, candidates));
}

/** `, did you mean "x"?` for what was meant, or nothing when that is not known. */
export function orSo(meant: string | undefined): string {
  return meant === undefined ? '' : `, did you mean "${meant}"?`;
}

/** The candidate that a word is a slip of the pen for; words of up to five letters allow one slip. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  const allowed = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const candidate of candidates) {
    const candidateDistance = slips(lower, candidate.toLowerCase());
    if (candidateDistance < bestDistance) {
      best = candidate;
      bestDistance = candidateDistance;
    }
  }
  return best;
}

/** Edits between two words; letters in the wrong order are one slip, as they are to whoever typed them. */
function slips(word: string, candidate: string): number {
  const isSwapped = word !== candidate && sorted(word) === sorted(candidate);
  return isSwapped ? 1 : distance(word, candidate);
}

function sorted(word: string): string {
  return Array.from(word).toSorted().join('');
}
