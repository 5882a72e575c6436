// What the tests of chains share: fits whose threads start at once, and all that their draws hold.
import type { FitTask, PosteriorFit, Strategy } from '../src/estimate/fit.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import type { Model } from '../src/model/model.js';

/** A fit whose threads start at once, however short it is. */
export function fitOn<F extends PosteriorFit>(
  workers: number,
  model: Model,
  strategy: Strategy<F>,
  more: Partial<FitTask> = {},
): Promise<F> {
  return strategy.run({
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
  });
}

export function columns({ draws }: PosteriorFit): Float64Array[] {
  return Array.from({ length: draws.chains }, (_, chain) =>
    draws.variables.map((name) => draws.chain(name, chain)),
  ).flat();
}
