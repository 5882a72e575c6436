// marginalLink(): the link that the population mean has in the linear predictor, once the intercepts are integrated out.
import { GlmmcError } from '../../samplers/errors.js';
import { checkParameters } from '../likelihood/marginal.js';
import { PopulationMeans } from '../likelihood/population-mean.js';
import { requireModel } from '../model/arguments.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';

/** What `marginalLink()` gives: the link of the population mean, as functions. */
export interface MarginalLink {
  /** The population mean at a conditional linear predictor: E[g^-1(eta + eps)]. */
  mean(eta: number): number;
  /** The induced link g*: the eta whose population mean this is. @throws GlmmcError `bad-argument` */
  apply(mean: number): number;
  /** g of the population mean: the linear predictor of a marginal model. */
  marginalPredictor(eta: number): number;
  /** d marginalPredictor / d eta, by which a coefficient is attenuated at this eta. */
  attenuation(eta: number): number;
  /**
   * The attenuation that is the same for all eta, where there is a formula: exact for probit with normal intercepts, for logit with
   * bridge intercepts and for log and identity links. For logit with normal intercepts 1 / sqrt(1 + c^2 sigma^2),
   * c = 16 sqrt(3) / (15 pi), for which g^-1(value eta) is near the mean. NaN elsewhere.
   */
  readonly constant: { readonly value: number; readonly exact: boolean };
}

/** Square of 16 sqrt(3) / (15 pi) (Zeger, Liang, Albert 1988). */
const C2 = ((16 * Math.sqrt(3)) / (15 * Math.PI)) ** 2;
const MOST_STEPS = 200;

/**
 * The induced marginal link g*_sigma of a model at given parameters. Means are certified to 1e-12; g* is found by Newton
 * inside a bracket, with the slope E[d mu / d eta].
 *
 * Source: Zeger, Liang, Albert (1988), Biometrics 44; Wang and Louis (2003), Biometrika 90.
 * @throws GlmmcError `bad-model`, `bad-parameters`
 */
export function marginalLink(model: Model, parameters: Parameters): MarginalLink {
  requireModel('marginalLink()', model);
  checkParameters(model, parameters);
  const { link } = model.family;
  const means = new PopulationMeans(model, parameters);
  const marginalPredictor = (eta: number): number => means.predictorAt(eta).value;
  return {
    mean: (eta) => means.at(eta).mean,
    marginalPredictor,
    attenuation: (eta) => means.predictorAt(eta).slope,
    apply(mean) {
      const start = link.apply(mean);
      if (!Number.isFinite(start) || !Number.isFinite(means.at(start).mean)) {
        throw new GlmmcError(
          'bad-argument',
          `marginalLink().apply() takes a mean inside the range of the ${link.name} link, under intercepts that have means; found ${mean}`,
        );
      }
      return solve(means, mean, start);
    },
    constant: constantOf(model, parameters),
  };
}

/** The eta with this population mean, which rises (or falls) with eta throughout. */
function solve(means: PopulationMeans, mean: number, start: number): number {
  const sign = Math.sign(means.at(start).slope);
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let eta = start;
  for (let step = 0; step < MOST_STEPS; step++) {
    const at = means.at(eta);
    const gap = mean - at.mean;
    if (gap * sign > 0) low = eta;
    else high = eta;
    // Far out the slope is near 0, and Newton's step would leave the line.
    const reach = 2 + Math.abs(eta);
    let next = eta + Math.max(-reach, Math.min(reach, gap / at.slope));
    if (!(next > low && next < high)) next = Number.isFinite(low + high) ? 0.5 * (low + high) : eta;
    if (Math.abs(next - eta) <= 1e-14 * Math.max(1, Math.abs(eta))) return next;
    eta = next;
  }
  return eta;
}

function constantOf(
  { family, randomEffect }: Model,
  { sigma }: Parameters,
): { readonly value: number; readonly exact: boolean } {
  const { link } = family;
  if (sigma === 0 || link.name === 'log' || link.name === 'identity') return { value: 1, exact: true };
  if (link.name === 'probit' && randomEffect.name === 'normal') {
    return { value: 1 / Math.sqrt(1 + sigma * sigma), exact: true };
  }
  if (link.name === 'logit' && randomEffect.name === 'bridge') {
    return { value: 1 / Math.sqrt(1 + (3 * sigma * sigma) / Math.PI ** 2), exact: true };
  }
  if (link.name === 'logit' && randomEffect.name === 'normal') {
    return { value: 1 / Math.sqrt(1 + C2 * sigma * sigma), exact: false };
  }
  return { value: Number.NaN, exact: false };
}
