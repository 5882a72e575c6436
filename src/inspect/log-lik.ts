// clusterLogLik(), rowLogLik(): the pointwise log-likelihood, integrated over the intercepts or given them.
import { type Draws, makeDraws } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit, PosteriorFit } from '../estimate/fit.js';
import { ClusterLogLikelihoods } from '../likelihood/cluster-log-likelihoods.js';
import { checkParameters } from '../likelihood/marginal.js';
import type { Rows } from '../model/outcome.js';
import type { Parameters } from '../model/parameters.js';

/**
 * Each cluster's log-likelihood with its intercept integrated out, every constant included. Of a likelihood fit: at the
 * estimates, one number a cluster in the order of `model.clusterLabels`; weighted by `clusterWeights` they add up to
 * `fit.logLik`. Of a posterior fit: for every draw, as draws of `log_lik[label]`, which go wherever draws go (`toStanCsv`,
 * R's loo). A cluster counts once, whatever its cluster weight. The quadrature's error is at most 1e-10 at estimates, and near 1e-10 at draws.
 * @throws GlmmcError `bad-fit`
 */
export function clusterLogLik(fit: PosteriorFit): Draws;
export function clusterLogLik(fit: LikelihoodFit): Float64Array;
export function clusterLogLik(fit: Fit): Draws | Float64Array {
  requireEstimatedFit('clusterLogLik()', fit);
  const { model } = fit;
  const likelihoods = new ClusterLogLikelihoods(model);
  const count = model.clusterLabels.length;
  if (fit.kind === 'likelihood') {
    const out = new Float64Array(count);
    likelihoods.evaluate(fit.parameters, { kind: 'certified', tolerance: 1e-10 }, out);
    return out;
  }
  const { chains, iterations } = fit.draws;
  const storage = Array.from({ length: chains }, (_, c) => {
    const block = new Float64Array(count * iterations);
    const at = parametersOf(fit, c);
    for (let t = 0; t < iterations; t++) {
      likelihoods.evaluate(at(t), { kind: 'plain' }, block, t, iterations);
    }
    return block;
  });
  const names = model.clusterLabels.map((label) => `log_lik[${label}]`);
  return makeDraws(names, chains, iterations, storage);
}

/**
 * The log density of every row given its cluster's intercept, for each draw, constants and row weights included:
 * draws of `log_lik[1]`, `log_lik[2]`, ... in the order of the data's rows (those that were used). A column is worked
 * out when it is asked for, so that many rows cost memory only where they are read. Leave-one-row-out by these is another
 * question than `elpd(fit)`'s: how well rows of known clusters are predicted.
 * @throws GlmmcError `bad-fit` for anything but a posterior fit: other fits have no draws of the intercepts
 */
export function rowLogLik(fit: PosteriorFit): Draws {
  requireEstimatedFit('rowLogLik()', fit);
  if (fit.kind !== 'posterior') {
    throw new GlmmcError(
      'bad-fit',
      'rowLogLik() takes a posterior fit, whose draws hold the intercepts; clusterLogLik(fit) is for every fit',
    );
  }
  const { model, draws } = fit;
  const { clusters, family } = model;
  const { outcome } = family;
  const variables = Array.from({ length: clusters.rows }, (_, r) => `log_lik[${r + 1}]`);
  const index = new Map(variables.map((name, r) => [name, r]));
  const sortedPlace = new Int32Array(clusters.rows);
  clusters.order.forEach((row, k) => {
    sortedPlace[row] = k;
  });
  const betas = Array.from({ length: draws.chains }, (_, c) =>
    model.coefficientNames.map((name) => draws.chain(name, c)),
  );
  return {
    variables,
    chains: draws.chains,
    iterations: draws.iterations,
    chain(variable, chain) {
      const row = index.get(variable);
      // The draws' own errors for what is not there.
      if (row === undefined || !betas[chain]) return makeDraws(variables, 0, 0, []).chain(variable, chain);
      const k = sortedPlace[row];
      const cluster = clusterOf(clusters.starts, k);
      const eps = draws.chain(`eps[${model.clusterLabels[cluster]}]`, chain);
      const dispersions = family.dispersion && draws.chain('dispersion', chain);
      const rows: Rows = {
        y: clusters.y.subarray(k, k + 1),
        trials: clusters.trials.subarray(k, k + 1),
        weights: clusters.weights.subarray(k, k + 1),
        eta: new Float64Array(1),
      };
      const constant = rows.weights[0] * outcome.constant(rows.y[0], rows.trials[0]);
      return Float64Array.from({ length: draws.iterations }, (_, t) => {
        let eta = clusters.offset[k];
        for (let j = 0; j < clusters.columns; j++)
          eta += clusters.x[k * clusters.columns + j] * betas[chain][j][t];
        rows.eta[0] = eta;
        return constant + outcome.value(rows, 0, 1, eps[t], dispersions?.[t] ?? 1);
      });
    },
  };
}

/** The cluster of sorted row k. */
function clusterOf(starts: Int32Array, k: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle] <= k) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The parameters of draw t of a chain. */
export function parametersOf(fit: PosteriorFit, chain: number): (t: number) => Parameters {
  const { model, draws } = fit;
  const beta = model.coefficientNames.map((name) => draws.chain(name, chain));
  const sigma = draws.chain('sigma', chain);
  const dispersion = model.family.dispersion && draws.chain('dispersion', chain);
  return (t) => {
    const parameters = {
      beta: Float64Array.from(beta, (column) => column[t]),
      sigma: sigma[t],
      ...(dispersion && { dispersion: dispersion[t] }),
    };
    if (t === 0) checkParameters(model, parameters);
    return parameters;
  };
}
