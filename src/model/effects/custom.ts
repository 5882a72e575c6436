// Intercepts from a log density that a person writes down.
import * as v from 'valibot';
import { GlmmcError } from '../../../samplers/errors.js';
import { checkOptions, positive } from '../../../samplers/options.js';
import type { Stream } from '../../../samplers/rng.js';
import { centralDerivatives } from '../../numeric/central-differences.js';
import { InverseDistribution, integrateLine } from '../../numeric/line-panels.js';
import {
  type EffectDerivatives,
  effectDerivatives,
  type RandomEffect,
  withoutSigma,
} from '../random-effect.js';

/** What `customEffect()` takes. */
export interface CustomEffect {
  /** What summaries call it ('custom'). */
  readonly name?: string;
  /** log f(z) of z = eps / sigma, where sigma is a scale. Its constant included; this or the next one. */
  readonly logDensity?: (z: number) => number;
  /** log f(eps; sigma), for distributions whose shape changes with sigma. */
  readonly logDensityOfEps?: (eps: number, sigma: number) => number;
  /** Derivatives of log f(z; sigma) in z = eps / sigma (and, with `logDensityOfEps`, in sigma at fixed z). */
  readonly derivatives?: (z: number, sigma: number, out: EffectDerivatives) => void;
  /** A draw of z = eps / sigma. */
  readonly draw?: (rng: Stream, sigma: number) => number;
  /** That of eps. */
  readonly standardDeviation?: (sigma: number) => number;
  /** log f is concave in z (false): integration is then cheaper. */
  readonly logConcave?: boolean;
  /** log f has a corner at z = 0, and none elsewhere (false). */
  readonly kink?: boolean;
  /** f falls as |z|^-(tailDf + 1); left out where it falls exponentially or faster. */
  readonly tailDf?: number;
}

/** Names by which ready-made distributions are known. */
const OURS: readonly string[] = [
  'normal',
  'student-t',
  'logistic',
  'laplace',
  'log-gamma',
  'bridge',
  'point-masses',
];

type LogDensity = (z: number, sigma: number) => number;

/** Below this sigma the density of z is taken at this sigma. */
const SMALLEST = 1e-8;
/** Step of the differences, in z and in units of sigma. */
const STEP = 0.02;
/** Where a density is looked at before it is accepted. */
const PLACES: readonly number[] = [-4, -1.7, -0.6, -0.01, 0, 0.02, 0.4, 1.3, 3];

/**
 * Intercepts eps = sigma z from a log density with its constant. What is not supplied is made of it: derivatives by
 * differences (held against each other at two steps first), draws by inversion of the distribution function, the
 * standard deviation by integration. The density must have its structure at scale 1 about z = 0.
 * @throws GlmmcError `unknown-option`, `bad-option`; `bad-effect` where it does not integrate to 1, or is not what is
 *   claimed of it
 */
export function customEffect(options: CustomEffect): RandomEffect {
  const fn = <T>(): v.GenericSchema<T> => v.custom<T>((x) => typeof x === 'function', 'a function');
  const known = checkOptions(
    'customEffect()',
    {
      name: v.optional(v.pipe(v.string('a text'), v.minLength(1)), 'custom'),
      logDensity: v.optional(fn<(z: number) => number>()),
      logDensityOfEps: v.optional(fn<LogDensity>()),
      derivatives: v.optional(fn<RandomEffect['derivatives']>()),
      draw: v.optional(fn<RandomEffect['draw']>()),
      standardDeviation: v.optional(fn<(sigma: number) => number>()),
      logConcave: v.optional(v.boolean('true or false'), false),
      kink: v.optional(v.boolean('true or false'), false),
      tailDf: v.optional(positive(), undefined),
    },
    options,
  );
  const {
    logDensity: ofZ,
    logDensityOfEps: ofEps,
    kink,
    logConcave,
    tailDf = Number.POSITIVE_INFINITY,
  } = known;
  if (OURS.includes(known.name)) {
    throw new GlmmcError('bad-option', `customEffect(): the name '${known.name}' is taken; choose another`);
  }
  if ((ofZ === undefined) === (ofEps === undefined)) {
    throw new GlmmcError(
      'bad-option',
      `customEffect() takes logDensity (of z = eps / sigma) or logDensityOfEps (of eps and sigma), found ${ofZ ? 'both' : 'neither'}`,
    );
  }
  const scaleFamily = ofZ !== undefined;
  const logDensity: LogDensity = ofZ
    ? (z) => ofZ(z)
    : (z, sigma) => {
        const s = Math.max(sigma, SMALLEST);
        return ofEps!(s * z, s) + Math.log(s);
      };
  const sigmas = scaleFamily ? [1] : [0.3, 1, 2.5];
  for (const sigma of sigmas) checkIntegral(logDensity, sigma);
  if (kink && !known.derivatives) {
    throw bad('a density with a corner needs its derivatives', 'add derivatives: (z, sigma, out) => { ... }');
  }
  const derivatives = known.derivatives ?? differences(logDensity, scaleFamily);
  for (const sigma of sigmas) checkDerivatives(logDensity, derivatives, sigma, kink, logConcave);
  const symmetric = sigmas.every((sigma) =>
    PLACES.every((z) => Math.abs(logDensity(z, sigma) - logDensity(-z, sigma)) < 1e-9),
  );
  const spread = remembered((sigma) => spreadOfZ(logDensity, sigma, tailDf));
  const inverse = remembered((sigma) => new InverseDistribution((z) => Math.exp(logDensity(z, sigma))));
  return {
    name: known.name,
    symmetric,
    scaleFamily,
    logConcave,
    tails: tailDf < Number.POSITIVE_INFINITY ? 'polynomial' : 'exponential',
    tailDf,
    kink,
    smoothAtZero: scaleFamily && tailDf > 2,
    center: () => 0,
    step: () => 0.25,
    logDensity,
    derivatives,
    draw: known.draw ?? ((rng, sigma) => inverse(scaleFamily ? 1 : sigma).quantile(rng.uniform())),
    standardDeviation: ({ sigma }) => {
      if (sigma === 0) return 0;
      return known.standardDeviation?.(sigma) ?? sigma * spread(scaleFamily ? 1 : sigma);
    },
  };
}

function bad(what: string, advice: string): GlmmcError {
  return new GlmmcError('bad-effect', `customEffect(): ${what}; ${advice}`);
}

function checkIntegral(logDensity: LogDensity, sigma: number): void {
  const total = integrateLine((z) => Math.exp(logDensity(z, sigma)));
  if (Math.abs(total - 1) < 1e-6) return;
  throw bad(
    `expected a log density that integrates to 1, found an integral of ${total} at sigma = ${sigma}`,
    'add its normalising constant, and scale z so that the density has its structure within a few units of 0',
  );
}

/** Differences in z, and in sigma where the shape changes with it. */
function differences(logDensity: LogDensity, scaleFamily: boolean): RandomEffect['derivatives'] {
  const up = effectDerivatives();
  const inZ = (z: number, sigma: number, out: EffectDerivatives): void => {
    [out.z, out.zz, out.zzz] = centralDerivatives((x) => logDensity(x, sigma), z, STEP);
  };
  return (z, sigma, out) => {
    inZ(z, sigma, out);
    withoutSigma(out);
    if (scaleFamily) return;
    const s = Math.max(sigma, SMALLEST);
    const h = STEP * s;
    [out.sigma, out.sigmaSigma] = centralDerivatives((x) => logDensity(z, x), s, h);
    for (const [shift, weight] of [
      [1, 45],
      [2, -9],
      [3, 1],
    ]) {
      for (const side of [1, -1]) {
        inZ(z, s + side * shift * h, up);
        out.zSigma += (side * weight * up.z) / (60 * h);
        out.zzSigma += (side * weight * up.zz) / (60 * h);
      }
    }
  };
}

/** Holds the derivatives against differences of half the step, and a claim of concavity against them. */
function checkDerivatives(
  logDensity: LogDensity,
  derivatives: RandomEffect['derivatives'],
  sigma: number,
  kink: boolean,
  logConcave: boolean,
): void {
  const out = effectDerivatives();
  for (const z of PLACES) {
    if (kink && Math.abs(z) < 4 * STEP) continue;
    derivatives(z, sigma, out);
    const [first, second] = centralDerivatives((x) => logDensity(x, sigma), z, STEP / 2);
    const [inSigma] = centralDerivatives((x) => logDensity(z, x), sigma, (STEP * sigma) / 2);
    for (const [name, found, expected, tolerance] of [
      ['first', out.z, first, 1e-6],
      ['second', out.zz, second, 1e-5],
      ['sigma', out.sigma, inSigma, 1e-6],
    ] as const) {
      if (Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected))) continue;
      throw bad(
        `its ${name} derivative at z = ${z}, sigma = ${sigma} is ${found}, differences give ${expected}`,
        'correct the derivatives; a density that is not smooth needs kink: true (for a corner at 0) and derivatives',
      );
    }
    if (logConcave && out.zz > 1e-8) {
      throw bad(`the log density is not concave at z = ${z}, sigma = ${sigma}`, 'leave logConcave out');
    }
  }
}

function spreadOfZ(logDensity: LogDensity, sigma: number, tailDf: number): number {
  if (tailDf <= 2) return Number.POSITIVE_INFINITY;
  const moment = (of: (z: number) => number): number =>
    integrateLine((z) => Math.exp(logDensity(z, sigma)) * of(z));
  const mean = moment((z) => z);
  return Math.sqrt(moment((z) => (z - mean) ** 2));
}

/** The last answer kept: sigma changes from fit to fit, not from draw to draw. */
function remembered<T>(of: (sigma: number) => T): (sigma: number) => T {
  let last: { readonly sigma: number; readonly value: T } | undefined;
  return (sigma) => {
    if (last?.sigma !== sigma) last = { sigma, value: of(sigma) };
    return last.value;
  };
}
