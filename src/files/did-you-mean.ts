import { distance } from 'fastest-levenshtein';

/** `, did you mean "x"?` for the nearest candidate, or nothing when none is near enough to be a slip of the pen. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const lower = word.toLowerCase();
  const allowed = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const candidate of candidates) {
    const candidateDistance = distance(lower, candidate.toLowerCase());
    if (candidateDistance < bestDistance) {
      best = candidate;
      bestDistance = candidateDistance;
    }
  }
  return best === undefined ? '' : `, did you mean "${best}"?`;
}
