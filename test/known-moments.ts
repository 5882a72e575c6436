// Densities with known moments, and draws held against them.
import type { GradientTarget } from '../samplers/hamiltonian/phase.js';
import { allChains, type Draws, essMean, mcseMean } from '../samplers/index.js';

/** Normal with means 1, -2, 0.5, standard deviations 1, 3, 0.1 and correlations 0.9, 0, 0. */
export const correlated: GradientTarget = {
  dimension: 3,
  names: ['a', 'b', 'c'],
  logDensity(x) {
    const a = x[0] - 1;
    const b = (x[1] + 2) / 3;
    const c = (x[2] - 0.5) / 0.1;
    return -0.5 * ((a * a - 1.8 * a * b + b * b) / (1 - 0.81) + c * c);
  },
  gradient(x, out) {
    const a = x[0] - 1;
    const b = (x[1] + 2) / 3;
    out[0] = -(a - 0.9 * b) / (1 - 0.81);
    out[1] = -(b - 0.9 * a) / (1 - 0.81) / 3;
    out[2] = -(x[2] - 0.5) / 0.01;
    return this.logDensity(x);
  },
};
/** Normal x, and y normal about x^2 / 2 less its mean. */
export const banana: GradientTarget = {
  dimension: 2,
  logDensity: (x) => -0.5 * (x[0] ** 2 + (x[1] - 0.5 * (x[0] ** 2 - 1)) ** 2),
  gradient(x, out) {
    const rest = x[1] - 0.5 * (x[0] ** 2 - 1);
    out[0] = rest * x[0] - x[0];
    out[1] = -rest;
    return this.logDensity(x);
  },
};
/** Gamma of shape 3, with a border at 0 where the density is -Infinity. */
export const bounded: GradientTarget = {
  dimension: 1,
  names: ['g'],
  logDensity: (x) => (x[0] > 0 ? 2 * Math.log(x[0]) - x[0] : Number.NEGATIVE_INFINITY),
  gradient(x, out) {
    out[0] = 2 / x[0] - 1;
    return this.logDensity(x);
  },
};
/** A funnel that can be sampled: v normal, x of variance e^v. */
export const funnel: GradientTarget = {
  dimension: 2,
  names: ['v', 'x'],
  logDensity: ([v, x]) => -0.5 * (v * v + v + x * x * Math.exp(-v)),
  gradient(at, out) {
    const [v, x] = at;
    out[0] = -v - 0.5 + 0.5 * x * x * Math.exp(-v);
    out[1] = -x * Math.exp(-v);
    return this.logDensity(at);
  },
};

export type Moment = [label: string, of: (x: readonly number[]) => number, truth: number];
export const truths = {
  correlated: [
    ['mean a', ([a]) => a, 1],
    ['mean b', ([, b]) => b, -2],
    ['mean c', ([, , c]) => c, 0.5],
    ['var a', ([a]) => (a - 1) ** 2, 1],
    ['var b', ([, b]) => (b + 2) ** 2, 9],
    ['var c', ([, , c]) => (c - 0.5) ** 2, 0.01],
    ['cov ab', ([a, b]) => (a - 1) * (b + 2), 2.7],
    ['P(a > 2)', ([a]) => (a > 2 ? 1 : 0), 0.15865525393145707],
  ] as Moment[],
  banana: [
    ['mean 1', ([x]) => x, 0],
    ['mean 2', ([, y]) => y, 0],
    ['var 1', ([x]) => x * x, 1],
    ['var 2', ([, y]) => y * y, 1.5],
    ['cov', ([x, y]) => x * y, 0],
    ['cov of square', ([x, y]) => x * x * y, 1],
  ] as Moment[],
  funnel: [
    ['mean v', ([v]) => v, 0],
    ['var v', ([v]) => v * v, 1],
    ['P(v < -1)', ([v]) => (v < -1 ? 1 : 0), 0.15865525393145707],
    ['mean x', ([, x]) => x, 0],
    ['P(x^2 < e^v)', ([v, x]) => (x * x < Math.exp(v) ? 1 : 0), 0.6826894921370859],
    ['v if x^2 < e^v', ([v, x]) => (x * x < Math.exp(v) ? v : 0), 0],
  ] as Moment[],
  bounded: [
    ['mean', ([g]) => g, 3],
    ['square', ([g]) => g * g, 12],
    ['log', ([g]) => Math.log(g), 0.9227843350984671],
    ['P(g < 1)', ([g]) => (g < 1 ? 1 : 0), 0.08030139707139419],
  ] as Moment[],
};

/** z of every moment, and the smallest ESS that it rests on. */
export function judge(draws: Draws, moments: readonly Moment[]): { z: number[]; ess: number } {
  const columns = draws.variables.map((name) => allChains(draws, name));
  const results = moments.map(([, of, truth]) => {
    const chains = columns[0].map((first, c) =>
      first.map((_, i) => of(columns.map((column) => column[c][i]))),
    );
    const n = chains.length * draws.iterations;
    const mean = chains.reduce((sum, chain) => sum + chain.reduce((a, b) => a + b, 0), 0) / n;
    return { z: (mean - truth) / mcseMean(chains), ess: essMean(chains) };
  });
  return { z: results.map((r) => r.z), ess: Math.min(...results.map((r) => r.ess)) };
}
