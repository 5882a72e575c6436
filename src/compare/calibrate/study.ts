// One replication: data that depend on the seed and its number alone, and every strategy tried on them.
import { rng } from '../../../samplers/rng.js';
import type { Strategy } from '../../estimate/fit.js';
import type { FixedParameters } from '../../estimate/parameter-space.js';
import { type Model, withResponse } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { ResponseDraws } from '../../model/response-draws.js';
import { possibleResponses } from '../possible-responses.js';
import { type Trial, tryOut } from './replicate.js';

/** What the data are made from. */
export interface Truth {
  readonly parameters: Parameters;
  readonly fixed: FixedParameters;
  readonly seed: number | string;
}

export class Study {
  private readonly model: Model;
  private readonly truth: Truth;
  private readonly responses: ResponseDraws;

  /** @throws GlmmcError `bad-weights`, `no-draws` */
  constructor(model: Model, truth: Truth) {
    this.model = model;
    this.truth = truth;
    this.responses = new ResponseDraws('calibrate()', model);
  }

  /** The model with the data of replication r; undefined where they are not finite. */
  simulated(r: number): Model | undefined {
    const { model, responses } = this;
    const { parameters, seed } = this.truth;
    const stream = rng(seed).stream('calibrate').stream(`replication:${r}`);
    const y = possibleResponses(() => {
      const eps = responses.intercepts(stream, parameters, new Float64Array(model.clusterLabels.length));
      return responses.responses(stream, parameters, eps);
    });
    return y && withResponse(model, y);
  }

  /** A strategy tried on the data of replication r. */
  tryOut(
    simulated: Model,
    r: number,
    strategy: Strategy,
    workers: number,
    signal?: AbortSignal,
  ): Promise<Trial> {
    const { fixed, seed } = this.truth;
    return tryOut(simulated, strategy, {
      fixed,
      seed: `${seed}/calibrate/${r}`,
      workers,
      ...(signal && { signal }),
    });
  }
}
