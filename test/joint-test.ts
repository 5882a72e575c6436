// Joint distribution tests: steps given data that were drawn given the parameters must leave the parameters distributed as their
// priors, whose moments are known in closed form; in one long chain (Geweke 2004), or in replicates (Gandy and Scott 2020).
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import { essMean } from '../samplers/diagnostics/ess.js';
import { rng, type Stream } from '../samplers/rng.js';
import { drawFromPriors } from '../src/estimate/prior-draws.js';
import { halfNormal, normalPrior, type Priors, resolvePriors } from '../src/estimate/priors.js';
import type { Clusters } from '../src/model/clusters.js';
import type { Model } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import { ResponseDraws } from '../src/model/response-draws.js';

/** Coefficients N(0, 1); sigma and the root of the dispersion half-normal(1). */
export function unitPriors({ family }: Model): Priors {
  return {
    beta: normalPrior(0, 1),
    sigma: halfNormal(1),
    ...(family.dispersion && { dispersion: halfNormal(1) }),
  };
}

/** Where a chain stands. */
export interface JointState {
  readonly beta: Float64Array;
  readonly sigma: number;
  readonly dispersion: number;
  /** eps = sigma z. */
  readonly z: Float64Array;
}

/** A sampler whose responses `y` (sorted by cluster) are written anew before every step. */
export interface JointChain {
  /** One step given the responses that now stand in the clusters; the parameters after it. */
  step(stream: Stream): JointState;
  readonly start: JointState;
  /** Puts the chain somewhere else. */
  place?(state: JointState): void;
}

const MEAN_LOG = -0.5 * (0.5772156649015329 + Math.LN2);
const VARIANCE_LOG = Math.PI ** 2 / 8;

/** Functions of the parameters with their expectations under the priors. */
const functions: readonly (readonly [string, (s: JointState) => number, number])[] = [
  ['beta', ({ beta }) => beta[0], 0],
  ['beta^2', ({ beta }) => beta[0] ** 2, 1],
  ['slope^2', ({ beta }) => beta[1] ** 2, 1],
  ['beta slope', ({ beta }) => beta[0] * beta[1], 0],
  ['sigma^2', ({ sigma }) => sigma * sigma, 1],
  ['log sigma', ({ sigma }) => Math.log(sigma), MEAN_LOG],
  ['(log sigma)^2', ({ sigma }) => (Math.log(sigma) - MEAN_LOG) ** 2, VARIANCE_LOG],
  ['beta sigma', ({ beta, sigma }) => beta[0] * sigma, 0],
  ['z', ({ z }) => z[0], 0],
  // In units of the variance of z.
  ['z^2', ({ z }) => z.reduce((sum, x) => sum + x * x, 0) / z.length, 1],
  ['z^2 sigma^2', ({ z, sigma }) => z[0] ** 2 * sigma ** 2, 1],
  ['log dispersion', ({ dispersion }) => Math.log(dispersion), 2 * MEAN_LOG],
  ['dispersion', ({ dispersion }) => dispersion, 1],
];

/**
 * The largest |z| of a function's mean from its expectation, in Monte Carlo errors, and which it is. Functions of what the chain
 * holds fixed are left out.
 */
export function gewekeTest(
  model: Model,
  clusters: Clusters,
  chain: JointChain,
  iterations: number,
  seed: string,
): { z: number; name: string; ess: number } {
  const stream = rng(seed).stream('geweke');
  const renew = newResponses(model, clusters, stream);
  const columns = recorder(model, iterations);
  let state = chain.start;
  for (let t = 0; t < iterations; t++) {
    renew(state);
    state = chain.step(stream);
    columns.record(t, state);
  }
  return columns.worst((column) => essMean([column]));
}

/**
 * The same of independent replicates: parameters from the priors, data, a few steps. No chain can hang in the far corners that
 * unit priors have.
 */
export function replicateTest(
  model: Model,
  clusters: Clusters,
  chain: JointChain,
  replicates: number,
  steps: number,
  seed: string,
): { z: number; name: string; ess: number } {
  const stream = rng(seed).stream('replicates');
  const renew = newResponses(model, clusters, stream);
  const priors = resolvePriors(model, unitPriors(model));
  const columns = recorder(model, replicates);
  const z = new Float64Array(clusters.count);
  for (let r = 0; r < replicates; r++) {
    const { beta, sigma, dispersion = 1 } = drawFromPriors(model, priors, stream);
    for (let i = 0; i < z.length; i++) z[i] = model.randomEffect.draw(stream, sigma);
    let state: JointState = { beta, sigma, dispersion, z };
    renew(state);
    chain.place!(state);
    for (let k = 0; k < steps; k++) state = chain.step(stream);
    columns.record(r, state);
  }
  return columns.worst(() => replicates);
}

/** Writes responses drawn at a state into the clusters. */
function newResponses(model: Model, clusters: Clusters, stream: Stream): (state: JointState) => void {
  const responses = new ResponseDraws('joint test', model);
  const eps = new Float64Array(clusters.count);
  return ({ beta, sigma, dispersion, z }) => {
    const parameters: Parameters = { beta, sigma, ...(model.family.dispersion && { dispersion }) };
    for (let i = 0; i < eps.length; i++) eps[i] = sigma * z[i];
    const y = responses.responses(stream, parameters, eps);
    for (let k = 0; k < y.length; k++) clusters.y[k] = y[clusters.order[k]];
  };
}

function recorder(model: Model, size: number) {
  const used = functions.filter(([name]) => model.family.dispersion || !name.includes('dispersion'));
  const columns = used.map(() => new Float64Array(size));
  const spread = model.randomEffect.standardDeviation({ beta: new Float64Array(0), sigma: 1 });
  return {
    record(t: number, state: JointState): void {
      used.forEach(([, of], f) => {
        columns[f][t] = of(state);
      });
    },
    worst(worth: (column: Float64Array) => number): { z: number; name: string; ess: number } {
      let worst = { z: 0, name: '', ess: 0 };
      used.forEach(([name, , unit], f) => {
        const expected = name.startsWith('z^2') ? unit * spread ** 2 : unit;
        if (sd(columns[f]) === 0) return;
        const ess = worth(columns[f]);
        const z = Math.abs(mean(columns[f]) - expected) / (sd(columns[f]) / Math.sqrt(ess));
        if (!(z <= worst.z)) worst = { z, name, ess };
      });
      return worst;
    },
  };
}
