// The one error that bad input throws, and the nearest known name for a misspelt one.

/** Bad input: what was expected, what was found, what to try. `code` is stable, `message` is for people. */
export class GlmmcError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'GlmmcError';
    this.code = code;
  }
}

/** Letters changed, added, left out or swapped with their neighbour (optimal string alignment; Damerau 1964). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1]!;
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? rows[i - 2]![j - 2]! + 1 : substitution;
      current.push(Math.min(substitution, above[j]! + 1, current[j - 1]! + 1, swap));
    }
    rows.push(current);
  }
  return rows[a.length]![b.length]!;
}

/** One slip in every so many letters is taken for a slip; more make another name. */
const LETTERS_A_SLIP = 3;

/** The known name nearest to `name` (case ignored), or undefined where none is near enough to be a slip of the pen. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / LETTERS_A_SLIP)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance < name.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Names beyond these are told by dots. */
const MOST_NAMES = 30;

/** "; did you mean X?" where a near name is known, else "; known: A, B, C". */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  if (near !== undefined) return `; did you mean '${near}'?`;
  if (known.length === 0) return '; it takes none';
  return `; known: ${known.slice(0, MOST_NAMES).join(', ')}${known.length > MOST_NAMES ? ', ...' : ''}`;
}
