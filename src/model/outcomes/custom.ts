// Responses told by a log density alone: derivatives supplied, or by differences along lines in (eta, log dispersion).
import { type Differences, differentiate, STENCIL_POINTS } from '../../numeric/differences.js';
import type { FamilyRow } from '../combinations.js';
import type { Outcome } from '../outcome.js';

/** log f(y | eta) with every constant; -Infinity (or NaN) where the response is impossible. */
export type LogDensity = (y: number, eta: number, dispersion: number, trials: number) => number;

/** Derivatives in the dispersion at one row: of first and second order, and mixed with one or two of eta. */
export interface DispersionSlopes {
  readonly first: number;
  readonly second: number;
  readonly eta: number;
  readonly etaEta: number;
}

/** A log density and what derivatives of it are known. */
export interface CustomDensity {
  readonly logDensity: LogDensity;
  /** First and second derivative in eta. */
  readonly derivatives?: (
    y: number,
    eta: number,
    dispersion: number,
    trials: number,
  ) => readonly [first: number, second: number];
  /** Third derivative in eta, which Laplace's and few-node approximations ask for. */
  readonly thirdDerivative?: LogDensity;
  /** Derivatives that involve the dispersion. */
  readonly dispersionDerivatives?: (
    y: number,
    eta: number,
    dispersion: number,
    trials: number,
  ) => DispersionSlopes;
}

/** Steps of the stencils, in eta and log dispersion: the first whose error is small is taken. */
const STEPS = [0.03, 0.004, 5e-4, 6e-5] as const;
const SMALL_ERROR = 1e-9;

/** Derivatives by differences at one point; nothing is allocated after construction. */
export class DensityProbe {
  readonly along: Differences = { first: 0, second: 0, third: 0, error: 0 };
  private readonly trial: Differences = { first: 0, second: 0, third: 0, error: 0 };
  private readonly values = new Float64Array(STENCIL_POINTS);
  private readonly logDensity: LogDensity;

  constructor(logDensity: LogDensity) {
    this.logDensity = logDensity;
  }

  value(y: number, eta: number, dispersion: number, trials: number): number {
    const value = this.logDensity(y, eta, dispersion, trials);
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  }

  /**
   * Derivatives in s of log f at (eta + s inEta, dispersion e^(s inLog)), left in `along`, from the step with the
   * smallest error. All 0, with an infinite error, where no stencil lies inside the domain.
   */
  differentiate(
    y: number,
    eta: number,
    dispersion: number,
    trials: number,
    inEta: number,
    inLog: number,
  ): void {
    const { along, trial, values } = this;
    along.first = 0;
    along.second = 0;
    along.third = 0;
    along.error = Number.POSITIVE_INFINITY;
    for (const step of STEPS) {
      for (let k = 0; k < STENCIL_POINTS; k++) {
        const s = (k - 4) * step;
        const size = inLog === 0 ? dispersion : dispersion * Math.exp(s * inLog);
        values[k] = this.logDensity(y, eta + s * inEta, size, trials);
      }
      differentiate(values, step, trial);
      if (trial.error < along.error) Object.assign(along, trial);
      if (along.error < SMALL_ERROR) return;
    }
  }

  /**
   * Derivatives in the dispersion, from lines along log dispersion t and along both diagonals: the second derivative
   * along (1, 1) less that along (1, -1) is 4 f_et, the third ones' difference 6 f_eet + 2 f_ttt.
   */
  inDispersion(y: number, eta: number, dispersion: number, trials: number): DispersionSlopes {
    const { along } = this;
    this.differentiate(y, eta, dispersion, trials, 0, 1);
    const { first, second, third } = along;
    this.differentiate(y, eta, dispersion, trials, 1, 1);
    const up2 = along.second;
    const up3 = along.third;
    this.differentiate(y, eta, dispersion, trials, 1, -1);
    const eta1 = (up2 - along.second) / 4;
    const eta2 = ((up3 - along.third) / 2 - third) / 3;
    return {
      first: first / dispersion,
      second: (second - first) / dispersion / dispersion,
      eta: eta1 / dispersion,
      etaEta: eta2 / dispersion,
    };
  }
}

/**
 * The outcome of a log density. Where the density is 0 the derivatives are 0. Rows of weight 0 are not asked.
 * Differences keep about 10 digits of the first two derivatives in eta and about 7 of the others.
 */
export function customOutcome(
  density: CustomDensity,
  row: Pick<FamilyRow, 'logConcave' | 'step'>,
  hasDispersion: boolean,
): Outcome {
  const probe = new DensityProbe(density.logDensity);
  const { derivatives, thirdDerivative } = density;
  const inDispersion = density.dispersionDerivatives ?? probe.inDispersion.bind(probe);
  const dispersionDerivatives: Outcome['dispersionDerivatives'] = (rows, from, to, eps, dispersion, out) => {
    const { y, trials, weights, eta } = rows;
    out.first = 0;
    out.second = 0;
    for (let r = from; r < to; r++) {
      const k = r - from;
      const w = weights[r];
      const u = eta[r] + eps;
      out.eta[k] = 0;
      out.etaEta[k] = 0;
      if (w === 0 || probe.value(y[r], u, dispersion, trials[r]) === Number.NEGATIVE_INFINITY) continue;
      const slopes = inDispersion(y[r], u, dispersion, trials[r]);
      out.first += w * slopes.first;
      out.second += w * slopes.second;
      out.eta[k] = w * slopes.eta;
      out.etaEta[k] = w * slopes.etaEta;
    }
  };
  return {
    logConcave: row.logConcave,
    step: row.step,
    constant: () => 0,
    value(rows, from, to, eps, dispersion) {
      const { y, trials, weights, eta } = rows;
      let sum = 0;
      for (let r = from; r < to; r++) {
        if (weights[r] > 0) sum += weights[r] * probe.value(y[r], eta[r] + eps, dispersion, trials[r]);
      }
      return sum;
    },
    derivatives(rows, from, to, eps, dispersion, out) {
      const { y, trials, weights, eta } = rows;
      let sum = 0;
      for (let r = from; r < to; r++) {
        const k = r - from;
        const w = weights[r];
        out.first[k] = 0;
        out.second[k] = 0;
        if (w === 0) continue;
        const u = eta[r] + eps;
        const value = probe.value(y[r], u, dispersion, trials[r]);
        sum += w * value;
        if (value === Number.NEGATIVE_INFINITY) continue;
        if (derivatives) {
          const [first, second] = derivatives(y[r], u, dispersion, trials[r]);
          out.first[k] = w * first;
          out.second[k] = w * second;
        } else {
          probe.differentiate(y[r], u, dispersion, trials[r], 1, 0);
          out.first[k] = w * probe.along.first;
          out.second[k] = w * probe.along.second;
        }
      }
      return sum;
    },
    thirdDerivatives(rows, from, to, eps, dispersion, out) {
      const { y, trials, weights, eta } = rows;
      for (let r = from; r < to; r++) {
        const w = weights[r];
        const u = eta[r] + eps;
        out.third[r - from] = 0;
        if (w === 0 || probe.value(y[r], u, dispersion, trials[r]) === Number.NEGATIVE_INFINITY) continue;
        if (thirdDerivative) out.third[r - from] = w * thirdDerivative(y[r], u, dispersion, trials[r]);
        else {
          probe.differentiate(y[r], u, dispersion, trials[r], 1, 0);
          out.third[r - from] = w * probe.along.third;
        }
      }
    },
    ...(hasDispersion && { dispersionDerivatives }),
  };
}
