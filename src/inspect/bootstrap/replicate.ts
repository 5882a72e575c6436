// One replication of a bootstrap: responses drawn from a fit, or clusters drawn again, and what the fits to them say.
import { GlmmcError } from '../../../samplers/errors.js';
import type { Stream } from '../../../samplers/rng.js';
import { rng } from '../../../samplers/rng.js';
import { fit, type LikelihoodFit, type Strategy } from '../../estimate/fit.js';
import type { FixedParameters } from '../../estimate/parameter-space.js';
import { checkResponse, type Model, withClusterWeights, withResponse } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { ResponseDraws } from '../../model/response-draws.js';
import { type ClusterDraws, clusterDraws } from './resample.js';

/** How a replication is made: responses drawn from the fit, or whole clusters drawn again. */
export type BootstrapType = 'parametric' | 'cluster';

/** A model that each replication's data are fitted by, as a fit was. */
export interface Again {
  readonly model: Model;
  readonly strategy: Strategy;
  readonly fixed: FixedParameters;
  /** Where the search starts: the estimates of the data themselves. */
  readonly start: Parameters;
}

/** What a bootstrap does, beyond how often. */
export interface Plan {
  /** Parametric data come from the first of the fits. */
  readonly type: BootstrapType;
  readonly fits: readonly Again[];
  /** What a replication tells: the estimates of the one fit, or the log-likelihood of each. */
  readonly tells: 'estimates' | 'logLik';
  readonly seed: number | string;
}

/** Replication k: its numbers, undefined where a fit to its data failed. */
export type Replicate = (k: number, signal?: AbortSignal) => Promise<Float64Array | undefined>;

/** How many numbers a replication tells. */
export function widthOf({ tells, fits }: Plan): number {
  if (tells === 'logLik') return fits.length;
  const { model } = fits[0];
  return model.coefficientNames.length + (model.family.dispersion ? 2 : 1);
}

/**
 * Replications draw from the stream `bootstrap:k` of the seed alone, and share nothing: they may be run in any order, on any
 * thread.
 * @throws GlmmcError `bad-weights`, `no-draws`
 */
export function replicatorOf(owner: string, plan: Plan): Replicate {
  const { type, fits, tells, seed } = plan;
  const again = type === 'parametric' ? newResponses(owner, fits[0]) : newClusters(owner, fits[0].model);
  return async (k, signal) => {
    const stream = rng(seed).stream(`bootstrap:${k}`);
    try {
      const change = again(stream);
      const found: LikelihoodFit[] = [];
      for (const { model, strategy, fixed, start } of fits) {
        const options = { seed: `${seed}/bootstrap/${k}`, fixed, start, ...(signal && { signal }) };
        const result = (await fit(change(model), strategy, options)) as LikelihoodFit;
        if (!result.converged) return undefined;
        found.push(result);
      }
      return tells === 'logLik' ? Float64Array.from(found, ({ logLik }) => logLik) : estimatesOf(found[0]);
    } catch (error) {
      // Data that no fit takes (responses all alike, means that overflow), which the model can give.
      if (error instanceof GlmmcError) return undefined;
      throw error;
    }
  };
}

/** The estimates; a theta that the likelihood puts at infinity is there, not where the search for it gave up. */
function estimatesOf({ estimates, findings }: LikelihoodFit): Float64Array {
  const unbounded = findings.some(({ code }) => code === 'theta-unbounded');
  return Float64Array.from(estimates, ({ name, value }) =>
    unbounded && name === 'dispersion' ? Number.POSITIVE_INFINITY : value,
  );
}

/** A replication's data put in the place of a model's. */
type Change = (model: Model) => Model;

function newResponses(owner: string, { model, start }: Again): (stream: Stream) => Change {
  const draws = new ResponseDraws(owner, model);
  return (stream) => {
    const eps = new Float64Array(model.clusterLabels.length);
    const y = draws.responses(stream, start, draws.intercepts(stream, start, eps));
    checkResponse(model.family, { ...model.design, y });
    return (other) => withResponse(other, y);
  };
}

function newClusters(owner: string, model: Model): (stream: Stream) => Change {
  const draws: ClusterDraws = clusterDraws(owner, model.clusters.clusterWeights);
  return (stream) => {
    const weights = draws(stream);
    return (other) => withClusterWeights(other, weights);
  };
}
