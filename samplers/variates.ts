// Random variates from a stream, exact in distribution, without allocation.
import { GlmmcError } from './errors.js';
import { power } from './power.js';
import type { Stream } from './rng.js';

// Ziggurat of 256 layers of equal area V under exp(-x^2 / 2); the base strip ends at R and carries the tail.
const LAYERS = 256;
const R = 3.6541528853610088;
const V = 0.0049286732339746571;
const edge = new Float64Array(LAYERS + 1);
const height = new Float64Array(LAYERS + 1);
const inside = new Float64Array(LAYERS);
edge[0] = V / Math.exp(-0.5 * R * R);
edge[1] = R;
height[1] = Math.exp(-0.5 * R * R);
for (let i = 2; i < LAYERS; i++) {
  height[i] = height[i - 1] + V / edge[i - 1];
  edge[i] = Math.sqrt(-2 * Math.log(height[i]));
}
height[LAYERS] = 1;
for (let i = 0; i < LAYERS; i++) inside[i] = edge[i + 1] / edge[i];

/** A standard normal (ziggurat, Marsaglia and Tsang 2000, in the form of Doornik 2005; tail of Marsaglia 1964). */
export function normal(rng: Stream): number {
  for (;;) {
    // One uniform serves for layer, sign and place: 8 + 1 + 44 bits that share nothing.
    const scaled = rng.uniform() * (2 * LAYERS);
    const bits = scaled | 0;
    const layer = bits & (LAYERS - 1);
    const place = scaled - bits;
    const x = place * edge[layer];
    if (place < inside[layer] || outside(rng, layer, x)) return bits < LAYERS ? x : -x;
    if (layer === 0) return bits < LAYERS ? tail(rng) : -tail(rng);
  }
}

/** Whether the wedge of a layer (not the base, whose outside is the tail) takes the point over x. */
function outside(rng: Stream, layer: number, x: number): boolean {
  if (layer === 0) return false;
  const y = height[layer] + rng.uniform() * (height[layer + 1] - height[layer]);
  return y < Math.exp(-0.5 * x * x);
}

/** A standard normal given that it is above R. */
function tail(rng: Stream): number {
  for (;;) {
    const x = -Math.log1p(-rng.uniform()) / R;
    const y = -Math.log1p(-rng.uniform());
    if (2 * y >= x * x) return R + x;
  }
}

/** Fills `out` with independent standard normals and returns it. */
export function fillNormal(rng: Stream, out: Float64Array): Float64Array {
  for (let i = 0; i < out.length; i++) out[i] = normal(rng);
  return out;
}

/** An exponential of mean 1. */
export function exponential(rng: Stream): number {
  return -Math.log1p(-rng.uniform());
}

/** A uniform that is never 0, for logarithms of small probabilities that must stay finite. */
export function openUniform(rng: Stream): number {
  for (;;) {
    const u = rng.uniform();
    if (u > 0) return u;
  }
}

/**
 * A gamma of mean and variance `shape` (Marsaglia and Tsang 2000; below 1 by Gamma(shape + 1) U^(1/shape)).
 * Shapes below 0.01 can underflow to 0: `logGamma` cannot.
 * @throws GlmmcError `bad-argument` unless shape > 0
 */
export function gamma(rng: Stream, shape: number): number {
  checkPositive('gamma', 'shape', shape);
  if (shape < 1) return squeezedGamma(rng, shape + 1) * power(openUniform(rng), 1 / shape);
  return squeezedGamma(rng, shape);
}

/**
 * The logarithm of a gamma of the given shape and scale 1, without underflow.
 * @throws GlmmcError `bad-argument` unless shape > 0
 */
export function logGamma(rng: Stream, shape: number): number {
  checkPositive('logGamma', 'shape', shape);
  if (shape < 1) return Math.log(squeezedGamma(rng, shape + 1)) + Math.log(openUniform(rng)) / shape;
  return Math.log(squeezedGamma(rng, shape));
}

/** Marsaglia and Tsang's squeeze for shape >= 1. */
function squeezedGamma(rng: Stream, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = normal(rng);
    const root = 1 + c * z;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = openUniform(rng);
    const z2 = z * z;
    if (u < 1 - 0.0331 * z2 * z2) return d * v;
    if (Math.log(u) < 0.5 * z2 + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** A chi-squared with `df` > 0 degrees of freedom. @throws GlmmcError `bad-argument` */
export function chiSquared(rng: Stream, df: number): number {
  return 2 * gamma(rng, df / 2);
}

/** An inverse gamma: density proportional to x^(-shape - 1) exp(-scale / x). @throws GlmmcError `bad-argument` */
export function inverseGamma(rng: Stream, shape: number, scale: number): number {
  checkPositive('inverseGamma', 'scale', scale);
  return scale / gamma(rng, shape);
}

/** A standard Student t with `df` > 0 degrees of freedom (Infinity gives the normal). @throws GlmmcError `bad-argument` */
export function studentT(rng: Stream, df: number): number {
  checkPositive('studentT', 'df', df);
  if (df === Number.POSITIVE_INFINITY) return normal(rng);
  return normal(rng) / Math.sqrt(gamma(rng, df / 2) / (df / 2));
}

/** A beta on (0, 1), from two log gammas so that small shapes do not give 0 / 0. @throws GlmmcError `bad-argument` */
export function beta(rng: Stream, a: number, b: number): number {
  const first = logGamma(rng, a);
  const second = logGamma(rng, b);
  return 1 / (1 + Math.exp(second - first));
}

/** A standard logistic: mean 0, variance pi^2 / 3. */
export function logistic(rng: Stream): number {
  const u = openUniform(rng);
  return Math.log(u) - Math.log1p(-u);
}

/** A standard Laplace: mean 0, variance 2. */
export function laplace(rng: Stream): number {
  const u = 2 * rng.uniform();
  return u < 1 ? -Math.log1p(-u) : Math.log1p(1 - u);
}

function checkPositive(name: string, argument: string, value: number): void {
  if (!(value > 0)) {
    throw new GlmmcError('bad-argument', `${name}: ${argument} must be a number > 0, found ${value}`);
  }
}
