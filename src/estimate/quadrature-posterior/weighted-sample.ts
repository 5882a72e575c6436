// Importance-weighted points of a randomly shifted lattice, and what they say of each parameter.
import { paretoK } from '../../../samplers/diagnostics/pareto.js';
import { didYouMean, GlmmcError } from '../../../samplers/errors.js';
import { kernelDensity } from '../../numeric/kernel-density.js';
import type { MarginalPosterior } from '../marginal-posterior.js';
import type { PosteriorParameter, QuadraturePosterior } from '../quadrature-posterior.js';
import { latticeGenerator, shiftedLatticePoint } from './lattice.js';
import type { Proposal } from './proposal.js';

/** Points of all shifts with their weights. */
export class WeightedSample {
  private readonly posterior: MarginalPosterior;
  private readonly shifts: readonly Float64Array[];
  /** Per shift: point after point, `dimension` coordinates each, and log weights. */
  private readonly points: number[][];
  private readonly logWeights: number[][];

  constructor(posterior: MarginalPosterior, shifts: readonly Float64Array[]) {
    this.posterior = posterior;
    this.shifts = shifts;
    this.points = shifts.map(() => []);
    this.logWeights = shifts.map(() => []);
  }

  /** Evaluates the posterior at `perShift` lattice points (a power of 2) under each shift. */
  async fill(proposal: Proposal, perShift: number, pause: () => Promise<void> | undefined): Promise<void> {
    const { posterior, shifts } = this;
    const d = posterior.dimension;
    const generator = latticeGenerator(perShift, d);
    const cube = new Float64Array(d);
    const point = new Float64Array(d);
    for (const [r, shift] of shifts.entries()) {
      for (let k = 0; k < perShift; k++) {
        shiftedLatticePoint(k, perShift, generator, shift, cube);
        proposal.map(cube, point);
        for (let i = 0; i < d; i++) this.points[r].push(point[i]);
        this.logWeights[r].push(posterior.value(point) - proposal.logDensity);
        const paused = pause();
        if (paused) await paused;
      }
    }
  }

  /** exp(log weight - largest), per shift. */
  private weights(): { weights: Float64Array[]; largest: number } {
    let largest = Number.NEGATIVE_INFINITY;
    for (const shift of this.logWeights) for (const w of shift) largest = Math.max(largest, w);
    return {
      weights: this.logWeights.map((shift) => Float64Array.from(shift, (w) => Math.exp(w - largest))),
      largest,
    };
  }

  summarise(): Omit<QuadraturePosterior, 'converged' | 'density'> {
    const { posterior } = this;
    const { weights, largest } = this.weights();
    const perShift = weights[0].length;
    const sums = weights.map((shift) => shift.reduce((sum, w) => sum + w, 0));
    const total = sums.reduce((sum, s) => sum + s, 0);
    const essFraction = Math.min(
      ...weights.map((shift, r) => sums[r] ** 2 / shift.reduce((sum, w) => sum + w * w, 0) / perShift),
    );
    const natural = this.naturalColumns();
    const parameters = posterior.space.names.map((name, k) => summarise(name, natural[k], weights, sums));
    const ratios = parameters
      .filter((row) => row.sd > 0)
      .map((row) => Math.max(row.meanError, row.sdError) / row.sd);
    const all = this.logWeights.flat();
    return {
      parameters,
      logEvidence: largest + Math.log(total / (sums.length * perShift)),
      logEvidenceError: errorOf(sums.map((s) => (sums.length * s) / total)),
      points: sums.length * perShift,
      essFraction,
      k: posterior.dimension === 0 ? Number.NaN : paretoK(all),
      largestErrorRatio: Math.max(0, ...ratios),
      priors: posterior.priors.text,
    };
  }

  /** The density of one parameter, smoothed. @throws GlmmcError `unknown-variable` */
  density(name: string, at: ArrayLike<number>, bandwidth: number): Float64Array {
    const { names } = this.posterior.space;
    const k = names.indexOf(name);
    if (k < 0) {
      throw new GlmmcError(
        'unknown-variable',
        `the posterior has no parameter '${name}'${didYouMean(name, names)}`,
      );
    }
    const columns = this.naturalColumns()[k];
    const flat = (parts: readonly Float64Array[]): Float64Array =>
      Float64Array.from(parts.flatMap((part) => [...part]));
    const scale = name === 'sigma' || name === 'dispersion';
    const lowest = scale && k >= this.posterior.space.model.coefficientNames.length ? 0 : undefined;
    return kernelDensity(flat(columns), flat(this.weights().weights), at, bandwidth, lowest);
  }

  /** Per parameter (free or fixed), per shift, its values on the natural scale. */
  private naturalColumns(): Float64Array[][] {
    const { posterior, points, logWeights } = this;
    const d = posterior.dimension;
    const columns = posterior.space.names.map(() =>
      logWeights.map((shift) => new Float64Array(shift.length)),
    );
    points.forEach((coordinates, r) => {
      for (let k = 0; k < logWeights[r].length; k++) {
        const { beta, sigma, dispersion } = posterior.parameters(
          Float64Array.from(coordinates.slice(k * d, (k + 1) * d)),
        );
        [...beta, sigma, dispersion ?? Number.NaN].forEach((value, j) => {
          if (j < columns.length) columns[j][r][k] = value;
        });
      }
    });
    return columns;
  }
}

/** One parameter from all shifts together; errors from the influence of each shift (delta method). */
function summarise(
  name: string,
  values: readonly Float64Array[],
  weights: readonly Float64Array[],
  sums: readonly number[],
): PosteriorParameter {
  const total = sums.reduce((sum, s) => sum + s, 0);
  /** Weighted sum over one shift of f, in units of the mean weight of a shift. */
  const part = (r: number, f: (x: number) => number): number => {
    let sum = 0;
    for (let k = 0; k < values[r].length; k++) sum += weights[r][k] * f(values[r][k]);
    return (sums.length * sum) / total;
  };
  const over = (f: (x: number) => number): number[] => sums.map((_, r) => part(r, f));
  // Centred at a value of their own, so that equal values (a fixed parameter) leave no rounding.
  const origin = values[0][0];
  const mean = origin + average(over((x) => x - origin));
  const variance = average(over((x) => (x - mean) ** 2));
  const sd = Math.sqrt(variance);
  const [q5, q50, q95, lower, upper] = weightedQuantiles(values, weights, [...MARKS, 0.025, 0.975]);
  const byShift = sums.map((_, r) => weightedQuantiles([values[r]], [weights[r]], MARKS));
  return {
    name,
    mean,
    sd,
    q5,
    q50,
    q95,
    lower,
    upper,
    meanError: errorOf(over((x) => x - mean)),
    sdError: sd > 0 ? errorOf(over((x) => (x - mean) ** 2 - variance)) / (2 * sd) : 0,
    quantileErrors: [0, 1, 2].map((q) => errorOf(byShift.map((shift) => shift[q]))) as [
      number,
      number,
      number,
    ],
  };
}

function average(x: readonly number[]): number {
  return x.reduce((sum, value) => sum + value, 0) / x.length;
}

/** Standard error of the mean of independent values. */
function errorOf(x: readonly number[]): number {
  const centre = average(x);
  const squares = x.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (x.length - 1) / x.length);
}

const MARKS = [0.05, 0.5, 0.95] as const;

/** The points below which these shares lie, linear between the middles of the steps of the weighted distribution function. */
function weightedQuantiles(
  values: readonly Float64Array[],
  weights: readonly Float64Array[],
  shares: readonly number[],
): number[] {
  const pairs = values.flatMap((shift, r) => Array.from(shift, (x, k) => [x, weights[r][k]] as const));
  pairs.sort((a, b) => a[0] - b[0]);
  const total = pairs.reduce((sum, [, w]) => sum + w, 0);
  const quantile = (p: number): number => {
    let below = 0;
    let last = pairs[0];
    let lastMiddle = 0;
    for (const pair of pairs) {
      const middle = below + pair[1] / 2;
      if (middle >= p * total) {
        const part = middle > lastMiddle ? (p * total - lastMiddle) / (middle - lastMiddle) : 1;
        return last[0] + part * (pair[0] - last[0]);
      }
      below += pair[1];
      last = pair;
      lastMiddle = middle;
    }
    return last[0];
  };
  return shares.map(quantile);
}
