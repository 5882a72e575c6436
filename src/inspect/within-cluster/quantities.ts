// Covariance, correlation and intraclass correlations of two units, as functions of the parameters with exact gradients.
import type { Moment, PairMoments } from '../../likelihood/pair-moments.js';
import type { VarianceFunction } from '../../model/family.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { centralDerivatives } from '../../numeric/central-differences.js';
import { trigamma } from '../../numeric/trigamma.js';

/** A value with its slopes in eta_1, eta_2, sigma and the dispersion. */
export type Quantity = readonly [
  value: number,
  eta1: number,
  eta2: number,
  sigma: number,
  dispersion: number,
];

/** Of differences, relative: their error is its sixth power. */
const STEP = 0.01;

/** E[V(mu)] and its slopes, V being a quadratic of mu in every family that has one here (Morris 1982). */
export function expectedVariance(
  variance: VarianceFunction,
  mean: Moment,
  spread: Moment,
  dispersion: number,
): Quantity {
  const coefficients = (phi: number): readonly [number, number, number] => {
    const [v0, v1, v2] = [0, 1, 2].map((mu) => variance.at(mu, phi));
    const square = (v2 - 2 * v1 + v0) / 2;
    return [v0, v1 - v0 - square, square];
  };
  const scale = variance.scaled ? dispersion : 1;
  const [a, b, c] = coefficients(dispersion);
  const of = (k: number): number =>
    b * mean[k] + c * (spread[k] + (k === 0 ? mean[0] ** 2 : 2 * mean[0] * mean[k]));
  const value = a + of(0);
  return [scale * value, scale * of(1), scale * of(2), scale * of(3), inDispersion()];

  function inDispersion(): number {
    if (variance.scaled) return value;
    // Where V itself knows the dispersion it is mu^2 / theta that does, smooth enough for differences.
    const slope = (k: number): number =>
      centralDerivatives((phi) => coefficients(phi)[k], dispersion, STEP * dispersion)[0];
    return slope(0) + slope(1) * mean[0] + slope(2) * (spread[0] + mean[0] ** 2);
  }
}

const plain = (moment: Moment): Quantity => [...moment, 0];

export interface UnitQuantities {
  readonly mean1: Quantity;
  readonly mean2: Quantity;
  readonly covariance: Quantity;
  readonly correlation: Quantity;
  /** That of two units with the covariates of the first. */
  readonly responseIcc: Quantity;
}

export function quantitiesOf(
  moments: PairMoments,
  variance: VarianceFunction,
  dispersion: number,
): UnitQuantities {
  const { mean1, mean2, covariance, variance1, variance2 } = moments;
  const total1 = sum(plain(variance1), expectedVariance(variance, mean1, variance1, dispersion));
  const total2 = sum(plain(variance2), expectedVariance(variance, mean2, variance2, dispersion));
  return {
    mean1: plain(mean1),
    mean2: plain(mean2),
    covariance: plain(covariance),
    correlation: ratio(plain(covariance), total1, total2),
    responseIcc: ratio(plain(variance1), total1, total1),
  };
}

function sum(a: Quantity, b: Quantity): Quantity {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]];
}

/** a / sqrt(b c) */
function ratio(a: Quantity, b: Quantity, c: Quantity): Quantity {
  const scale = 1 / Math.sqrt(b[0] * c[0]);
  const value = a[0] * scale;
  const slope = (k: number): number => a[k] * scale - 0.5 * value * (b[k] / b[0] + c[k] / c[0]);
  return [value, slope(1), slope(2), slope(3), slope(4)];
}

/** The variance of what is added to the linear predictor on the latent scale, and what that scale is. */
export interface LatentScale {
  readonly definition: string;
  readonly residual: (dispersion: number) => number;
  readonly slope: (dispersion: number) => number;
}

const constant = (definition: string, value: number): LatentScale => ({
  definition,
  residual: () => value,
  slope: () => 0,
});

/** Absent where the responses are no function of a latent variable with a variance. */
export function latentScale({ family }: Model): LatentScale | undefined {
  if (family.name === 'binomial') {
    return {
      logit: constant(
        'a latent variable, the linear predictor plus a standard logistic error, which is above 0 where a response is 1',
        Math.PI ** 2 / 3,
      ),
      probit: constant(
        'a latent variable, the linear predictor plus a standard normal error, which is above 0 where a response is 1',
        1,
      ),
      cloglog: constant(
        'a latent variable, the linear predictor plus a Gumbel error, which is above 0 where a response is 1',
        Math.PI ** 2 / 6,
      ),
    }[family.link.name];
  }
  if (family.name === 'gaussian' && family.link.name === 'identity') {
    return { definition: 'the responses themselves', residual: (phi) => phi, slope: () => 1 };
  }
  if (family.name === 'gamma' && family.link.name === 'log') {
    const residual = (phi: number): number => trigamma(1 / phi);
    return {
      definition: 'the logarithms of the responses',
      residual,
      slope: (phi) => centralDerivatives(residual, phi, STEP * phi)[0],
    };
  }
  return undefined;
}

/** Var(eps) / (Var(eps) + residual variance). */
export function latentIcc(model: Model, scale: LatentScale, parameters: Parameters): Quantity {
  const { sigma, dispersion = 1, shape } = parameters;
  const variance = (s: number): number =>
    model.randomEffect.standardDeviation({ ...parameters, sigma: s }) ** 2;
  const between = variance(sigma);
  const residual = scale.residual(dispersion);
  const total = between + residual;
  const slopeInVariance = residual / (total * total);
  return [
    between / total,
    0,
    0,
    slopeInVariance * slopeOfVariance(),
    (-between / (total * total)) * scale.slope(dispersion),
  ];

  function slopeOfVariance(): number {
    if (sigma === 0) return 0;
    if (shape || model.randomEffect.scaleFamily) return (2 * between) / sigma;
    return centralDerivatives(variance, sigma, STEP * sigma)[0];
  }
}
