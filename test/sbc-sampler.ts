// A posterior strategy out of any draws, for tests of what judges samplers.
import { makeDraws } from '../samplers/draws.js';
import type { FitTask, PosteriorFit, Strategy } from '../src/estimate/fit.js';
import { finishPosteriorFit } from '../src/estimate/posterior-fit.js';
import { type Priors, resolvePriors } from '../src/estimate/priors.js';

/** A strategy out of draws of the parameters and intercepts, one chain. */
export function sampler(
  name: string,
  given: Priors,
  make: (task: FitTask, known: ReturnType<typeof resolvePriors>) => Promise<Float64Array> | Float64Array,
): Strategy<PosteriorFit> {
  return {
    name,
    settings: {},
    async run(task) {
      const known = resolvePriors(task.model, given, task.space.fixed);
      const variables = [
        ...task.model.coefficientNames,
        'sigma',
        'lp__',
        ...task.model.clusterLabels.map((label) => `eps[${label}]`),
      ];
      const block = await make(task, known);
      const draws = makeDraws(variables, 1, block.length / variables.length, [block]);
      return finishPosteriorFit({ name, settings: {} }, task, { draws, priors: known });
    },
  };
}
