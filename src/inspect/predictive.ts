// priorPredictive(), posteriorPredictive(): what data the model expects, before and after it has seen any.
import * as v from 'valibot';
import { mean, quantileSorted, sorted } from '../../samplers/diagnostics/descriptive.js';
import { type Draws, makeDraws } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { anySeed, checkOptions, count } from '../../samplers/options.js';
import { rng } from '../../samplers/rng.js';
import { digitsFor, table, wrap } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import { DEFAULT_SEED, type PosteriorFit } from '../estimate/fit.js';
import { drawFromPriors } from '../estimate/prior-draws.js';
import { type Priors, resolvePriors } from '../estimate/priors.js';
import { findingLines } from '../estimate/summary.js';
import { requireDensity } from '../likelihood/supported.js';
import { requireModel } from '../model/arguments.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import { ResponseDraws } from '../model/response-draws.js';
import { parametersOf } from './log-lik.js';
import { builtInStatistics, type TestStatistic } from './predictive/statistics.js';

export type { TestStatistic } from './predictive/statistics.js';

/** A statistic of the data beside what the model expects of it. */
export interface PredictiveRow {
  readonly statistic: string;
  /** Of the data themselves. */
  readonly observed: number;
  /** Of the replications. */
  readonly mean: number;
  readonly q5: number;
  readonly q95: number;
  /** Share of the replications above the observed value, ties counted half: near 0 or 1 the model does not expect it. */
  readonly pValue: number;
}

/** Replicated responses, and where statistics of the data lie among theirs. */
export interface Predictive {
  /** One array a replication, in the order of the data's rows (those that were used). */
  readonly responses: readonly Float64Array[];
  readonly rows: readonly PredictiveRow[];
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/** What `priorPredictive()` gives. */
export interface PriorPredictive extends Predictive {
  /** The parameters that each replication was drawn with, one chain. */
  readonly parameters: Draws;
}

/** Options of `priorPredictive()`. */
export interface PriorPredictiveOptions {
  /** Replications (1000). */
  readonly draws?: number;
  readonly seed?: number | string;
  /** Beside those that every model has; each a number from a response. */
  readonly statistics?: Readonly<Record<string, TestStatistic>>;
}

/** Options of `posteriorPredictive()`. */
export interface PosteriorPredictiveOptions extends PriorPredictiveOptions {
  /** `same` (default): the intercepts drawn with the parameters; `new`: new clusters, intercepts from their distribution. */
  readonly clusters?: 'same' | 'new';
}

/** p-values nearer to 0 or 1 than this are findings. */
const EXTREME = 0.005;

const common = {
  draws: v.optional(count(1), 1000),
  seed: v.optional(anySeed(), DEFAULT_SEED),
  statistics: v.optional(
    v.record(
      v.string(),
      v.custom<TestStatistic>((x) => typeof x === 'function', 'a function of a response'),
      'functions by name',
    ),
    {},
  ),
};

/**
 * Data sets that the priors expect on the model's own design: parameters from the priors, intercepts, responses. The observed data
 * stand beside them; a prior under which they are out of reach says so. Deterministic given the seed.
 *
 * Source: Gelman, Simpson, Betancourt (2017); Gabry et al. (2019), JRSS A 182.
 * @param priors as for gibbs(); what is left out has its default
 * @throws GlmmcError `bad-model`, `unknown-option`, `bad-option`, `unsupported-effect`, `bad-weights`, `no-draws`
 */
export function priorPredictive(
  model: Model,
  priors: Priors = {},
  options: PriorPredictiveOptions = {},
): PriorPredictive {
  requireModel('priorPredictive()', model);
  requireDensity('priorPredictive()', model);
  const { draws, seed, statistics } = checkOptions('priorPredictive()', common, options);
  const resolved = resolvePriors(model, priors);
  const maker = new ResponseDraws('priorPredictive()', model);
  const root = rng(seed).stream('prior-predictive');
  const names = [...model.coefficientNames, 'sigma', ...(model.family.dispersion ? ['dispersion'] : [])];
  const block = new Float64Array(names.length * draws);
  const eps = new Float64Array(model.clusterLabels.length);
  const responses = Array.from({ length: draws }, (_, k) => {
    const stream = root.stream(`draw:${k}`);
    const parameters = drawFromPriors(model, resolved, stream);
    [...parameters.beta, parameters.sigma, parameters.dispersion].forEach((value, j) => {
      if (j < names.length) block[j * draws + k] = value!;
    });
    return orNaN(model, () => maker.responses(stream, parameters, maker.intercepts(stream, parameters, eps)));
  });
  return {
    parameters: makeDraws(names, 1, draws, [block]),
    ...finish(model, responses, statistics, 'prior', `Priors: ${resolved.text}`),
  };
}

/**
 * Data sets that the fitted model expects, each from one posterior draw (spread evenly over the chains), and statistics of the
 * data among them. With `clusters: 'same'` the intercepts are those of the draw, so that the data check the family and the
 * linear predictor; with `'new'` they are new, which checks the distribution of the intercepts too.
 *
 * Source: Gelman, Meng, Stern (1996), Statistica Sinica 6; mixed replications: Marshall and Spiegelhalter (2007).
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`, `bad-weights`, `no-draws`
 */
export function posteriorPredictive(fit: PosteriorFit, options: PosteriorPredictiveOptions = {}): Predictive {
  requireEstimatedFit('posteriorPredictive()', fit);
  if (fit.kind !== 'posterior') {
    throw new GlmmcError(
      'bad-fit',
      'posteriorPredictive() takes a posterior fit, found a likelihood fit; simulate(model, fit.parameters) draws from that',
    );
  }
  const { clusters, draws, seed, statistics } = checkOptions(
    'posteriorPredictive()',
    { ...common, clusters: v.optional(v.picklist(['same', 'new'], "'same' or 'new'"), 'same') },
    options,
  );
  const { model } = fit;
  const maker = new ResponseDraws('posteriorPredictive()', model);
  const root = rng(seed).stream('posterior-predictive');
  const { chains, iterations } = fit.draws;
  const at = Array.from({ length: chains }, (_, c) => parametersOf(fit, c));
  const drawn = Array.from({ length: chains }, (_, c) =>
    model.clusterLabels.map((label) => fit.draws.chain(`eps[${label}]`, c)),
  );
  const eps = new Float64Array(model.clusterLabels.length);
  const responses = Array.from({ length: draws }, (_, k) => {
    const stream = root.stream(`draw:${k}`);
    const place = Math.floor(((k + 0.5) * chains * iterations) / draws) % (chains * iterations);
    const [c, t] = [Math.floor(place / iterations), place % iterations];
    const parameters = at[c](t);
    if (clusters === 'new') maker.intercepts(stream, parameters, eps);
    else
      drawn[c].forEach((column, i) => {
        eps[i] = column[t];
      });
    return maker.responses(stream, parameters, eps);
  });
  return finish(model, responses, statistics, 'posterior', `Clusters: ${clusters}`);
}

/** Parameters from vague priors can overflow; what they expect is then no data at all. */
function orNaN(model: Model, draw: () => Float64Array): Float64Array {
  try {
    return draw();
  } catch (error) {
    if (!(error instanceof GlmmcError && error.code === 'bad-argument')) throw error;
    return new Float64Array(model.observations).fill(Number.NaN);
  }
}

function finish(
  model: Model,
  responses: readonly Float64Array[],
  given: Readonly<Record<string, TestStatistic>>,
  what: 'prior' | 'posterior',
  detail: string,
): Predictive {
  const possible = responses.filter((y) => y.every(Number.isFinite));
  const statistics = { ...builtInStatistics(model), ...given };
  const rows = Object.entries(statistics).map(([name, of]): PredictiveRow => {
    const observed = of(model.design.y, model);
    const values = sorted(possible.map((y) => of(y, model)));
    const above = values.filter((value) => value > observed).length;
    const ties = values.filter((value) => value === observed).length;
    return {
      statistic: name,
      observed,
      mean: mean(values),
      q5: quantileSorted(values, 0.05),
      q95: quantileSorted(values, 0.95),
      pValue: (above + ties / 2) / values.length,
    };
  });
  const findings = [
    ...overflowFinding(responses.length - possible.length, responses.length),
    ...extremeFinding(rows, what),
  ];
  const heading = `${what === 'prior' ? 'Prior' : 'Posterior'} predictive check, ${responses.length} replications`;
  return {
    responses,
    rows,
    findings,
    toString: () =>
      [heading, ...wrap(detail, '  ', '    '), '', print(rows), ...findingLines(findings)].join('\n'),
  };
}

function overflowFinding(lost: number, of: number): Finding[] {
  if (lost === 0) return [];
  return [
    {
      code: 'predictive-overflow',
      severity: 'warning',
      message: `${lost} of ${of} replications hold numbers too large for any data; the table leaves them out.`,
      advice:
        'Tighter priors: no analyst expects such data. Try sigma: halfNormal(1), beta: normalPrior(0, 1).',
    },
  ];
}

function extremeFinding(rows: readonly PredictiveRow[], what: 'prior' | 'posterior'): Finding[] {
  const extreme = rows.filter(({ pValue }) => pValue < EXTREME || pValue > 1 - EXTREME);
  if (extreme.length === 0) return [];
  const names = extreme.map(({ statistic }) => statistic);
  return [
    {
      code: what === 'prior' ? 'prior-predictive-extreme' : 'posterior-predictive-extreme',
      severity: 'warning',
      message: `The ${what === 'prior' ? 'priors do' : 'fitted model does'} not expect the ${names.join(', ')} that the data have.`,
      advice:
        what === 'prior'
          ? 'Look at the scales: are the priors those of these units?'
          : 'Try what would produce it: another family (negativeBinomial() for counts that vary more), another distribution of intercepts, or terms that are missing.',
      where: names,
    },
  ];
}

function print(rows: readonly PredictiveRow[]): string {
  return table(
    ['', 'observed', 'mean', 'q5', 'q95', 'p'],
    rows.map(({ statistic, observed, mean: centre, q5, q95, pValue }) => {
      const number = (value: number): string => digitsFor(value, (q95 - q5) / 100);
      return [statistic, number(observed), number(centre), number(q5), number(q95), pValue.toFixed(3)];
    }),
  );
}
