// Profile likelihood: how far a parameter can go before the best that the others can do has fallen by half a chi-square.
import type { LikelihoodFit } from '../../estimate/fit.js';
import { fixedOf } from '../../estimate/fixed-of.js';
import { maximumLikelihood } from '../../estimate/maximum-likelihood.js';
import { type HeldParameters, ParameterSpace } from '../../estimate/parameter-space.js';
import { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import type { Parameters } from '../../model/parameters.js';
import { predictorUnit } from '../../model/predictor-unit.js';

/** A limit, and how it was come by. */
export interface ProfileLimit {
  readonly value: number;
  /** The likelihood never falls far enough this way. */
  readonly flat: boolean;
}

interface Point {
  readonly value: number;
  /** sqrt(2 (largest log-likelihood - profile)), the distance from the maximum in standard normal units. */
  readonly zeta: number;
  readonly parameters: Parameters;
}

/** Of zeta, and so about that part of a standard error of the limit. */
const TOLERANCE = 1e-7;
const MOST_EXPANSIONS = 14;
const MOST_STEPS = 40;
/** After so many doublings, from the plateau of a maximum at infinity too, a step that moves zeta by less goes nowhere. */
const PLATEAU = 8;
const FLAT = 1e-3;

export class Profiles {
  private readonly fit: LikelihoodFit;
  private readonly likelihood: MarginalLikelihood;
  private readonly pause: () => Promise<void>;
  private readonly fixed: HeldParameters;
  private maximum: { readonly parameters: Parameters; readonly logLik: number } | undefined;

  constructor(fit: LikelihoodFit, pause: () => Promise<void>) {
    this.fit = fit;
    this.likelihood = new MarginalLikelihood(fit.model);
    this.pause = pause;
    this.fixed = fixedOf(fit);
  }

  /** The limit of estimate k on one side, where zeta is `target`. */
  async limit(k: number, side: -1 | 1, target: number): Promise<ProfileLimit> {
    const { parameters } = await this.top();
    const p = parameters.beta.length;
    const estimate =
      k < p ? parameters.beta[k] : k === p ? parameters.sigma : Math.log(parameters.dispersion!);
    const shown = (value: number): number => (k === p + 1 ? Math.exp(value) : value);
    let inside: Point = { value: estimate, zeta: 0, parameters };
    if (k === p && side < 0) {
      if (estimate === 0) return { value: 0, flat: false };
      const atZero = await this.at(k, 0, inside.parameters);
      if (atZero.zeta <= target) return { value: 0, flat: false };
      return { value: await this.root(k, inside, atZero, target), flat: false };
    }
    let step = side * target * this.scale(k, parameters);
    for (let expansion = 0; expansion < MOST_EXPANSIONS; expansion++) {
      const outside = await this.at(k, inside.value + step, inside.parameters);
      if (outside.zeta > target)
        return { value: shown(await this.root(k, inside, outside, target)), flat: false };
      if (expansion > PLATEAU && outside.zeta - inside.zeta < FLAT) break;
      inside = outside;
      step *= 2;
    }
    const ends = side > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    return { value: shown(ends), flat: true };
  }

  /** The exact maximum, whatever strategy made the fit. */
  private async top(): Promise<{ readonly parameters: Parameters; readonly logLik: number }> {
    this.maximum ??= await this.maximise(this.fixed, this.fit.parameters);
    return this.maximum;
  }

  private async maximise(
    fixed: HeldParameters,
    start: Parameters,
  ): Promise<{ readonly parameters: Parameters; readonly logLik: number }> {
    const space = new ParameterSpace(this.fit.model, fixed);
    const options = { start: space.hold(start), pause: this.pause };
    const found = await maximumLikelihood(this.likelihood, space, { kind: 'plain' }, options);
    return { parameters: found.parameters, logLik: found.objective };
  }

  private async at(k: number, value: number, start: Parameters): Promise<Point> {
    const { model } = this.fit;
    const p = model.coefficientNames.length;
    const held: HeldParameters =
      k < p
        ? { ...this.fixed, beta: { ...this.fixed.beta, [model.coefficientNames[k]]: value } }
        : k === p
          ? { ...this.fixed, sigma: value }
          : { ...this.fixed, dispersion: Math.exp(value) };
    const { parameters, logLik } = await this.maximise(held, start);
    const { logLik: most } = await this.top();
    return { value, zeta: Math.sqrt(Math.max(0, 2 * (most - logLik))), parameters };
  }

  /** One standard error, or what stands for it where there is none. */
  private scale(k: number, parameters: Parameters): number {
    const { model, estimates } = this.fit;
    const { columns, rows, x } = model.clusters;
    const { standardError } = estimates[k];
    if (k === columns + 1) return standardError > 0 ? standardError / parameters.dispersion! : 0.5;
    if (standardError > 0 && Number.isFinite(standardError)) return standardError;
    const unit = predictorUnit(model, parameters);
    if (k === columns) return Math.max(0.2 * unit, 0.2 * parameters.sigma);
    let square = 0;
    for (let r = 0; r < rows; r++) square += x[r * columns + k] ** 2;
    return (0.2 * unit) / Math.sqrt(square / rows);
  }

  /** Where zeta is `target` between two points: false position with the Illinois rule, zeta being nearly a line. */
  private async root(k: number, inside: Point, outside: Point, target: number): Promise<number> {
    let low = inside;
    let high = outside;
    let lowGap = low.zeta - target;
    let highGap = high.zeta - target;
    let last = 0;
    for (let step = 0; step < MOST_STEPS; step++) {
      const value = (low.value * highGap - high.value * lowGap) / (highGap - lowGap);
      const point = await this.at(k, value, low.parameters);
      const gap = point.zeta - target;
      if (Math.abs(gap) < TOLERANCE) return value;
      if (gap < 0) {
        if (last < 0) highGap /= 2;
        low = point;
        lowGap = gap;
      } else {
        if (last > 0) lowGap /= 2;
        high = point;
        highGap = gap;
      }
      last = gap;
    }
    return (low.value + high.value) / 2;
  }
}
