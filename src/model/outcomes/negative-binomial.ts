// Negative binomial counts with the log link: variance mu + mu^2 / theta; the dispersion is theta.
import { log1pMinus } from '../../numeric/deviance.js';
import { stirlingRest, stirlingRestCurvature, stirlingRestSlope } from '../../numeric/stirling.js';
import { integration } from '../combinations.js';
import type { Outcome, Rows } from '../outcome.js';
import { saturatedPoisson } from './constants.js';

/** Counts below this are remembered. */
const REMEMBERED = 512;

/**
 * With N = y + theta, q = mu / (mu + theta) and Stirling's formula for both Gammas,
 * log f = saturated Poisson - D(theta, N (1 - q)) - D(y, N q) - log(1 + y / theta) / 2 + delta(N) - delta(theta),
 * D half the Poisson deviance and delta what Stirling leaves: no part is large beside the sum, from theta near 0 to
 * theta near infinity, where the last three vanish and the Poisson distribution is left.
 *
 * @param theta held at this value; where it is left out, theta is the dispersion.
 */
export function negativeBinomialOutcome(theta?: number): Outcome {
  const gammas = new GammaPart();
  const value = (rows: Rows, from: number, to: number, eps: number, dispersion: number): number => {
    const size = theta ?? dispersion;
    const { y, weights, eta } = rows;
    gammas.setSize(size);
    let sum = 0;
    for (let r = from; r < to; r++) {
      sum += weights[r] * (gammas.value(y[r]) - halfDeviance(y[r], eta[r] + eps, size));
    }
    return sum;
  };
  const dispersionDerivatives: Outcome['dispersionDerivatives'] = (rows, from, to, eps, size, out) => {
    const { y, weights, eta } = rows;
    gammas.setSize(size);
    out.first = 0;
    out.second = 0;
    for (let r = from; r < to; r++) {
      const logOdds = eta[r] + eps - Math.log(size);
      const mu = Math.exp(eta[r] + eps);
      const rest = size / (size + mu);
      const q = share(mu, size);
      const w = weights[r];
      const count = y[r];
      // (y - mu) / (mu + theta) = N / (mu + theta) - 1
      const excess = (count / size) * rest - q;
      const logRatio = excess > -0.5 ? log1pMinus(excess) : farLog(count, size, logOdds) - excess;
      out.first += w * (logRatio + gammas.slope(count));
      out.second += w * ((excess * excess) / (count + size) + gammas.curvature(count));
      out.eta[r - from] = w * excess * q;
      out.etaEta[r - from] = w * q * ((count / size) * rest * (rest - q) - 2 * q * rest);
    }
  };
  return {
    ...integration('negative-binomial', 'log'),
    constant: saturatedPoisson,
    value,
    derivatives(rows, from, to, eps, dispersion, out) {
      const size = theta ?? dispersion;
      const { y, weights, eta } = rows;
      for (let r = from; r < to; r++) {
        const mu = Math.exp(eta[r] + eps);
        const rest = size / (size + mu);
        const q = share(mu, size);
        const w = weights[r];
        out.first[r - from] = w * (y[r] * rest - size * q);
        out.second[r - from] = -w * (y[r] + size) * q * rest;
      }
      return value(rows, from, to, eps, dispersion);
    },
    thirdDerivatives(rows, from, to, eps, dispersion, out) {
      const size = theta ?? dispersion;
      const { y, weights, eta } = rows;
      for (let r = from; r < to; r++) {
        const mu = Math.exp(eta[r] + eps);
        const rest = size / (size + mu);
        const q = share(mu, size);
        out.third[r - from] = -weights[r] * (y[r] + size) * q * rest * (rest - q);
      }
    },
    ...(theta === undefined && { dispersionDerivatives }),
  };
}

/** mu / (mu + theta), for mu = Infinity too. */
function share(mu: number, size: number): number {
  return mu < size ? mu / (mu + size) : 1 / (1 + size / mu);
}

/** log(1 + e^x), for every x. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** log(N / (mu + theta)) where mu is far above. */
function farLog(y: number, size: number, logOdds: number): number {
  return Math.log1p(y / size) - softplus(logOdds);
}

/** D(theta, N (1 - q)) + D(y, N q): half the deviance, as that of a binomial with theta failures. */
function halfDeviance(y: number, eta: number, size: number): number {
  const mu = Math.exp(eta);
  const logOdds = eta - Math.log(size);
  if (y === 0) return size * (mu < 0.5 * size ? Math.log1p(mu / size) : softplus(logOdds));
  const rest = size / (size + mu);
  const q = share(mu, size);
  // Excess of N (1 - q) over theta and of N q over y, relative to them; they cancel in the sum.
  const failures = (y / size) * rest - q;
  const successes = (size / y) * q - rest;
  const first = failures > -0.5 ? log1pMinus(failures) : farLog(y, size, logOdds) - failures;
  const second =
    successes > -0.5 ? log1pMinus(successes) : Math.log1p(size / y) - softplus(-logOdds) - successes;
  return -size * first - y * second;
}

/** What the two Gamma functions leave, and its derivatives in theta, remembered for small counts while theta stays. */
class GammaPart {
  private size = Number.NaN;
  private restOfSize = 0;
  private slopeOfSize = 0;
  private curvatureOfSize = 0;
  private readonly values = new Float64Array(REMEMBERED);
  private readonly slopes = new Float64Array(REMEMBERED);
  private readonly curvatures = new Float64Array(REMEMBERED);

  setSize(size: number): void {
    if (size === this.size) return;
    this.size = size;
    this.restOfSize = stirlingRest(size);
    this.slopeOfSize = stirlingRestSlope(size);
    this.curvatureOfSize = stirlingRestCurvature(size);
    for (let y = 0; y < REMEMBERED; y++) {
      this.values[y] = Number.NaN;
      this.slopes[y] = Number.NaN;
    }
  }

  /** -log(1 + y / theta) / 2 + delta(y + theta) - delta(theta) */
  value(y: number): number {
    if (y < REMEMBERED && !Number.isNaN(this.values[y])) return this.values[y];
    const value = -0.5 * Math.log1p(y / this.size) + stirlingRest(y + this.size) - this.restOfSize;
    if (y < REMEMBERED) this.values[y] = value;
    return value;
  }

  slope(y: number): number {
    if (y < REMEMBERED && !Number.isNaN(this.slopes[y])) return this.slopes[y];
    const total = y + this.size;
    const slope = (0.5 * (y / total)) / this.size + stirlingRestSlope(total) - this.slopeOfSize;
    if (y < REMEMBERED) {
      this.slopes[y] = slope;
      this.curvatures[y] = this.curvatureAt(y);
    }
    return slope;
  }

  curvature(y: number): number {
    if (y < REMEMBERED && !Number.isNaN(this.slopes[y])) return this.curvatures[y];
    return this.curvatureAt(y);
  }

  private curvatureAt(y: number): number {
    const total = y + this.size;
    const logs = -(0.5 * (y / total) * (1 + this.size / total)) / this.size / this.size;
    return logs + stirlingRestCurvature(total) - this.curvatureOfSize;
  }
}
