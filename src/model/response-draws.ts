// New responses for a model's own rows: intercepts from their distribution, responses from the family.
import { GlmmcError } from '../../samplers/errors.js';
import type { Stream } from '../../samplers/rng.js';
import type { Model } from './model.js';
import type { Parameters } from './parameters.js';

/** Draws responses for the design of one model. */
export class ResponseDraws {
  private readonly model: Model;
  private readonly drawOne: NonNullable<Model['family']['draw']>;

  /**
   * @throws GlmmcError `no-draws` for a custom family without `draw`; `bad-weights` for weights, which say how often a
   *   row counts, and not how others like it might have come out
   */
  constructor(owner: string, model: Model) {
    const { family, clusters, design } = model;
    if (!family.draw) {
      throw new GlmmcError(
        'no-draws',
        `${owner} needs responses drawn from the family '${family.name}', of which the density alone is known; give customFamily() draw: (rng, eta, trials, dispersion) => ...`,
      );
    }
    this.model = model;
    this.drawOne = family.draw;
    for (const [what, weights] of [
      ['weights', clusters.weights],
      ['clusterWeights', clusters.clusterWeights],
    ] as const) {
      const weighted = weights.find((w) => w !== 1);
      if (weighted === undefined) continue;
      throw new GlmmcError(
        'bad-weights',
        `${owner} draws a response for every row of data, and a weight stands for rows that are not there: expected a model without ${what}, found the weight ${weighted} among its ${design.rows} rows; give the data in long form`,
      );
    }
  }

  /** eps_1 .. eps_m from F(., sigma). */
  intercepts(stream: Stream, { sigma, shape }: Parameters, out: Float64Array): Float64Array {
    const { randomEffect } = this.model;
    for (let i = 0; i < out.length; i++) {
      out[i] = sigma === 0 ? 0 : sigma * randomEffect.draw(stream, sigma, shape);
    }
    return out;
  }

  /** Responses given the intercepts, in the order of the design's rows. */
  responses(stream: Stream, { beta, dispersion = 1 }: Parameters, eps: Float64Array): Float64Array {
    const { design } = this.model;
    const { rows, columns, x, offset, trials, cluster } = design;
    const y = new Float64Array(rows);
    for (let r = 0; r < rows; r++) {
      let eta = (offset?.[r] ?? 0) + eps[cluster[r]];
      for (let j = 0; j < columns; j++) eta += x[r * columns + j] * beta[j];
      y[r] = this.drawOne(stream, eta, trials?.[r] ?? 1, dispersion);
    }
    return y;
  }
}
