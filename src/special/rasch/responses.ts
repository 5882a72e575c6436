// Answers to a test as a matrix: one row a random unit (usually a person), one column a fixed unit (usually an item).
import { GlmmcError } from '../../../samplers/errors.js';
import { columnsOf } from '../../data/column.js';
import { keepLevels } from '../../data/factor.js';
import { keepCompleteRows } from '../../data/rows.js';
import { type DataSource, toTable } from '../../data/table.js';

/** What was not answered. */
export const MISSING = -1;

/** Random units that answered the same fixed units with the same number right. */
export interface ScoreGroup {
  readonly score: number;
  /** Rows of the matrix. */
  readonly members: readonly number[];
  /** k: how many of the members have each fixed unit right. */
  readonly right: Float64Array;
}

/** The fixed units that some random units all answered, and these by their scores. */
export interface Pattern {
  readonly units: readonly number[];
  readonly groups: readonly ScoreGroup[];
}

export interface Responses {
  /** k, those with a finite estimate. */
  readonly fixed: readonly string[];
  /** n, those with an answer to one of `fixed`. */
  readonly random: readonly string[];
  /** n x k: 1 right, 0 wrong, -1 not answered. */
  readonly answers: Int8Array;
  readonly patterns: readonly Pattern[];
  /** Fixed units with all answers right, and all wrong: their estimates are infinite, and they say nothing. */
  readonly allRight: readonly string[];
  readonly allWrong: readonly string[];
  readonly droppedRows: number;
  /** The answer that is right, as `column = value`. */
  readonly right: string;
}

/** Columns by what stands in them; `fixed` and `random` are the two sides. */
export interface ResponseColumns {
  readonly response: string;
  readonly fixed: string;
  readonly random: string;
}

/** Sums over choices among k units with their second moments take k^3 numbers and k^4 steps. */
const MOST_FIXED = 200;

/**
 * Reads a table with one row an answer; absent rows and missing responses are answers not given.
 * @throws GlmmcError `unknown-column`, `bad-response`, `repeated-answer`, `too-few-units`, `too-many-units`, and those of `toTable`
 */
export function readResponses(source: DataSource, names: ResponseColumns): Responses {
  const columns = columnsOf(toTable(source));
  const { kept, dropped } = keepCompleteRows(columns, [names.response, names.fixed, names.random], []);
  const response = keepLevels(columns.factor(names.response), kept);
  if (response.levels.length > 2) {
    throw new GlmmcError(
      'bad-response',
      `rasch(): '${names.response}' must have two values (wrong first in order, then right), found ${response.levels.length}: ${response.levels.slice(0, 5).join(', ')}; it is a model of right and wrong answers`,
    );
  }
  const sides = [
    keepLevels(columns.factor(names.fixed), kept),
    keepLevels(columns.factor(names.random), kept),
  ];
  const [fixed, random] = sides;
  const width = fixed.levels.length;
  const all = new Int8Array(random.levels.length * width).fill(MISSING);
  for (const row of kept) {
    const at = random.codes[row] * width + fixed.codes[row];
    if (all[at] !== MISSING) {
      throw new GlmmcError(
        'repeated-answer',
        `rasch() takes one answer for each ${names.fixed} and ${names.random}, found two of ${fixed.levels[fixed.codes[row]]} by ${random.levels[random.codes[row]]}; keep one of them, or give the columns their right names`,
      );
    }
    all[at] = response.codes[row];
  }
  const right = `${names.response} = ${response.levels[response.levels.length - 1]}`;
  return { ...dropExtremes(all, fixed.levels, random.levels, names.fixed), droppedRows: dropped, right };
}

function dropExtremes(
  all: Int8Array,
  fixed: readonly string[],
  random: readonly string[],
  side: string,
): Omit<Responses, 'droppedRows' | 'right'> {
  const width = fixed.length;
  const column = (j: number): number[] =>
    random.flatMap((_, i) => (all[i * width + j] === MISSING ? [] : [all[i * width + j]]));
  const kinds = fixed.map((_, j) => {
    const answers = column(j);
    if (answers.every((y) => y === 1)) return 'right';
    return answers.every((y) => y === 0) ? 'wrong' : 'mixed';
  });
  const kept = fixed.flatMap((_, j) => (kinds[j] === 'mixed' ? [j] : []));
  if (kept.length < 2) {
    throw new GlmmcError(
      'too-few-units',
      `rasch() compares the values of '${side}' with one another, found ${kept.length} that ${kept.length === 1 ? 'has' : 'have'} both right and wrong answers (it needs two); add answers, or see that each of the columns is named as what it holds`,
    );
  }
  if (kept.length > MOST_FIXED) {
    throw new GlmmcError(
      'too-many-units',
      `rasch() estimates a coefficient for every value of '${side}', found ${kept.length}; with more than ${MOST_FIXED} make the other side the fixed one (random: 'persons' or 'items')`,
    );
  }
  const rows = random.flatMap((_, i) => (kept.some((j) => all[i * width + j] !== MISSING) ? [i] : []));
  const k = kept.length;
  const answers = new Int8Array(rows.length * k);
  rows.forEach((i, r) => {
    kept.forEach((j, c) => {
      answers[r * k + c] = all[i * width + j];
    });
  });
  return {
    fixed: kept.map((j) => fixed[j]),
    random: rows.map((i) => random[i]),
    answers,
    patterns: patternsOf(answers, k),
    allRight: fixed.filter((_, j) => kinds[j] === 'right'),
    allWrong: fixed.filter((_, j) => kinds[j] === 'wrong'),
  };
}

function patternsOf(answers: Int8Array, k: number): Pattern[] {
  const patterns = new Map<string, Map<number, number[]>>();
  const n = answers.length / k;
  for (let i = 0; i < n; i++) {
    let key = '';
    let score = 0;
    for (let j = 0; j < k; j++) {
      const answer = answers[i * k + j];
      key += answer === MISSING ? '0' : '1';
      if (answer === 1) score++;
    }
    const scores = patterns.get(key) ?? new Map<number, number[]>();
    patterns.set(key, scores);
    const members = scores.get(score);
    if (members) members.push(i);
    else scores.set(score, [i]);
  }
  return [...patterns].map(([key, scores]) => ({
    units: [...key].flatMap((flag, j) => (flag === '1' ? [j] : [])),
    groups: [...scores]
      .sort(([a], [b]) => a - b)
      .map(([score, members]) => ({ score, members, right: rightCounts(answers, k, members) })),
  }));
}

function rightCounts(answers: Int8Array, k: number, members: readonly number[]): Float64Array {
  const right = new Float64Array(k);
  for (const i of members) for (let j = 0; j < k; j++) if (answers[i * k + j] === 1) right[j]++;
  return right;
}

/** Patterns with their groups that some answer of is right and some wrong: the others say nothing of the fixed side. */
export function informativePatterns(patterns: readonly Pattern[]): Pattern[] {
  return patterns
    .map(({ units, groups }) => ({
      units,
      groups: groups.filter(({ score }) => score > 0 && score < units.length),
    }))
    .filter(({ groups }) => groups.length > 0);
}

/**
 * The fixed units that cannot be compared with the first by finite amounts, none where all can: between any two there must be a chain
 * of units, each of them right where the next is wrong by the same random unit, and a chain back.
 * Source: Fischer (1981), Psychometrika 46: necessary and sufficient for finite conditional estimates.
 */
export function unconnected(answers: Int8Array, k: number): number[] {
  const n = answers.length / k;
  const beats = new Uint8Array(k * k);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < k; a++) {
      if (answers[i * k + a] !== 1) continue;
      for (let b = 0; b < k; b++) if (answers[i * k + b] === 0) beats[a * k + b] = 1;
    }
  }
  const reached = (along: (a: number, b: number) => boolean): Uint8Array => {
    const seen = new Uint8Array(k);
    const queue = [0];
    seen[0] = 1;
    for (let a = queue.pop(); a !== undefined; a = queue.pop()) {
      for (let b = 0; b < k; b++) {
        if (seen[b] === 1 || !along(a, b)) continue;
        seen[b] = 1;
        queue.push(b);
      }
    }
    return seen;
  };
  const there = reached((a, b) => beats[a * k + b] === 1);
  const back = reached((a, b) => beats[b * k + a] === 1);
  return Array.from({ length: k }, (_, j) => j).filter((j) => there[j] === 0 || back[j] === 0);
}
