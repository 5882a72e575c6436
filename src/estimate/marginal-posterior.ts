// The posterior density of (beta, log sigma, log dispersion) with the intercepts integrated out, and its mode.
import type { Memory } from '../../samplers/memory.js';
import { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import type { Rule } from '../likelihood/sweep.js';
import type { Parameters } from '../model/parameters.js';
import { predictorUnit } from '../model/predictor-unit.js';
import { type Evaluation, maximise, type NewtonResult } from '../numeric/newton.js';
import { allowedPart } from './maximum-likelihood.js';
import type { ParameterSpace } from './parameter-space.js';
import { pooledStart } from './pooled-start.js';
import type { ResolvedPriors, ScalePrior } from './priors.js';

/** The certified rule without the halving that certifies: its error is far below 1e-9 as a rule. */
const PLAIN: Rule = { kind: 'plain' };

/**
 * log L(theta) + log prior(theta) + Jacobian, as a function of the free coordinates of `space`: coefficients as they
 * are, sigma and dispersion by their logs. Every constant of likelihood and priors is in, so that the integral over
 * the coordinates is the evidence. Parameters held fixed have no prior.
 */
export class MarginalPosterior {
  readonly space: ParameterSpace;
  readonly priors: ResolvedPriors;
  /** Number of free coordinates. */
  readonly dimension: number;
  private readonly likelihood: MarginalLikelihood;
  private readonly template: Parameters;
  private readonly p: number;
  private readonly rule: Rule;

  /** @param rule by which `value` and `slope` integrate the clusters; mode and curvature always use the plain rule */
  constructor(space: ParameterSpace, priors: ResolvedPriors, rule: Rule = PLAIN) {
    this.rule = rule;
    this.space = space;
    this.priors = priors;
    this.dimension = space.free.length;
    this.p = space.model.coefficientNames.length;
    this.likelihood = new MarginalLikelihood(space.model);
    this.template = space.hold(interiorStart(space, priors));
  }

  /** Keeps where the clusters' modes are, or puts them back: where a search starts decides the last bits of a value. */
  remember(memory: Memory): void {
    // Where everything is held the first value serves for ever, and was found from no memory.
    if (this.dimension > 0) this.likelihood.remember(memory);
  }

  /** The parameters at a point of the free coordinates. */
  parameters(point: Float64Array): Parameters {
    return this.space.unpack(point, this.template);
  }

  /** The log posterior density; -Infinity where the prior is 0 or the parameters overflow. */
  value(point: Float64Array): number {
    const parameters = this.parameters(point);
    const prior = this.logPrior(parameters);
    if (!(prior > Number.NEGATIVE_INFINITY)) return Number.NEGATIVE_INFINITY;
    const value = prior + this.likelihood.evaluate(parameters, this.rule, false);
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  }

  /** The log posterior density, with its gradient in the free coordinates written to `out` (Fisher's identity). */
  slope(point: Float64Array, out: Float64Array): number {
    const { space, likelihood } = this;
    const parameters = this.parameters(point);
    const prior = this.logPrior(parameters);
    if (!(prior > Number.NEGATIVE_INFINITY)) return Number.NEGATIVE_INFINITY;
    const value = prior + likelihood.evaluate(parameters, this.rule, 'gradient');
    out.set(space.chainGradient(parameters, likelihood.gradient));
    space.free.forEach((k, a) => {
      out[a] += this.priorSlope(parameters, k);
    });
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  }

  /** Slope of the log prior in the free coordinate of parameter k. */
  private priorSlope(parameters: Parameters, k: number): number {
    const { priors, p } = this;
    if (k < p) return priors.beta[k].derivative(parameters.beta[k]);
    const [prior, x, c] = scaleOf(priors, parameters, k === p);
    return c * (prior.derivative(x) * x + 1);
  }

  /** Value, gradient and Hessian in the free coordinates. */
  evaluate(point: Float64Array): Evaluation {
    const { space, priors, likelihood, p } = this;
    const parameters = this.parameters(point);
    const value = this.logPrior(parameters) + likelihood.evaluate(parameters, PLAIN, true);
    const out = space.chain(parameters, value, likelihood.gradient, likelihood.hessian);
    const size = space.free.length;
    space.free.forEach((k, a) => {
      const diagonal = a * size + a;
      out.gradient[a] += this.priorSlope(parameters, k);
      if (k < p) {
        out.hessian[diagonal] += priors.beta[k].secondDerivative(parameters.beta[k]);
        return;
      }
      const [prior, x, c] = scaleOf(priors, parameters, k === p);
      out.hessian[diagonal] += c * c * (prior.secondDerivative(x) * x * x + prior.derivative(x) * x);
    });
    return out;
  }

  /** Log prior density of the free coordinates, Jacobians included. */
  logPrior(parameters: Parameters): number {
    const { space, priors, p } = this;
    let sum = 0;
    for (const k of space.free) {
      if (k < p) sum += priors.beta[k].logDensity(parameters.beta[k]);
      else if (k === p) sum += priors.sigma.logDensity(parameters.sigma) + Math.log(parameters.sigma);
      else {
        const x = root(parameters);
        sum += priors.dispersion!.logDensity(x) + Math.log(x / 2);
      }
    }
    return sum;
  }

  /**
   * The highest value of `evaluate` over the coordinates `others` where the coordinate `held` stands at `at`: the
   * point in those coordinates, the curvature there, and the value. Good to a relative 1e-4 of a standard deviation.
   */
  conditional(held: number, at: number, others: readonly number[], start: Float64Array): NewtonResult {
    const full = new Float64Array(this.dimension);
    const size = others.length;
    return maximise(
      (point) => {
        full[held] = at;
        others.forEach((a, k) => {
          full[a] = point[k];
        });
        const { value, gradient, hessian } = this.evaluate(full);
        return {
          value,
          gradient: Float64Array.from(others, (a) => gradient[a]),
          hessian: Float64Array.from(
            { length: size * size },
            (_, k) => hessian[others[Math.floor(k / size)] * this.dimension + others[k % size]],
          ),
        };
      },
      start,
      { onStep: (_point, _evaluation, gain) => gain > 1e-7 },
    );
  }

  /** The highest point, by damped Newton with exact derivatives. */
  mode(start: Parameters | undefined = undefined): NewtonResult {
    const { space } = this;
    return maximise((point) => this.evaluate(point), space.pack(start ?? this.template), {
      allowed: (step) => allowedPart(space.model, space, step),
    });
  }
}

/** sigma = e^u, sqrt(dispersion) = e^(v/2): the exponent's factor c gives the log density c log x + log p(x). */
function scaleOf(
  priors: ResolvedPriors,
  parameters: Parameters,
  isSigma: boolean,
): readonly [ScalePrior, number, number] {
  return isSigma ? [priors.sigma, parameters.sigma, 1] : [priors.dispersion!, root(parameters), 0.5];
}

function root(parameters: Parameters): number {
  return Math.sqrt(parameters.dispersion!);
}

/** The pooled fit, with a sigma of one unit of the linear predictor or what the prior allows near it. */
function interiorStart(space: ParameterSpace, priors: ResolvedPriors): Parameters {
  const pooled = pooledStart(space.model);
  const dispersion = pooled.dispersion && inside(priors.dispersion!, Math.sqrt(pooled.dispersion / 2)) ** 2;
  const unit = predictorUnit(space.model, { dispersion });
  return { ...pooled, sigma: inside(priors.sigma, unit), ...(dispersion && { dispersion }) };
}

/** `x` where the prior's support has it, else the middle of the support. */
export function inside(prior: { readonly lowest: number; readonly highest: number }, x: number): number {
  return x > prior.lowest && x < prior.highest ? x : (prior.lowest + prior.highest) / 2;
}
