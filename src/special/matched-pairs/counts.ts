// The four counts of matched pairs, given or read from data.
import * as v from 'valibot';
import { GlmmcError } from '../../../samplers/errors.js';
import { checkOptions, count } from '../../../samplers/options.js';
import { columnsOf } from '../../data/column.js';
import { keepLevels } from '../../data/factor.js';
import { keepCompleteRows } from '../../data/rows.js';
import { type DataSource, toTable } from '../../data/table.js';
import { type Finding, someOf } from '../../model/finding.js';

/** Pairs by their two responses: first digit under x = 1, second under x = 0; 1 is a success. */
export interface PairCounts {
  readonly n11: number;
  /** Success under x = 1, failure under x = 0. */
  readonly n10: number;
  readonly n01: number;
  readonly n00: number;
}

/** Columns of the data, one row a member of a pair. */
export interface PairColumns {
  /** 0 and 1, or two levels of which the second in order is the success. */
  readonly response: string;
  /** What differs within a pair: two values, the first in order being x = 0. */
  readonly exposure: string;
  readonly pair: string;
}

export interface ReadPairs {
  readonly counts: PairCounts;
  /** What x = 1 and x = 0 are. */
  readonly labels: readonly [one: string, zero: string];
  /** What a success is, as `column = value`; undefined where counts were given. */
  readonly success: string | undefined;
  readonly findings: readonly Finding[];
}

/** @throws GlmmcError `unknown-option`, `bad-option` */
export function readCounts(counts: unknown): ReadPairs {
  const entry = count(0);
  const known = checkOptions('matchedPairs()', { n11: entry, n10: entry, n01: entry, n00: entry }, counts);
  return { counts: known, labels: ['x = 1', 'x = 0'], success: undefined, findings: [] };
}

/**
 * Counts the pairs of a table; those without both members are left out and told.
 * @throws GlmmcError `unknown-option`, `bad-option`, `unknown-column`, `bad-pairs`, and those of `toTable`
 */
export function readPairs(source: DataSource, options: unknown): ReadPairs {
  const name = v.string('the name of a column');
  const { response, exposure, pair } = checkOptions(
    'matchedPairs()',
    { response: name, exposure: name, pair: name },
    options,
  );
  const columns = columnsOf(toTable(source));
  const { kept } = keepCompleteRows(columns, [response, exposure, pair], []);
  const outcome = twoLevels(keepLevels(columns.factor(response), kept), response);
  const side = twoLevels(keepLevels(columns.factor(exposure), kept), exposure);
  const pairs = columns.factor(pair);
  // 0 not seen, else 1 + response.
  const seen = [0, 1].map(() => new Int8Array(pairs.levels.length));
  for (const row of kept) {
    const x = side.codes[row];
    const i = pairs.codes[row];
    if (seen[x][i] > 0) {
      throw new GlmmcError(
        'bad-pairs',
        `matchedPairs() takes one row for each member of a pair, found two of pair ${pairs.levels[i]} with ${exposure} = ${side.levels[x]}; conditionalLogistic() takes sets of any size`,
      );
    }
    seen[x][i] = 1 + outcome.codes[row];
  }
  const table = [0, 0, 0, 0];
  const alone: string[] = [];
  pairs.levels.forEach((label, i) => {
    const [zero, one] = [seen[0][i], seen[1][i]];
    if (zero > 0 && one > 0) table[2 * (one - 1) + (zero - 1)]++;
    else alone.push(label);
  });
  const findings: Finding[] = [];
  if (alone.length > 0) {
    findings.push({
      code: 'pairs-incomplete',
      severity: 'note',
      message: `${alone.length} pairs lack a member or a response and were left out (${someOf(alone)}).`,
      advice: 'The mixed model on the rows themselves uses them: glmm() with (1 | pair).',
      where: alone,
    });
  }
  return {
    counts: { n00: table[0], n01: table[1], n10: table[2], n11: table[3] },
    labels: [`${exposure} = ${side.levels[1]}`, `${exposure} = ${side.levels[0]}`],
    success: `${response} = ${outcome.levels[1]}`,
    findings,
  };
}

function twoLevels<F extends { readonly levels: readonly string[] }>(factor: F, name: string): F {
  if (factor.levels.length === 2) return factor;
  throw new GlmmcError(
    'bad-pairs',
    `matchedPairs(): '${name}' must have two values, found ${factor.levels.length}: ${factor.levels.slice(0, 5).join(', ')}; conditionalLogistic() takes more`,
  );
}
