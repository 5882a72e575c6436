// Randomised quantile residuals: exactly standard normal where the model is right, whatever the family.

import type { Stream } from '../../../samplers/rng.js';
import { ndtri } from '../../../samplers/special.js';
import type { Fit, PosteriorFit } from '../../estimate/fit.js';
import { ClusterPosteriors } from '../../likelihood/cluster-posterior.js';
import { EffectExpectation } from '../../likelihood/effect-expectation.js';
import { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import { parametersOf } from '../log-lik.js';
import { linearPredictor, type PredictionRows } from '../predict/rows.js';
import type { Tails } from './tails.js';

/** Parameters, and an intercept for every cluster as it may have been. */
export interface Drawn {
  readonly parameters: Parameters;
  readonly eps: Float64Array;
}

/**
 * Of a likelihood fit the estimates, with every intercept drawn from its distribution given its cluster's responses; of a
 * posterior fit one of its draws.
 */
export function drawIntercepts(fit: Fit, stream: Stream): Drawn {
  if (fit.kind === 'posterior') return oneOfTheDraws(fit, stream);
  const { model, parameters } = fit;
  const { sigma } = parameters;
  const eps = new Float64Array(model.clusterLabels.length);
  if (sigma > 0) {
    const integrand = new Integrand(model);
    integrand.setParameters(parameters);
    const posteriors = new ClusterPosteriors(integrand);
    for (let i = 0; i < eps.length; i++) eps[i] = sigma * posteriors.of(i).quantile(stream.uniform());
  }
  return { parameters, eps };
}

function oneOfTheDraws(fit: PosteriorFit, stream: Stream): Drawn {
  const { draws, model } = fit;
  const chain = Math.floor(stream.uniform() * draws.chains);
  const t = Math.floor(stream.uniform() * draws.iterations);
  const eps = Float64Array.from(model.clusterLabels, (label) => draws.chain(`eps[${label}]`, chain)[t]);
  return { parameters: parametersOf(fit, chain)(t), eps };
}

/** Given the intercepts. */
export function conditionalResiduals(
  { model }: Fit,
  rows: PredictionRows,
  tails: Tails,
  { parameters, eps }: Drawn,
  stream: Stream,
): Float64Array {
  const { design, family } = model;
  const out = new Float64Array(4);
  return Float64Array.from({ length: rows.rows }, (_, r) => {
    const eta = linearPredictor(rows, parameters.beta, r) + eps[design.cluster[r]];
    tails(design.y[r], family.link.inverse(eta), design.trials?.[r] ?? 1, parameters.dispersion ?? 1, out);
    return normalScore(out, stream.uniform());
  });
}

/** With the intercepts integrated out, by nested sums to 1e-10. Rows alike share an integral. */
export function marginalResiduals(
  { model }: Fit,
  rows: PredictionRows,
  tails: Tails,
  parameters: Parameters,
  stream: Stream,
): Float64Array {
  const { design, family } = model;
  const { link } = family;
  const expectation = new EffectExpectation(model.randomEffect, parameters);
  const known = new Map<string, Float64Array>();
  const of = (r: number): Float64Array => {
    const eta = linearPredictor(rows, parameters.beta, r);
    const [y, n] = [design.y[r], design.trials?.[r] ?? 1];
    const key = `${eta} ${y} ${n}`;
    const before = known.get(key);
    if (before) return before;
    const out = new Float64Array(4);
    expectation.expect(
      4,
      ({ eps, logWeight }, term) => {
        tails(y, link.inverse(eta + eps), n, parameters.dispersion ?? 1, term);
        const weight = Math.exp(logWeight);
        for (let c = 0; c < 4; c++) term[c] *= weight;
      },
      out,
      1e-10,
    );
    known.set(key, out);
    return out;
  };
  return Float64Array.from({ length: rows.rows }, (_, r) => normalScore(of(r), stream.uniform()));
}

/** A uniform between P(Y < y) and P(Y <= y), as a normal quantile, read off the smaller tail. */
function normalScore([below, upTo, above, from]: Float64Array, u: number): number {
  const lower = below + u * (upTo - below);
  const upper = above + (1 - u) * (from - above);
  return lower < upper ? ndtri(within(lower)) : -ndtri(within(upper));
}

/** Beyond 37 standard deviations a tail is no number any more. */
function within(tail: number): number {
  return Math.max(tail, Number.MIN_VALUE * 2 ** 52);
}
