// Intercepts at k places with masses to be estimated: the random-effect distribution left unspecified.
import { GlmmcError } from '../../../samplers/errors.js';
import { describe } from '../../../samplers/options.js';
import { type RandomEffect, withoutSigma } from '../random-effect.js';

const MOST = 50;

/**
 * eps takes at most `k` values (2 to 50) with masses, mean 0; places and masses are estimated by maximum likelihood
 * (Laird 1978; Lindsay 1983), and sigma is the standard deviation of the masses. `parameters.shape` holds the places in
 * rising order, then their masses. There is no density: quadrature(), which is then a finite sum, is what fits it.
 * @throws GlmmcError `bad-option`
 */
export function pointMasses(k: number): RandomEffect {
  if (!(Number.isInteger(k) && k >= 2 && k <= MOST)) {
    throw new GlmmcError(
      'bad-option',
      `pointMasses(k) takes the number of masses, a whole number from 2 to ${MOST}, found ${describe(k)}`,
    );
  }
  return {
    name: 'point-masses',
    points: k,
    symmetric: false,
    scaleFamily: false,
    logConcave: false,
    tails: 'normal',
    tailDf: Number.POSITIVE_INFINITY,
    kink: false,
    smoothAtZero: false,
    center: () => 0,
    step: () => Number.POSITIVE_INFINITY,
    // Masses are no density; the sum over the points adds their logs.
    logDensity: () => 0,
    derivatives(_z, _sigma, out) {
      out.z = 0;
      out.zz = 0;
      out.zzz = 0;
      withoutSigma(out);
    },
    draw(rng, sigma, shape) {
      const [places, masses] = placesAndMasses(shape!);
      let rest = rng.uniform();
      const j = masses.findIndex((mass) => {
        rest -= mass;
        return rest < 0;
      });
      return (j < 0 ? places[places.length - 1] : places[j]) / (sigma || 1);
    },
    standardDeviation: ({ shape }) => (shape ? standardDeviationOf(shape) : Number.NaN),
  };
}

/** The two halves of `parameters.shape`. */
export function placesAndMasses(shape: Float64Array): readonly [Float64Array, Float64Array] {
  const k = shape.length / 2;
  return [shape.subarray(0, k), shape.subarray(k)];
}

function standardDeviationOf(shape: Float64Array): number {
  const [places, masses] = placesAndMasses(shape);
  return Math.sqrt(places.reduce((sum, place, j) => sum + masses[j] * place * place, 0));
}

/** What is wrong with places and masses, if anything: a phrase for an error. */
export function shapeTrouble(k: number, shape: Float64Array | undefined, sigma: number): string | undefined {
  if (!shape || shape.length % 2 !== 0 || shape.length < 2 || shape.length > 2 * k) {
    return `shape with up to ${k} places, then as many masses; found ${shape ? `${shape.length} numbers` : 'none'}`;
  }
  const [places, masses] = placesAndMasses(shape);
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  if (!masses.every((mass) => mass >= 0) || !(Math.abs(total - 1) < 1e-6)) {
    return `masses (the second half of shape) that are >= 0 and add up to 1; found ${Array.from(masses).join(', ')}`;
  }
  const mean = places.reduce((sum, place, j) => sum + masses[j] * place, 0);
  const sd = standardDeviationOf(shape);
  if (!(Math.abs(mean) <= 1e-6 * Math.max(sd, 1e-6))) {
    return `places of mean 0 (a mean belongs to the intercept); found a mean of ${mean}`;
  }
  if (!(Math.abs(sd - sigma) <= 1e-6 * Math.max(sd, 1e-6))) {
    return `sigma = the standard deviation of the masses, ${sd}; found ${sigma}`;
  }
  return undefined;
}
