// Polya-Gamma and truncated normal variates against distribution functions, Laplace transforms and characteristic functions.
import test from 'ava';
import { ndtr } from 'cephes';
import { GlmmcError, normalAbove, polyaGamma, rng, truncatedNormal } from '../samplers/index.js';
import { remainder, termsDrawn } from '../samplers/polya-gamma.js';
import { logNormalCdf } from '../src/numeric/normal.js';
import { kolmogorov, near } from './helpers.js';

const draws = (n: number, name: string, draw: (r: ReturnType<typeof rng>) => number): Float64Array => {
  const stream = rng(7).stream(name);
  return Float64Array.from({ length: n }, () => draw(stream));
};

test('PG(1, 1) and PG(1, 0) have the mean and the variance of theory', (t) => {
  const n = 200_000;
  for (const [c, mean, variance] of [
    [1, 0.231058578630005, 0.034446645388523],
    [0, 1 / 4, 1 / 24],
  ]) {
    const x = draws(n, `moments ${c}`, (r) => polyaGamma(r, 1, c));
    const average = x.reduce((sum, value) => sum + value, 0) / n;
    near(t, average, mean, 4 * Math.sqrt(variance / n), `mean, c = ${c}`);
    const squares = x.map((value) => (value - mean) ** 2);
    const spread = squares.reduce((sum, value) => sum + value, 0) / n;
    const fourth = squares.reduce((sum, value) => sum + value * value, 0) / n;
    near(t, spread, variance, 4 * Math.sqrt((fourth - variance ** 2) / n), `variance, c = ${c}`);
  }
});

/** P(PG(1, c) <= x): cosh(c / 2) times an alternating sum of first passages at n + 1/2 with drift c. */
function cdfOfOne(x: number, c: number): number {
  let sum = 0;
  for (let n = 0; n < 200; n++) {
    const a = n + 0.5;
    const root = Math.sqrt(x);
    const far = Math.exp(a * c + logNormalCdf(-(c * x + a) / root));
    const term = Math.exp(-a * c) * ndtr((c * x - a) / root) + far;
    sum += n % 2 === 0 ? term : -term;
    if (term < 1e-14) break;
  }
  return 2 * Math.cosh(0.5 * c) * sum;
}

for (const c of [0, 1, 2.9, 3.3, -6, 25]) {
  test(`PG(1, ${c}) passes Kolmogorov and Smirnov against the series of its distribution function`, (t) => {
    const distance = kolmogorov(
      draws(20_000, `one ${c}`, (r) => polyaGamma(r, 1, c)),
      (x) => cdfOfOne(x, Math.abs(c)),
    );
    t.true(distance < 1.95, `${distance}`);
  });
}

const larger: readonly (readonly [b: number, c: number])[] = [
  [2, 1],
  [3, -4],
  [0.3, 0.5],
  [2.5, 2],
  [4, 0],
  [4, 9],
  [60, 1.5],
  [1e6, 3],
  [5, 60],
  [1, 400],
];
for (const [b, c] of larger) {
  test(`PG(${b}, ${c}) has its Laplace transform`, (t) => {
    const n = 20_000;
    const size = Math.abs(c);
    const x = draws(n, `larger ${b} ${c}`, (r) => polyaGamma(r, b, c));
    const mean = size > 0 ? (b * Math.tanh(size / 2)) / (2 * size) : b / 4;
    const variance =
      size > 0 ? (b * (Math.tanh(size / 2) - size / 2 / Math.cosh(size / 2) ** 2)) / (2 * size ** 3) : b / 24;
    // Centred at the mean, so that the transform of a large b says something of its spread.
    for (const s of [-1, 0.3, 1, 3]) {
      const u = s / Math.sqrt(variance);
      if (u < 0 && size ** 2 + 2 * u < -5) continue;
      const exact = Math.exp(b * (logCosh(size ** 2) - logCosh(size ** 2 + 2 * u)) + u * mean);
      const values = x.map((value) => Math.exp(-u * (value - mean)));
      const average = values.reduce((sum, value) => sum + value, 0) / n;
      const square = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / n;
      near(t, average, exact, 4 * Math.sqrt(square / n) + 1e-9 * exact, `s = ${s}`);
    }
  });
}

/** log cosh(sqrt(v) / 2), also for v < 0, where it is log cos. */
function logCosh(v: number): number {
  if (v < 0) return Math.log(Math.cos(0.5 * Math.sqrt(-v)));
  const half = 0.5 * Math.sqrt(v);
  return half + Math.log1p(Math.exp(-2 * half)) - Math.LN2;
}

/**
 * A bound on the error of the distribution function of the form for large b: (1 / pi) int |phi - phi'| / u du (Gil-Pelaez
 * 1951), phi from the series of 600 gamma variables, phi' with the shifted gamma in the place of the later ones.
 */
function errorBound(b: number, c: number, width = 1): number {
  const a = c / (2 * Math.PI);
  const drawn = termsDrawn(b, a);
  const weights = Float64Array.from({ length: 600 }, (_, k) => 1 / ((k + 0.5) ** 2 + a * a));
  let beyond = a > 0 ? (Math.PI / (2 * a)) * Math.tanh(Math.PI * a) : Math.PI ** 2 / 2;
  let squares = 0;
  for (const w of weights) {
    beyond -= w;
    squares += w * w;
  }
  const rest = { shape: 0, scale: 0, shift: 0 };
  remainder(b, a, rest);
  const shape = rest.shape / width;
  const scale = rest.scale * width;
  let total = 0;
  const step = 0.05;
  for (let u = step / 2, size = 1; size > 1e-10 && u < 80; u += step) {
    const s = u / Math.sqrt(b * squares);
    let log = 0;
    let logRest = 0;
    let phase = b * s * beyond;
    weights.forEach((w, k) => {
      const part = -0.5 * b * Math.log1p((s * w) ** 2);
      log += part;
      if (k < drawn) return;
      logRest += part;
      phase += b * Math.atan(s * w);
    });
    const x = s * scale;
    const difference = -0.5 * shape * Math.log1p(x * x) - logRest;
    const turn = shape * Math.atan(x) + s * rest.shift - phase;
    size = Math.exp(log);
    total +=
      (size *
        Math.hypot(Math.exp(difference) * Math.cos(turn) - 1, Math.exp(difference) * Math.sin(turn)) *
        step) /
      u;
  }
  return total / Math.PI;
}

test('the form for large b is off by less than it says', (t) => {
  for (const b of [0.3, 1.5, 4, 20, 1000]) {
    for (const c of [0, 1, 5, 12, 21]) {
      const bound = errorBound(b, c);
      t.true(bound < (b >= 20 ? 1e-7 : 1e-6), `b = ${b}, c = ${c}: ${bound}`);
    }
  }
  // The bound sees a remainder of twice the variance.
  t.true(errorBound(4, 1, 2) > 1e-5);
});

test('b = 0 gives 0; other bad arguments are refused', (t) => {
  t.is(polyaGamma(rng(1), 0, 3), 0);
  for (const [b, c] of [
    [-1, 0],
    [Number.NaN, 0],
    [1, Number.POSITIVE_INFINITY],
    [1, Number.NaN],
  ]) {
    t.throws(() => polyaGamma(rng(1), b, c), { instanceOf: GlmmcError, code: 'bad-argument' });
  }
  t.throws(() => truncatedNormal(rng(1), 2, 2), { instanceOf: GlmmcError, code: 'bad-argument' });
  t.throws(() => truncatedNormal(rng(1), Number.NaN, 2), { instanceOf: GlmmcError, code: 'bad-argument' });
});

/** P(X <= x | lower < X < upper) by upper tails relative to that at `lower`, for lower >= 0. */
const tailCdf = (lower: number, upper: number) => {
  const relative = (x: number): number => Math.exp(logNormalCdf(-x) - logNormalCdf(-lower));
  const whole = 1 - (upper === Number.POSITIVE_INFINITY ? 0 : relative(upper));
  return (x: number): number => (1 - relative(x)) / whole;
};

for (const lower of [-3, 0.2, 0.6, 5, 30, 1e4]) {
  test(`a normal above ${lower} passes Kolmogorov and Smirnov`, (t) => {
    const x = draws(20_000, `above ${lower}`, (r) => normalAbove(r, lower));
    t.true(x.every((value) => value > lower));
    const cdf = lower < 0 ? (v: number) => (ndtr(v) - ndtr(lower)) / ndtr(-lower) : tailCdf(lower, 1 / 0);
    const distance = kolmogorov(x, cdf);
    t.true(distance < 1.95, `${distance}`);
  });
}

/** cephes has no value at the ends. */
const below = (x: number): number => (Number.isFinite(x) ? ndtr(x) : x > 0 ? 1 : 0);

const Infinite = Number.POSITIVE_INFINITY;
for (const [lower, upper] of [
  [-1, 2],
  [-0.1, 0.2],
  [-0.001, 8],
  [0.3, 0.9],
  [8, 8.05],
  [8, 8.5],
  [30, 30.01],
  [3, Infinite],
  [-Infinite, -6],
  [-40, -39.9],
  [-Infinite, Infinite],
]) {
  test(`a normal between ${lower} and ${upper} passes Kolmogorov and Smirnov`, (t) => {
    const x = draws(20_000, `between ${lower} ${upper}`, (r) => truncatedNormal(r, lower, upper));
    t.true(x.every((value) => value >= lower && value <= upper));
    const cdf = (v: number): number => {
      if (upper <= 0) return 1 - tailCdf(-upper, -lower)(-v);
      if (lower >= 0) return tailCdf(lower, upper)(v);
      return (below(v) - below(lower)) / (below(upper) - below(lower));
    };
    const distance = kolmogorov(x, cdf);
    t.true(distance < 1.95, `${distance}`);
  });
}
