/**
 * "Did you mean …?": the candidate that a typing slip turns into the word.
 *
 * @module
 */

/** Longer words are not compared: nobody mistypes them by one letter, and hostile input stays cheap. */
const MAX_WORD_CHARS = 64;

/** The nearest candidate, if it is at most a third of the word away; the first of equals. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_WORD_CHARS) return undefined;
  const typed = word.toLowerCase();
  let nearest: string | undefined;
  // One slip in a short word, a third of a long one; never all of it.
  let limit = Math.min(Math.max(1, Math.floor(word.length / 3)) + 1, word.length);
  for (const candidate of candidates) {
    if (candidate.length > MAX_WORD_CHARS || Math.abs(candidate.length - word.length) >= limit) continue;
    const distance = editDistance(typed, candidate.toLowerCase());
    if (distance >= limit) continue;
    limit = distance;
    nearest = candidate;
  }
  return nearest;
}

/** Damerau-Levenshtein (optimal string alignment): insertions, deletions, replacements, swapped neighbours. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replace = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + replace);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
