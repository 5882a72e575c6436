// Priors as plain data with their log densities, the defaults of a model, and the line that prints them.
import * as v from 'valibot';
import { mean, sd } from '../../samplers/diagnostics/descriptive.js';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import type { Stream } from '../../samplers/rng.js';
import { lgam } from '../../samplers/special.js';
import {
  exponential,
  logGamma as logGammaVariate,
  normal as normalVariate,
  studentT as studentVariate,
} from '../../samplers/variates.js';
import type { Model } from '../model/model.js';
import { LOG_SQRT_2PI } from '../numeric/normal.js';
import type { FixedParameters } from './parameter-space.js';

/** A normalised density on a parameter. Its fields but the functions are plain data; `text` is how it prints. */
export interface Prior {
  readonly distribution: string;
  readonly text: string;
  /** The density is 0 outside [lowest, highest]. */
  readonly lowest: number;
  readonly highest: number;
  /** log p(x), normalised; -Infinity outside the support. */
  logDensity(x: number): number;
  /** d log p / d x inside the support. */
  derivative(x: number): number;
  /** d2 log p / d x2 inside the support. */
  secondDerivative(x: number): number;
  /** A draw from it. */
  draw(rng: Stream): number;
}

/** A normal prior on a coefficient. */
export interface NormalPrior extends Prior {
  readonly distribution: 'normal';
  readonly mean: number;
  readonly sd: number;
}

/** A prior on a scale >= 0: sigma, or the square root of the dispersion. */
export interface ScalePrior extends Prior {
  readonly scaleParameters: Readonly<Record<string, number>>;
}

/**
 * N(mean, sd^2), for coefficients.
 * @throws GlmmcError `bad-prior`
 */
export function normalPrior(mean: number, sd: number): NormalPrior {
  finite('normalPrior', 'mean', mean);
  positive('normalPrior', 'sd', sd);
  const constant = -Math.log(sd) - LOG_SQRT_2PI;
  const precision = 1 / (sd * sd);
  return {
    distribution: 'normal',
    text: `normal(${short(mean)}, ${short(sd)})`,
    mean,
    sd,
    lowest: Number.NEGATIVE_INFINITY,
    highest: Number.POSITIVE_INFINITY,
    logDensity: (x) => constant - 0.5 * precision * (x - mean) * (x - mean),
    derivative: (x) => -precision * (x - mean),
    secondDerivative: () => -precision,
    draw: (rng) => mean + sd * normalVariate(rng),
  };
}

/** |N(0, scale^2)|. @throws GlmmcError `bad-prior` */
export function halfNormal(scale: number): ScalePrior {
  positive('halfNormal', 'scale', scale);
  const precision = 1 / (scale * scale);
  const constant = Math.LN2 - Math.log(scale) - LOG_SQRT_2PI;
  return scalePrior('half-normal', { scale }, (x) => constant - 0.5 * precision * x * x, {
    derivative: (x) => -precision * x,
    secondDerivative: () => -precision,
    draw: (rng) => Math.abs(scale * normalVariate(rng)),
  });
}

/** |t_df| times scale (Gelman 2006). @throws GlmmcError `bad-prior` */
export function halfT(df: number, scale: number): ScalePrior {
  positive('halfT', 'df', df);
  positive('halfT', 'scale', scale);
  return studentPrior('half-t', { df, scale }, df, scale);
}

/** The half-t with one degree of freedom (Polson and Scott 2012). @throws GlmmcError `bad-prior` */
export function halfCauchy(scale: number): ScalePrior {
  positive('halfCauchy', 'scale', scale);
  return studentPrior('half-Cauchy', { scale }, 1, scale);
}

function studentPrior(
  name: string,
  parameters: Readonly<Record<string, number>>,
  df: number,
  scale: number,
): ScalePrior {
  const constant =
    Math.LN2 + lgam((df + 1) / 2) - lgam(df / 2) - 0.5 * Math.log(df * Math.PI) - Math.log(scale);
  const spread = df * scale * scale;
  return scalePrior(name, parameters, (x) => constant - 0.5 * (df + 1) * Math.log1p((x * x) / spread), {
    derivative: (x) => (-(df + 1) * x) / (spread + x * x),
    secondDerivative: (x) => (-(df + 1) * (spread - x * x)) / (spread + x * x) ** 2,
    draw: (rng) => Math.abs(scale * studentVariate(rng, df)),
  });
}

/** The exponential distribution with mean 1 / rate. @throws GlmmcError `bad-prior` */
export function exponentialPrior(rate: number): ScalePrior {
  positive('exponentialPrior', 'rate', rate);
  const logRate = Math.log(rate);
  return scalePrior('exponential', { rate }, (x) => logRate - rate * x, {
    derivative: () => -rate,
    secondDerivative: () => 0,
    draw: (rng) => exponential(rng) / rate,
  });
}

/**
 * The penalised-complexity prior: exponential, with P(x > u) = alpha (Simpson et al. 2017).
 * @throws GlmmcError `bad-prior`
 */
export function pcPrior(u: number, alpha: number): ScalePrior {
  positive('pcPrior', 'u', u);
  if (!(alpha > 0 && alpha < 1)) refuse('pcPrior', 'alpha', 'a probability between 0 and 1', alpha);
  const rate = -Math.log(alpha) / u;
  const { logDensity, ...rest } = exponentialPrior(rate);
  return scalePrior('pc', { u, alpha }, logDensity, rest);
}

/**
 * x^2 ~ inverse gamma(a, b), the prior of BUGS programs: density of x^2 proportional to x^(-2a - 2) exp(-b / x^2).
 * The density here is that of x, with its Jacobian 2 x.
 * @throws GlmmcError `bad-prior`
 */
export function inverseGammaVariance(a: number, b: number): ScalePrior {
  positive('inverseGammaVariance', 'a', a);
  positive('inverseGammaVariance', 'b', b);
  const constant = Math.LN2 + a * Math.log(b) - lgam(a);
  const power = 2 * a + 1;
  return scalePrior('inverse-gamma-variance', { a, b }, (x) => constant - power * Math.log(x) - b / (x * x), {
    derivative: (x) => -power / x + (2 * b) / (x * x * x),
    secondDerivative: (x) => power / (x * x) - (6 * b) / (x * x * x * x),
    atZero: Number.NEGATIVE_INFINITY,
    draw: (rng) => Math.sqrt(b) * Math.exp(-0.5 * logGammaVariate(rng, a)),
  });
}

/** Uniform between lo >= 0 and hi. @throws GlmmcError `bad-prior` */
export function uniformPrior(lo: number, hi: number): ScalePrior {
  if (!(lo >= 0 && Number.isFinite(lo))) refuse('uniformPrior', 'lo', 'a number >= 0', lo);
  if (!(hi > lo && Number.isFinite(hi))) refuse('uniformPrior', 'hi', `a number above lo = ${lo}`, hi);
  const height = -Math.log(hi - lo);
  const inside = (x: number): number => (x >= lo && x <= hi ? height : Number.NEGATIVE_INFINITY);
  return {
    ...scalePrior('uniform', { lo, hi }, inside, {
      derivative: () => 0,
      secondDerivative: () => 0,
      draw: (rng) => lo + (hi - lo) * rng.uniform(),
    }),
    lowest: lo,
    highest: hi,
  };
}

function scalePrior(
  distribution: string,
  scaleParameters: Readonly<Record<string, number>>,
  logDensity: (x: number) => number,
  rest: Pick<Prior, 'derivative' | 'secondDerivative' | 'draw'> & { readonly atZero?: number },
): ScalePrior {
  const { derivative, secondDerivative, draw, atZero } = rest;
  const values = Object.values(scaleParameters).map(short).join(', ');
  return {
    distribution,
    scaleParameters,
    text: `${distribution}(${values})`,
    lowest: 0,
    highest: Number.POSITIVE_INFINITY,
    logDensity(x) {
      if (x < 0) return Number.NEGATIVE_INFINITY;
      return x === 0 && atZero !== undefined ? atZero : logDensity(x);
    },
    derivative,
    secondDerivative,
    draw,
  };
}

function finite(prior: string, argument: string, value: number): void {
  if (!Number.isFinite(value)) refuse(prior, argument, 'a finite number', value);
}

function positive(prior: string, argument: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) refuse(prior, argument, 'a number > 0', value);
}

function refuse(prior: string, argument: string, expected: string, found: unknown): never {
  throw new GlmmcError('bad-prior', `${prior}(): ${argument} must be ${expected}, found ${String(found)}`);
}

/**
 * What people give; what is absent gets the default in brackets. For Gaussian responses with the identity link the default scales
 * are multiplied by the standard deviation of the responses, and the intercept's default is centred at their mean (where `beta` is
 * not given); with other links only that of the dispersion's is.
 */
export interface Priors {
  /** Of every coefficient (normal(0, 10)). */
  readonly beta?: NormalPrior;
  /** Of the coefficient '(Intercept)' (that of `beta`). */
  readonly intercept?: NormalPrior;
  /** Of sigma (half-normal(2.5)). */
  readonly sigma?: ScalePrior;
  /** Of the square root of the dispersion (half-normal(2.5)). */
  readonly dispersion?: ScalePrior;
}

/** The priors of one model, complete. */
export interface ResolvedPriors {
  /** One per coefficient. */
  readonly beta: readonly NormalPrior[];
  readonly sigma: ScalePrior;
  /** Of the square root of the dispersion; absent where the family has none. */
  readonly dispersion?: ScalePrior;
  /** What was given; the rest are defaults. */
  readonly given: Priors;
  /** One line that says them all. */
  readonly text: string;
  /** By name: 'beta', '(Intercept)' where it differs, 'sigma', 'sqrt(dispersion)'. */
  readonly plain: Readonly<Record<string, string>>;
}

/** Checks the option `priors` of a strategy. @throws GlmmcError `unknown-option`, `bad-option` */
export function checkPriors(priors: unknown): Priors {
  const normal = v.optional(
    v.custom<NormalPrior>((x) => isPrior(x) && x.distribution === 'normal', 'normalPrior(mean, sd)'),
  );
  const scale = v.optional(
    v.custom<ScalePrior>(
      (x) => isPrior(x) && 'scaleParameters' in x,
      'a prior of a scale, such as halfNormal(2.5)',
    ),
  );
  const known = checkOptions(
    'priors',
    { beta: normal, intercept: normal, sigma: scale, dispersion: scale },
    priors,
  );
  return known as Priors;
}

/** What was given, as it prints. */
export function plainPriors(priors: Priors): Record<string, string> {
  return Object.fromEntries(Object.entries(priors).map(([name, prior]) => [name, prior.text]));
}

function isPrior(value: unknown): value is Prior {
  return typeof value === 'object' && value !== null && 'logDensity' in value && 'distribution' in value;
}

/**
 * The priors of this model. Defaults: coefficients N(0, 10^2), sigma and sqrt(dispersion) half-normal(2.5). For gaussian
 * responses the default scales are multiplied by the standard deviation of the responses, and the intercept's default is
 * centred at their mean. Priors that are given are taken as they are; a given `beta` holds for the intercept too, unless
 * `intercept` is given. The text leaves out what is held `fixed`, for which a prior says nothing.
 * @throws GlmmcError `bad-option` for priors that the model has no parameter for
 */
export function resolvePriors(
  model: Model,
  priors: Priors = {},
  fixed: FixedParameters = {},
): ResolvedPriors {
  const given = checkPriors(priors);
  const { y } = model.clusters;
  const gaussian = model.family.name === 'gaussian';
  // With another link than the identity the coefficients are not on the scale of the responses.
  const onScale = gaussian && model.family.link.name === 'identity';
  const unit = onScale ? sd(y) : 1;
  const hasIntercept = model.coefficientNames.includes('(Intercept)');
  if (given.intercept && !hasIntercept) {
    throw new GlmmcError(
      'bad-option',
      `priors: intercept is given, but the model has no '(Intercept)' (coefficients: ${model.coefficientNames.join(', ')}); give beta`,
    );
  }
  if (given.dispersion && !model.family.dispersion) {
    throw new GlmmcError(
      'bad-option',
      `priors: dispersion is given, but ${model.family.name}() has none; leave it out`,
    );
  }
  const beta = given.beta ?? normalPrior(0, 10 * unit);
  const centred = onScale && !given.beta ? normalPrior(mean(y), beta.sd) : beta;
  const intercept = given.intercept ?? centred;
  const sigma = given.sigma ?? halfNormal(2.5 * unit);
  const dispersion = given.dispersion ?? halfNormal(2.5 * (gaussian ? sd(y) : 1));
  const free = model.coefficientNames.filter((name) => fixed.beta?.[name] === undefined);
  const others = free.some((name) => name !== '(Intercept)');
  const sayIntercept = free.includes('(Intercept)') && (intercept.text !== beta.text || !others);
  const plain = {
    ...(others && { beta: beta.text }),
    ...(sayIntercept && { '(Intercept)': intercept.text }),
    ...(fixed.sigma === undefined && { sigma: sigma.text }),
    ...(model.family.dispersion && { 'sqrt(dispersion)': dispersion.text }),
  };
  return {
    beta: model.coefficientNames.map((name) => (name === '(Intercept)' ? intercept : beta)),
    sigma,
    ...(model.family.dispersion && { dispersion }),
    given,
    plain,
    text:
      Object.entries(plain)
        .map(([name, text]) => `${name} ~ ${text}`)
        .join(', ') || 'none, every parameter is held fixed',
  };
}

/** A number as it prints: a default scale taken from the data has no use for 16 digits. */
function short(x: number): string {
  const full = String(x);
  return full.length <= 8 ? full : String(Number(x.toPrecision(5)));
}
