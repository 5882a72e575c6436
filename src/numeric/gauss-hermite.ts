// Gauss-Hermite rules, accurate to the last bits for any number of nodes that makes sense.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { GlmmcError } from '../../samplers/errors.js';

/** A rule for the integral of exp(-t^2) f(t): nodes ascending, and log(weight exp(t^2)), which stays in range. */
export interface GaussHermiteRule {
  readonly nodes: Float64Array;
  readonly logScaledWeights: Float64Array;
}

const MOST_NODES = 400;
const cache = new Map<number, GaussHermiteRule>();

/**
 * The Gauss-Hermite rule with `count` nodes, 1 to 400.
 * Starting values from the Jacobi matrix (Golub and Welsch 1969), whose eigenvalues are good to 1e-13 only, then
 * Newton on the normalised Hermite function, which neither over- nor underflows as the polynomial would.
 * @throws GlmmcError `bad-option`
 */
export function gaussHermite(count: number): GaussHermiteRule {
  const known = cache.get(count);
  if (known) return known;
  if (!Number.isInteger(count) || count < 1 || count > MOST_NODES) {
    throw new GlmmcError('bad-option', `a Gauss-Hermite rule takes 1 to ${MOST_NODES} nodes, found ${count}`);
  }
  const jacobi = Matrix.zeros(count, count);
  for (let k = 1; k < count; k++) {
    jacobi.set(k, k - 1, Math.sqrt(k / 2));
    jacobi.set(k - 1, k, Math.sqrt(k / 2));
  }
  const nodes = Float64Array.from(
    new EigenvalueDecomposition(jacobi, { assumeSymmetric: true }).realEigenvalues,
  ).sort();
  const logScaledWeights = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    let t = nodes[k];
    let [value, previous] = hermiteFunction(count, t);
    for (let iteration = 0; iteration < 4; iteration++) {
      // psi_n' = sqrt(2n) psi_{n-1} - t psi_n
      t -= value / (Math.sqrt(2 * count) * previous - t * value);
      [value, previous] = hermiteFunction(count, t);
    }
    nodes[k] = t;
    // weight exp(t^2) = 1 / (n psi_{n-1}(t)^2)
    logScaledWeights[k] = -Math.log(count) - 2 * Math.log(Math.abs(previous));
  }
  if (count % 2 === 1) nodes[(count - 1) / 2] = 0;
  const rule = { nodes, logScaledWeights };
  cache.set(count, rule);
  return rule;
}

/** The orthonormal Hermite functions psi_n(t) and psi_{n-1}(t), weight exp(-t^2/2) included. */
function hermiteFunction(n: number, t: number): [number, number] {
  let previous = 0;
  let current = (1 / Math.sqrt(Math.sqrt(Math.PI))) * Math.exp((-t * t) / 2);
  for (let k = 1; k <= n; k++) {
    const next = t * Math.sqrt(2 / k) * current - Math.sqrt((k - 1) / k) * previous;
    previous = current;
    current = next;
  }
  return [current, previous];
}
