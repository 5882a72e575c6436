// The free parameters as the optimiser sees them: coefficients, log sigma, log dispersion, less what is held fixed.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import type { Evaluation } from '../numeric/newton.js';

/** Parameters held at given values. */
export interface FixedParameters {
  readonly sigma?: number;
  readonly beta?: Readonly<Record<string, number>>;
}

/** What a profile may hold beside: the dispersion, which is no user's business. */
export interface HeldParameters extends FixedParameters {
  readonly dispersion?: number;
}

/**
 * The free parameters of a model as numbers on a line each: coefficients as they are, sigma and dispersion by their logs, without
 * what is held fixed.
 */
export class ParameterSpace {
  readonly model: Model;
  readonly fixed: HeldParameters;
  /** Names of all parameters: coefficients, `sigma`, `dispersion` where there is one. */
  readonly names: readonly string[];
  /** Indices in `names` of the free ones. */
  readonly free: readonly number[];
  /** Names of the others. */
  readonly held: readonly string[];
  private readonly p: number;

  /** @throws GlmmcError `bad-fixed` */
  constructor(model: Model, fixed: HeldParameters = {}) {
    this.model = model;
    this.fixed = fixed;
    this.p = model.coefficientNames.length;
    this.names = [...model.coefficientNames, 'sigma', ...(model.family.dispersion ? ['dispersion'] : [])];
    for (const [name, value] of Object.entries(fixed.beta ?? {})) {
      if (!model.coefficientNames.includes(name)) {
        throw new GlmmcError(
          'bad-fixed',
          `fixed.beta names '${name}', which is no coefficient${didYouMean(name, model.coefficientNames)}`,
        );
      }
      if (!Number.isFinite(value)) {
        throw new GlmmcError('bad-fixed', `fixed.beta['${name}'] must be a finite number, found ${value}`);
      }
    }
    if (fixed.sigma !== undefined && !(fixed.sigma >= 0 && Number.isFinite(fixed.sigma))) {
      throw new GlmmcError('bad-fixed', `fixed.sigma must be a number >= 0, found ${fixed.sigma}`);
    }
    this.free = this.names.flatMap((name, k) => (this.isFixed(name, k) ? [] : [k]));
    this.held = this.names.filter((name, k) => this.isFixed(name, k));
  }

  private isFixed(name: string, k: number): boolean {
    if (k === this.p) return this.fixed.sigma !== undefined;
    if (k === this.p + 1) return this.fixed.dispersion !== undefined;
    return this.fixed.beta?.[name] !== undefined;
  }

  /** The same space with sigma held at this value. */
  withSigma(sigma: number): ParameterSpace {
    return new ParameterSpace(this.model, { ...this.fixed, sigma });
  }

  /** The parameters with the fixed ones put at their values. */
  hold(parameters: Parameters): Parameters {
    const beta = parameters.beta.map(
      (value, j) => this.fixed.beta?.[this.model.coefficientNames[j]] ?? value,
    );
    const { sigma = parameters.sigma, dispersion = parameters.dispersion } = this.fixed;
    return { ...parameters, beta, sigma, ...(dispersion !== undefined && { dispersion }) };
  }

  /** Free coordinates: coefficients as they are, sigma and dispersion by their logs. */
  pack(parameters: Parameters): Float64Array {
    return Float64Array.from(this.free, (k) => {
      if (k < this.p) return parameters.beta[k];
      return Math.log(k === this.p ? parameters.sigma : parameters.dispersion!);
    });
  }

  /** The parameters at a point of the free coordinates; what is held is as in `template`. */
  unpack(point: Float64Array, template: Parameters): Parameters {
    const beta = template.beta.slice();
    let { sigma, dispersion } = template;
    this.free.forEach((k, index) => {
      if (k < this.p) beta[k] = point[index];
      else if (k === this.p) sigma = Math.exp(point[index]);
      else dispersion = Math.exp(point[index]);
    });
    return { ...template, beta, sigma, ...(dispersion !== undefined && { dispersion }) };
  }

  /** The gradient in all natural parameters carried over to the free coordinates. */
  chainGradient(parameters: Parameters, gradient: Float64Array): Float64Array {
    return Float64Array.from(this.free, (k) => gradient[k] * this.slope(parameters, k));
  }

  /** d natural parameter / d free coordinate. */
  private slope(parameters: Parameters, k: number): number {
    if (k < this.p) return 1;
    return k === this.p ? parameters.sigma : parameters.dispersion!;
  }

  /** Derivatives in all natural parameters carried over to the free coordinates. */
  chain(parameters: Parameters, value: number, gradient: Float64Array, hessian: Float64Array): Evaluation {
    const { free, p, names } = this;
    const size = free.length;
    const slope = (k: number): number => this.slope(parameters, k);
    const out = {
      value,
      gradient: this.chainGradient(parameters, gradient),
      hessian: new Float64Array(size * size),
    };
    free.forEach((k, a) => {
      free.forEach((l, b) => {
        out.hessian[a * size + b] = hessian[k * names.length + l] * slope(k) * slope(l);
      });
      if (k >= p) out.hessian[a * size + a] += gradient[k] * slope(k);
    });
    return out;
  }
}
