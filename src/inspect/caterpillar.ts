// caterpillar(): the clusters in the order of their intercepts, with intervals of each kind of uncertainty.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { between, checkOptions } from '../../samplers/options.js';
import { digitsFor, printable, table } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, PosteriorFit } from '../estimate/fit.js';
import { type InterceptScore, interceptScores } from './ranef/scores.js';
import { averageRanks } from './ranef.js';

/** One cluster; intervals are on the scale of the linear predictor. */
export interface CaterpillarRow {
  readonly cluster: string;
  /** 1 the lowest; ties share the mean of their places. */
  readonly place: number;
  readonly mean: number;
  /** With the parameters held at their estimates (of draws: as `lowerTotal`). */
  readonly lower: number;
  readonly upper: number;
  /** Corrected for the parameters being estimates. */
  readonly lowerTotal: number;
  readonly upperTotal: number;
  /** The full posterior's, where one was given; NaN elsewhere. */
  readonly posteriorMean: number;
  readonly lowerPosterior: number;
  readonly upperPosterior: number;
}

/** Options of `caterpillar()`. */
export interface CaterpillarOptions {
  /** Of the intervals (0.95). */
  readonly level?: number;
  /** A posterior fit of the same model, whose intervals go beside. */
  readonly posterior?: PosteriorFit;
}

/** From the lowest intercept to the highest; `toString` is the table that people read. */
export interface Caterpillar extends ReadonlyArray<CaterpillarRow> {
  /** The text that people read. */
  toString(): string;
}

/**
 * The rows of a caterpillar plot. Of a likelihood fit the first interval has the exact quantiles of eps_i given y_i at the
 * estimates; the second stretches it about the mean by sdTotal / sd of `ranef()`, so that it keeps its shape and
 * gains the delta method's variance (Kass and Steffey 1989, JASA 84). A posterior fit has one interval, the draws' quantiles.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`; `different-models` for a posterior with other clusters
 */
export function caterpillar(fit: Fit, options: CaterpillarOptions = {}): Caterpillar {
  requireEstimatedFit('caterpillar()', fit);
  const { level, posterior } = checkOptions(
    'caterpillar()',
    {
      level: v.optional(between(0, 1), 0.95),
      posterior: v.optional(
        v.custom<PosteriorFit>(
          (x) => typeof x === 'object' && x !== null && 'kind' in x && x.kind === 'posterior',
          'a posterior fit',
        ),
      ),
    },
    options,
  );
  const tail = (1 - level) / 2;
  const scores = interceptScores(fit, tail, 1 - tail);
  const beside = posterior ? besideOf(fit, posterior, tail) : undefined;
  const places = averageRanks(scores.map((score) => score.mean));
  const rows = scores.map((score, i): CaterpillarRow => {
    const { cluster, mean, sd, sdTotal, low, high } = score;
    const stretch = sd > 0 ? sdTotal / sd : 1;
    const other = beside?.[i];
    return {
      cluster,
      place: places[i],
      mean,
      lower: low,
      upper: high,
      lowerTotal: mean + stretch * (low - mean),
      upperTotal: mean + stretch * (high - mean),
      posteriorMean: other?.mean ?? Number.NaN,
      lowerPosterior: other?.low ?? Number.NaN,
      upperPosterior: other?.high ?? Number.NaN,
    };
  });
  rows.sort((a, b) => a.place - b.place);
  return printable(rows, () => print(rows));
}

function besideOf({ model }: Fit, posterior: PosteriorFit, tail: number): InterceptScore[] {
  const same =
    model.clusterLabels.length === posterior.model.clusterLabels.length &&
    model.clusterLabels.every((label, i) => label === posterior.model.clusterLabels[i]);
  if (!same) {
    throw new GlmmcError(
      'different-models',
      `caterpillar(): posterior must be a fit to the same clusters, found ${posterior.model.clusterLabels.length} of ${posterior.model.clusterName} beside ${model.clusterLabels.length} of ${model.clusterName}`,
    );
  }
  return interceptScores(posterior, tail, 1 - tail);
}

function print(rows: readonly CaterpillarRow[]): string {
  // Two decimals below the shortest interval's quarter: more would not be read.
  const fine = Math.min(...rows.map(({ lowerTotal, upperTotal }) => upperTotal - lowerTotal)) / 400;
  const number = (value: number): string => digitsFor(value, fine);
  const interval = (low: number, high: number): string => `${number(low)} to ${number(high)}`;
  const full = rows.some(({ posteriorMean }) => !Number.isNaN(posteriorMean));
  return table(
    ['cluster', 'place', 'mean', 'plug-in', 'corrected', ...(full ? ['posterior'] : [])],
    rows.map((row) => [
      row.cluster,
      String(row.place),
      number(row.mean),
      interval(row.lower, row.upper),
      interval(row.lowerTotal, row.upperTotal),
      ...(full ? [interval(row.lowerPosterior, row.upperPosterior)] : []),
    ]),
  );
}
