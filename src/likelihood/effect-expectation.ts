// Expectations over the distribution of an intercept, F(., sigma): nested sums, halved until two levels agree.
import { placesAndMasses } from '../model/effects/point-masses.js';
import type { Parameters } from '../model/parameters.js';
import { effectDerivatives, type RandomEffect } from '../model/random-effect.js';

/** A place of the intercept, eps = sigma z, with its weight. */
export interface EffectNode {
  readonly z: number;
  readonly eps: number;
  /** log of the density of z, times the stretch of the coordinate. */
  readonly logWeight: number;
  /** d log f(z; sigma) / d sigma; 0 for scale families. */
  readonly sigmaSlope: number;
}

/** Writes the terms to be summed, each with exp(logWeight) in it. */
export type Terms = (node: EffectNode, out: Float64Array) => void;

const FIRST_STEP = 0.25;
const MOST_HALVINGS = 12;
/** Terms this much smaller than the largest, where the density itself is as small, end a walk. */
const NEGLIGIBLE = 1e-18;
const LOG_NEGLIGIBLE = -41;
/**
 * The coordinate ends here: what has not fallen by then has no expectation. Polynomial tails go on to z near 1e152;
 * exponential ones to 1e13, beyond which the logs of two exponentials lose their difference.
 */
const END_OF_POWERS = 350;
const END = 30;
/** So many negligible terms in a row end a walk: one may be a zero of the function. */
const IN_A_ROW = 3;

/** One coordinate t on the whole line, for the line or for one side of a corner of the density at z = 0. */
interface Chart {
  readonly locate: (t: number) => readonly [z: number, stretch: number];
  /** By level; even places hold t = (k + offset) step to the right, odd ones those to the left. */
  readonly nodes: EffectNode[][];
  readonly steps: [number, number];
}

/**
 * E[g(eps)] for vectors of functions g, by the trapezoid rule after a change of variable: z = c + s sinh t, or
 * |z| = exp(t - e^-t) on either side where the density has a corner (Takahasi and Mori 1974). Old nodes are kept as the
 * step is halved; nodes are kept from one call to the next, so that many functions share the densities. Point masses
 * are summed. At sigma = 0 eps is 0.
 */
export class EffectExpectation {
  readonly sigma: number;
  /** Bound on the error of the last expectation, relative to the integrals of the terms' sizes; Infinity where one diverges. */
  error = 0;
  private readonly effect: RandomEffect;
  private readonly finite: readonly EffectNode[] | undefined;
  private readonly charts: readonly Chart[];
  private readonly part = effectDerivatives();

  constructor(effect: RandomEffect, { sigma, shape }: Pick<Parameters, 'sigma' | 'shape'>) {
    this.effect = effect;
    this.sigma = sigma;
    this.finite = finiteNodes(effect, sigma, shape);
    this.charts = this.finite ? [] : chartsOf(effect, sigma);
  }

  /**
   * The sums of `size` terms, into `out`. A term that does not fall far out has an infinite value, or NaN where it has two
   * sides of opposite signs.
   */
  expect(size: number, terms: Terms, out: Float64Array, tolerance: number = 1e-12): void {
    out.fill(0, 0, size);
    this.error = 0;
    if (this.finite) {
      const term = new Float64Array(size);
      for (const node of this.finite) {
        terms(node, term);
        for (let c = 0; c < size; c++) out[c] += term[c];
      }
      return;
    }
    const sums = new Sums(size);
    for (const chart of this.charts) {
      chart.steps[0] = this.walk(chart, 1, terms, sums);
      chart.steps[1] = this.walk(chart, -1, terms, sums);
    }
    let step = FIRST_STEP;
    sums.close(step);
    for (let level = 1; level <= MOST_HALVINGS && !sums.allDiverge(); level++) {
      step /= 2;
      for (const chart of this.charts) this.refine(chart, level, terms, sums);
      this.error = sums.close(step);
      if (this.error < tolerance) break;
    }
    out.set(sums.value);
    if (sums.diverges()) {
      this.error = Number.POSITIVE_INFINITY;
      for (let c = 0; c < size; c++) if (sums.tail[c] !== 0) out[c] = sums.tail[c];
    }
  }

  /** The coarsest level to one side, outwards until nothing is left; how many steps that took. */
  private walk(chart: Chart, side: number, terms: Terms, sums: Sums): number {
    const last = (this.effect.tailDf < Number.POSITIVE_INFINITY ? END_OF_POWERS : END) / FIRST_STEP;
    let quiet = 0;
    for (let k = side > 0 ? 0 : 1; k < last; k++) {
      const node = this.node(chart, 0, k, side);
      const small = sums.add(node, terms);
      quiet = small && node.logWeight < LOG_NEGLIGIBLE ? quiet + 1 : 0;
      if (quiet === IN_A_ROW) return k;
      if (sums.overflows()) break;
    }
    sums.markTail();
    return Math.min(last, END / FIRST_STEP);
  }

  /** The nodes half-way between those of the levels before. */
  private refine(chart: Chart, level: number, terms: Terms, sums: Sums): void {
    const scale = 2 ** (level - 1);
    for (let k = 0; k < chart.steps[0] * scale; k++) sums.add(this.node(chart, level, k, 1), terms);
    for (let k = 0; k < chart.steps[1] * scale; k++) sums.add(this.node(chart, level, k, -1), terms);
  }

  private node(chart: Chart, level: number, k: number, side: number): EffectNode {
    while (chart.nodes.length <= level) chart.nodes.push([]);
    const nodes = chart.nodes[level];
    const place = 2 * k + (side > 0 ? 0 : 1);
    const known = nodes[place];
    if (known) return known;
    const t = side * (level === 0 ? k : k + 0.5) * FIRST_STEP * (level === 0 ? 1 : 2 ** (1 - level));
    const [z, stretch] = chart.locate(t);
    const { effect, sigma, part } = this;
    let sigmaSlope = 0;
    if (!effect.scaleFamily) {
      effect.derivatives(z, sigma, part);
      sigmaSlope = part.sigma;
    }
    const node = {
      z,
      eps: sigma * z,
      logWeight: effect.logDensity(z, sigma) + Math.log(stretch),
      sigmaSlope,
    };
    nodes[place] = node;
    return node;
  }
}

/** Running sums of the terms and of their sizes. */
class Sums {
  readonly value: Float64Array;
  /** Infinite with its sign where a term does not fall. */
  readonly tail: Float64Array;
  private readonly sum: Float64Array;
  private readonly sizes: Float64Array;
  private readonly largest: Float64Array;
  private readonly term: Float64Array;

  constructor(size: number) {
    const numbers = (): Float64Array => new Float64Array(size);
    this.value = numbers();
    this.tail = numbers();
    this.sum = numbers();
    this.sizes = numbers();
    this.largest = numbers();
    this.term = numbers();
  }

  /** Adds a node's terms; whether all of them are negligible beside the largest so far. */
  add(node: EffectNode, terms: Terms): boolean {
    const { term, sum, sizes, largest } = this;
    if (node.logWeight === Number.NEGATIVE_INFINITY) term.fill(0);
    else terms(node, term);
    let small = true;
    for (let c = 0; c < term.length; c++) {
      const size = Math.abs(term[c]);
      if (!(size <= NEGLIGIBLE * largest[c])) small = false;
      if (size > largest[c]) largest[c] = size;
      sum[c] += term[c];
      sizes[c] += size;
    }
    return small;
  }

  overflows(): boolean {
    return !this.term.every(Number.isFinite);
  }

  /** Notes which terms have not fallen at the end of a walk. */
  markTail(): void {
    const { term, largest, tail } = this;
    for (let c = 0; c < term.length; c++) {
      const fallen = Math.abs(term[c]) <= 1e-12 * largest[c] && Number.isFinite(term[c]);
      if (!fallen) tail[c] += Math.sign(term[c] || 1) * Number.POSITIVE_INFINITY;
    }
  }

  diverges(): boolean {
    return this.tail.some((value) => value !== 0);
  }

  allDiverge(): boolean {
    return this.tail.every((value) => value !== 0);
  }

  /** Takes the sums as the integrals at this step; how far they are from those at the last one. */
  close(step: number): number {
    const { value, sum, sizes, tail } = this;
    let error = 0;
    for (let c = 0; c < value.length; c++) {
      const next = step * sum[c];
      if (tail[c] === 0 && sizes[c] > 0)
        error = Math.max(error, Math.abs(next - value[c]) / (step * sizes[c]));
      value[c] = next;
    }
    return error;
  }
}

/** Where eps takes finitely many values. */
function finiteNodes(
  effect: RandomEffect,
  sigma: number,
  shape: Float64Array | undefined,
): readonly EffectNode[] | undefined {
  if (sigma === 0) return [{ z: 0, eps: 0, logWeight: 0, sigmaSlope: 0 }];
  if (!effect.points) return undefined;
  const [places, masses] = placesAndMasses(shape!);
  return Array.from(places, (eps, j) => ({
    z: eps / sigma,
    eps,
    logWeight: Math.log(masses[j]),
    sigmaSlope: 0,
  }));
}

function chartsOf(effect: RandomEffect, sigma: number): readonly Chart[] {
  const chart = (locate: Chart['locate']): Chart => ({ locate, nodes: [], steps: [0, 0] });
  if (effect.kink) {
    return [1, -1].map((side) =>
      chart((t) => {
        const e = Math.exp(-t);
        const x = Math.exp(t - e);
        return [side * x, x * (1 + e)];
      }),
    );
  }
  const center = effect.center(sigma);
  // The width of the density's own structure, told by the step that it asks for.
  const width = Math.min(1, 4 * effect.step(sigma));
  return [chart((t) => [center + width * Math.sinh(t), width * Math.cosh(t)])];
}
