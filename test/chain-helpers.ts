// What the tests of chains share: fits whose threads start at once, and all that their draws hold.
import type { FitTask, PosteriorFit, Strategy } from '../src/estimate/fit.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import type { Model } from '../src/model/model.js';

/** What a strategy is handed for a fit whose threads start at once, however short it is. */
export function taskOf(workers: number, model: Model, more: Partial<FitTask> = {}): FitTask {
  return {
    model,
    space: new ParameterSpace(model),
    start: undefined,
    seed: 'threads',
    startedAt: performance.now(),
    workers,
    worthThreads: 0,
    onProgress() {},
    pause: async () => {},
    ...more,
  };
}

export function fitOn<F extends PosteriorFit>(
  workers: number,
  model: Model,
  strategy: Strategy<F>,
  more: Partial<FitTask> = {},
): Promise<F> {
  return strategy.run(taskOf(workers, model, more));
}

export function columns({ draws }: PosteriorFit): Float64Array[] {
  return Array.from({ length: draws.chains }, (_, chain) =>
    draws.variables.map((name) => draws.chain(name, chain)),
  ).flat();
}
