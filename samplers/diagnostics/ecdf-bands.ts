// Simultaneous bands for an empirical distribution function on a grid, with exact coverage, and the test that goes with them.
import { GlmmcError } from '../errors.js';

/** Counts of draws at or below each point of the grid; inside the band at every point with the probability asked for. */
export interface EcdfBand {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  /** Each point alone is outside with this probability at most: the gamma of the source. */
  readonly gamma: number;
}

/**
 * The law of the counts N F(z_1) <= ... <= N F(z_K) of N draws: independent increments given that they sum to N. Uniform draws
 * have Poisson increments, and N draws out of S ranks binomial ones.
 */
export class CountLaw {
  readonly size: number;
  /** weights[i][d]: of d draws between the points i - 1 and i. */
  private readonly weights: readonly Float64Array[];
  /** P(count at point i <= x). */
  private readonly cumulative: readonly Float64Array[];
  /** P(count at point i >= x). */
  private readonly above: readonly Float64Array[];
  private readonly total: number;

  private constructor(size: number, weights: readonly Float64Array[]) {
    this.size = size;
    this.weights = weights;
    const forward: Float64Array[] = [Float64Array.of(1)];
    for (const w of weights) forward.push(convolve(forward.at(-1)!, w, size));
    const backward: Float64Array[] = [Float64Array.of(1)];
    for (const w of weights.slice().reverse()) backward.push(convolve(backward.at(-1)!, w, size));
    backward.reverse();
    this.total = forward.at(-1)![size];
    const marginals = weights.map((_, i) => {
      const [before, after] = [forward[i + 1], backward[i + 1]];
      return Float64Array.from({ length: size + 1 }, (_, x) => {
        return ((before[x] ?? 0) * (after[size - x] ?? 0)) / this.total;
      });
    });
    this.cumulative = marginals.map((p) => runningSum(p));
    this.above = marginals.map((p) => runningSum(p.slice().reverse()).reverse());
  }

  /** Of `size` independent uniforms at the points k / points, k = 1 .. points. */
  static uniform(size: number, points: number): CountLaw {
    const weights = poisson(size / points, size);
    return new CountLaw(
      size,
      Array.from({ length: points }, () => weights),
    );
  }

  /** Of the `size` ranks of one group among `all` ranks, at the ranks floor(k all / points). */
  static ranks(size: number, all: number, points: number): CountLaw {
    const steps = Array.from(
      { length: points },
      (_, k) => Math.floor(((k + 1) * all) / points) - Math.floor((k * all) / points),
    );
    return new CountLaw(
      size,
      steps.map((step) => binomial(step, size / all)),
    );
  }

  /**
   * The probability that at no point P(count <= x) or P(count >= x) of the count x is below gamma / 2.
   * @param strict whether equality counts as below
   */
  coverage(gamma: number, strict = false): number {
    const { size, weights } = this;
    const { lower, upper } = this.band(gamma, strict);
    let paths = Float64Array.of(1);
    let from = 0;
    for (const [i, w] of weights.entries()) {
      const next = new Float64Array(Math.max(0, upper[i] - lower[i] + 1));
      for (let x = lower[i]; x <= upper[i]; x++) {
        let sum = 0;
        for (let k = Math.max(0, x - from - w.length + 1); k < paths.length && from + k <= x; k++) {
          sum += paths[k] * w[x - from - k];
        }
        next[x - lower[i]] = sum;
      }
      paths = next;
      from = lower[i];
    }
    return (paths[size - from] ?? 0) / this.total;
  }

  band(gamma: number, strict = false): EcdfBand {
    const half = gamma / 2;
    const lower = new Int32Array(this.weights.length);
    const upper = new Int32Array(this.weights.length);
    const enough = (p: number): boolean => (strict ? p > half : p >= half);
    for (let i = 0; i < lower.length; i++) {
      const [low, high] = [this.cumulative[i], this.above[i]];
      let from = 0;
      while (from < this.size && !enough(low[from])) from++;
      let to = this.size;
      while (to > 0 && !enough(high[to])) to--;
      lower[i] = from;
      upper[i] = to;
    }
    return { lower, upper, gamma };
  }

  /** The widest gamma whose band still holds whole paths with probability `level`. */
  bandAt(level: number): EcdfBand {
    let low = 0;
    let high = 1 - level;
    for (let halving = 0; halving < 40 && high - low > 1e-11; halving++) {
      const middle = (low + high) / 2;
      if (this.coverage(middle) >= level) low = middle;
      else high = middle;
    }
    return this.band(low);
  }

  /** P of counts as far out as these at their farthest point, where the law holds. */
  pValue(counts: ArrayLike<number>): number {
    let gamma = 1;
    for (let i = 0; i < this.weights.length; i++) {
      gamma = Math.min(gamma, 2 * this.cumulative[i][counts[i]], 2 * this.above[i][counts[i]]);
    }
    // Ties with the farthest point, but for rounding, are as far out as it is.
    return Math.min(1, Math.max(0, 1 - this.coverage(gamma * (1 + 1e-9), true)));
  }
}

/**
 * The band inside which the empirical distribution function of `size` independent uniform draws lies at all of the points
 * k / points, k = 1 .. points, with probability `level`: exact, by a recursion over the points. Counts, not fractions.
 *
 * Source: Sailynoja, Buerkner, Vehtari (2022), Statistics and Computing 32, algorithm 1.
 * @throws GlmmcError `bad-argument`
 */
export function ecdfBand(size: number, points: number, level = 0.95): EcdfBand {
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
  if (!whole(size) || !whole(points) || !(level > 0 && level < 1)) {
    throw new GlmmcError(
      'bad-argument',
      `ecdfBand takes whole numbers of draws and points >= 1 and a level between 0 and 1, found ${size}, ${points}, ${level}`,
    );
  }
  return CountLaw.uniform(size, points).bandAt(level);
}

/** Distribution of the sum, cut off above `most`. */
function convolve(a: Float64Array, b: Float64Array, most: number): Float64Array {
  const out = new Float64Array(Math.min(most, a.length + b.length - 2) + 1);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 0) continue;
    const last = Math.min(b.length, out.length - i);
    for (let j = 0; j < last; j++) out[i + j] += a[i] * b[j];
  }
  return out;
}

function runningSum(x: Float64Array): Float64Array {
  let sum = 0;
  return x.map((value) => {
    sum += value;
    return sum;
  });
}

/** Up to where nothing that matters is left. */
const NOTHING = 1e-300;

function poisson(mean: number, most: number): Float64Array {
  const out: number[] = [];
  let log = -mean;
  for (let d = 0; d <= most; d++) {
    const weight = Math.exp(log);
    if (d > mean && weight < NOTHING) break;
    out.push(weight);
    log += Math.log(mean) - Math.log(d + 1);
  }
  return Float64Array.from(out);
}

function binomial(trials: number, p: number): Float64Array {
  const out = new Float64Array(trials + 1);
  let log = trials * Math.log1p(-p);
  for (let d = 0; d <= trials; d++) {
    out[d] = Math.exp(log);
    log += Math.log(trials - d) - Math.log(d + 1) + Math.log(p) - Math.log1p(-p);
  }
  return out;
}
