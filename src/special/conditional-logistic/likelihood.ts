// The exact conditional likelihood of matched sets: given each set's number of successes its intercept is gone.
import { logBinomialCoefficient } from '../../model/outcomes/constants.js';
import { backwardSolve, choleskyInPlace, forwardSolve } from '../../numeric/cholesky.js';
import { projectOntoDualCone } from '../../numeric/dual-cone.js';
import type { Evaluation } from '../../numeric/newton.js';
import { SymmetricSums } from '../../numeric/symmetric-sums.js';

/** Rows of sets that have both successes and failures; q covariates a row. */
export interface MatchedSets {
  readonly q: number;
  /** Row starts of the sets, one more than there are. */
  readonly starts: Int32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly trials: Float64Array;
  readonly offset: Float64Array;
  /** What multiplies each set's log-likelihood. */
  readonly weights: Float64Array;
}

/**
 * Sum over sets of log P(y | the set's successes), with gradient and Hessian. Rows of n trials are n units alike.
 * Source: Gail, Lubin, Rubinstein (1981), Biometrika 68.
 */
export class ConditionalLikelihood {
  private readonly sets: MatchedSets;
  private readonly sums: readonly SymmetricSums[];
  private readonly successes: Int32Array;
  /** Trials of each set. */
  private readonly units: Int32Array;
  private readonly constant: number;

  constructor(sets: MatchedSets) {
    this.sets = sets;
    const { starts, y, trials, weights, q } = sets;
    const count = weights.length;
    this.successes = new Int32Array(count);
    this.units = new Int32Array(count);
    const bySize = new Map<number, SymmetricSums>();
    let constant = 0;
    for (let i = 0; i < count; i++) {
      for (let r = starts[i]; r < starts[i + 1]; r++) {
        this.successes[i] += y[r];
        this.units[i] += trials[r];
        constant += weights[i] * logBinomialCoefficient(y[r], trials[r]);
      }
      const s = this.successes[i];
      if (!bySize.has(s)) bySize.set(s, new SymmetricSums(s, q));
    }
    this.constant = constant;
    this.sums = Array.from(this.successes, (s) => bySize.get(s)!);
  }

  at(beta: Float64Array): Evaluation {
    const { q, starts, x, y, trials, offset, weights } = this.sets;
    let value = this.constant;
    const gradient = new Float64Array(q);
    const hessian = new Float64Array(q * q);
    for (let i = 0; i < weights.length; i++) {
      const sums = this.sums[i];
      const w = weights[i];
      const s = this.successes[i];
      let rest = this.units[i];
      sums.clear();
      for (let r = starts[i]; r < starts[i + 1]; r++) {
        let eta = offset[r];
        for (let a = 0; a < q; a++) eta += x[r * q + a] * beta[a];
        for (let unit = 0; unit < trials[r]; unit++) sums.add(eta, x, r * q, s - --rest);
        value += w * y[r] * eta;
        for (let a = 0; a < q; a++) gradient[a] += w * y[r] * x[r * q + a];
      }
      value -= w * sums.logSum[s];
      for (let a = 0; a < q; a++) {
        gradient[a] -= w * sums.mean[s * q + a];
        for (let b = 0; b <= a; b++) {
          const minus = w * sums.covariance[(s * q + a) * q + b];
          hessian[a * q + b] -= minus;
          if (b < a) hessian[b * q + a] -= minus;
        }
      }
    }
    return { value, gradient, hessian };
  }

  /**
   * A direction along which the likelihood never falls and somewhere rises for ever, undefined where there is none: no success of
   * a set then lies below a failure of the same set.
   */
  separation(): Float64Array | undefined {
    const { q, starts, x, y, trials, weights } = this.sets;
    const gaps: Float64Array[] = [];
    const gram = new Float64Array(q * q);
    for (let i = 0; i < weights.length; i++) {
      for (let r = starts[i]; r < starts[i + 1]; r++) {
        for (let other = starts[i]; other < starts[i + 1]; other++) {
          if (r === other || y[r] === 0 || y[other] === trials[other]) continue;
          const gap = Float64Array.from({ length: q }, (_, a) => x[r * q + a] - x[other * q + a]);
          if (gap.every((d) => d === 0)) continue;
          for (let a = 0; a < q; a++) for (let b = 0; b <= a; b++) gram[a * q + b] += gap[a] * gap[b];
          gaps.push(gap);
        }
      }
    }
    if (!choleskyInPlace(gram, q)) return undefined;
    // In a basis in which the gaps are orthonormal, so that scales of covariates do not matter.
    const units = gaps.flatMap((gap) => {
      forwardSolve(gram, q, gap);
      const length = Math.hypot(...gap);
      return Array.from(gap, (d) => d / length);
    });
    const direction = projectOntoDualCone(Float64Array.from(units), q);
    if (direction) backwardSolve(gram, q, direction);
    return direction;
  }
}
