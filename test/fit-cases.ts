// Small fits of every family, by likelihood and by draws: what the tests of functions of fits run over.
import { rng } from '../samplers/rng.js';
import { collapsed } from '../src/estimate/collapsed.js';
import { type Fit, fit, type LikelihoodFit, type PosteriorFit } from '../src/estimate/fit.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { normal } from '../src/model/effects/normal.js';
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm, type Model, withResponse } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { ResponseDraws } from '../src/model/response-draws.js';

export const caseFamilies: Readonly<Record<string, () => Family>> = {
  binomial: () => binomial(),
  probit: () => binomial('probit'),
  poisson: () => poisson(),
  gaussian: () => gaussian(),
  gamma: () => gamma(),
  'negative binomial': () => negativeBinomial(),
};

/** Twelve clusters of five rows with a covariate, and responses drawn from the model with normal intercepts at seed 3. */
export function caseModel(name: string, randomEffect?: RandomEffect): Model {
  const rows = Array.from({ length: 60 }, (_, r) => ({
    y: 0,
    x: ((r * 7) % 11) / 5 - 1,
    g: `c${Math.floor(r / 5)}`,
  }));
  const family = caseFamilies[name]();
  const y = rows.map((_, r) => 1 + (r % 3) * (family.name === 'binomial' ? 0 : 1));
  const trials = family.name === 'binomial';
  const table = rows.map((row, r) => ({ ...row, y: y[r], n: 4 }));
  const model = glmm(trials ? 'y | trials(n) ~ x + (1 | g)' : 'y ~ x + (1 | g)', table, {
    family,
    ...(randomEffect && { randomEffect }),
  });
  const truth: Parameters = {
    beta: Float64Array.of(0.6, -0.5),
    sigma: 0.8,
    ...(family.dispersion && { dispersion: family.name === 'negative-binomial' ? 3 : 0.3 }),
  };
  const draws = new ResponseDraws('test', { ...model, randomEffect: normal() });
  const stream = rng(3).stream(name);
  const eps = draws.intercepts(stream, truth, new Float64Array(12));
  return withResponse(model, draws.responses(stream, truth, eps));
}

export function likelihoodCase(name: string, randomEffect?: RandomEffect): Promise<LikelihoodFit> {
  return fit(caseModel(name, randomEffect), quadrature());
}

export function posteriorCase(name: string): Promise<PosteriorFit> {
  return fit(caseModel(name), collapsed({ chains: 2, warmup: 100, draws: 100 }), { seed: 5 });
}

/** The fit with the a-th of (beta, sigma, dispersion) moved. */
export function moved<F extends Fit>(result: F, a: number, step: number): F {
  const { parameters } = result;
  const p = parameters.beta.length;
  const at =
    a === p
      ? { ...parameters, sigma: parameters.sigma + step }
      : a === p + 1
        ? { ...parameters, dispersion: parameters.dispersion! + step }
        : { ...parameters, beta: parameters.beta.map((b, j) => (j === a ? b + step : b)) };
  return { ...result, parameters: at };
}

/** Var of a function of the estimates by central differences, given how to recompute it. */
export function varianceByDifferences(result: LikelihoodFit, of: (at: LikelihoodFit) => number): number {
  const slopes = result.estimates.map(({ standardError }, a) => {
    const h = 1e-3 * standardError;
    const wide = of(moved(result, a, 2 * h)) - of(moved(result, a, -2 * h));
    const narrow = of(moved(result, a, h)) - of(moved(result, a, -h));
    return (8 * narrow - wide) / (12 * h);
  });
  let sum = 0;
  slopes.forEach((s, a) => {
    slopes.forEach((u, b) => {
      sum += s * result.covariance.get(a, b) * u;
    });
  });
  return sum;
}
