// A fit as plain data.
import type { Parameters } from '../model/parameters.js';
import type { Fit } from './fit.js';

/** Version of the layout below; it grows by one when a field changes its meaning or goes. */
const VERSION = 1;

/**
 * Everything of a fit but its data, JSON.parse-able; numbers that are not finite become null on the way. `model.given` holds
 * what was given to the family (theta); `parameters.shape`, of point masses, the places in rising order, then their masses.
 */
export function fitJson(fit: Fit): unknown {
  const { model } = fit;
  const common = {
    schema: 'glmmc/fit',
    version: VERSION,
    kind: fit.kind,
    strategy: fit.strategy,
    settings: fit.settings,
    seed: fit.seed,
    model: {
      formula: model.formula,
      family: model.family.name,
      link: model.family.link.name,
      given: model.family.given ?? {},
      randomEffect: model.randomEffect.name,
      observations: model.observations,
      clusters: model.clusterLabels.length,
      clusterName: model.clusterName,
    },
    parameters: plainParameters(fit.parameters),
    estimates: fit.estimates,
    fixed: fit.fixed,
    converged: fit.converged,
    findings: fit.findings,
    milliseconds: fit.milliseconds,
  };
  if (fit.kind === 'posterior') {
    const { variables, chains, iterations } = fit.draws;
    return { ...common, draws: { variables, chains, iterations } };
  }
  return {
    ...common,
    logLik: fit.logLik,
    logLikError: fit.logLikError,
    nodes: Array.from(fit.nodes),
    objective: fit.objective,
    covariance: fit.covariance.to2DArray(),
    landing: fit.landing ?? null,
    history: fit.history.map((iteration) => ({
      ...iteration,
      parameters: plainParameters(iteration.parameters),
    })),
  };
}

function plainParameters(parameters: Parameters): unknown {
  const { beta, shape } = parameters;
  return { ...parameters, beta: Array.from(beta), ...(shape && { shape: Array.from(shape) }) };
}
