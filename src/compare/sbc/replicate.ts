// One replication: truth from the priors, data from the truth, draws given the data, ranks of the truth among them.
import { essMean } from '../../../samplers/diagnostics/ess.js';
import { allChains } from '../../../samplers/draws.js';
import { GlmmcError } from '../../../samplers/errors.js';
import type { Stream } from '../../../samplers/rng.js';
import { type FitOptions, fit, type PosteriorFit, type Strategy } from '../../estimate/fit.js';
import { drawFromPriors } from '../../estimate/prior-draws.js';
import type { ResolvedPriors } from '../../estimate/priors.js';
import { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import { type Model, withResponse } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import type { ResponseDraws } from '../../model/response-draws.js';
import { possibleResponses } from '../possible-responses.js';

/** Ranks by the name of the quantity, and the smallest effective sample size behind them. */
export interface Replication {
  readonly ranks: Int32Array;
  readonly ess: number;
}

/** What is ranked: every parameter, the log-likelihood, and the first cluster's intercept. */
export function quantities(model: Model): string[] {
  return [
    ...model.coefficientNames,
    'sigma',
    ...(model.family.dispersion ? ['dispersion'] : []),
    `eps[${model.clusterLabels[0]}]`,
    'log_lik',
  ];
}

/** Undefined where the priors gave parameters under which no data are possible. */
export async function replicate(
  model: Model,
  sampler: Strategy<PosteriorFit>,
  priors: ResolvedPriors,
  responses: ResponseDraws,
  stream: Stream,
  draws: number,
  options: FitOptions,
): Promise<Replication | undefined> {
  const truth = drawFromPriors(model, priors, stream.stream('truth'));
  const data = stream.stream('data');
  const eps = responses.intercepts(data, truth, new Float64Array(model.clusterLabels.length));
  const y = possibleResponses(() => responses.responses(data, truth, eps));
  if (!y) return undefined;
  const simulated = withResponse(model, y);
  const { draws: drawn } = await fit(simulated, sampler, options);
  const size = drawn.chains * drawn.iterations;
  if (size < draws) {
    throw new GlmmcError(
      'bad-option',
      `sbc(): each truth is ranked among ${draws} draws, and the sampler keeps ${size}; give it more draws, or fewer to rank (draws: ${size})`,
    );
  }
  const names = quantities(model).slice(0, -1);
  const columns = names.map((name) => allChains(drawn, name));
  const likelihood = new MarginalLikelihood(simulated);
  const logLik = (parameters: Parameters): number =>
    likelihood.evaluate(parameters, { kind: 'medium' }, false);
  const true_ = [
    ...truth.beta,
    truth.sigma,
    ...(truth.dispersion === undefined ? [] : [truth.dispersion]),
    eps[0],
  ];
  const trueLogLik = logLik(truth);
  const ranks = new Int32Array(names.length + 1);
  const ties = stream.stream('ties');
  const p = model.coefficientNames.length;
  const count = (at: number, value: number, truth: number): void => {
    if (value < truth || (value === truth && ties.uniform() < 0.5)) ranks[at]++;
  };
  for (let k = 0; k < draws; k++) {
    const place = Math.floor(((k + 0.5) * size) / draws);
    const [c, t] = [Math.floor(place / drawn.iterations), place % drawn.iterations];
    const values = columns.map((chains) => chains[c][t]);
    values.forEach((value, a) => {
      count(a, value, true_[a]);
    });
    const parameters = {
      beta: Float64Array.from(values.slice(0, p)),
      sigma: values[p],
      ...(model.family.dispersion && { dispersion: values[p + 1] }),
    };
    count(names.length, logLik(parameters), trueLogLik);
  }
  const ess = Math.min(...columns.map((chains) => essMean(chains)).filter((value) => !Number.isNaN(value)));
  return { ranks, ess };
}
