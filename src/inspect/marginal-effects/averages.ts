// Average predictions over the rows of a table, and functions of several of them, with their errors.
import type { Table } from '../../data/table.js';
import type { Fit, LikelihoodFit } from '../../estimate/fit.js';
import { PopulationMeans } from '../../likelihood/population-mean.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { DeltaMethod } from '../delta.js';
import { chosenDraws, summarise } from '../predict/by-draws.js';
import { linearPredictor, type PredictionRows, predictionRows } from '../predict/rows.js';
import { halfWidth } from '../predict/scale.js';

/** Whose mean response is averaged: with the intercepts integrated out, or of the cluster with eps = 0. */
export type AverageTarget = 'population' | 'typical';

/** The mean response averaged over rows: at the estimates with its gradient, or at every draw. */
export type Averaged =
  | { readonly kind: 'likelihood'; readonly value: number; readonly gradient: Float64Array }
  | { readonly kind: 'posterior'; readonly values: Float64Array };

export interface Summary {
  readonly estimate: number;
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
}

/** A function of averages, with its slopes in them. */
export interface Combination {
  readonly value: (averages: readonly number[]) => number;
  readonly slopes: (averages: readonly number[]) => readonly number[];
  /** Intervals are normal on this scale of the value, and carried back. */
  readonly scale?: {
    readonly apply: (x: number) => number;
    readonly inverse: (x: number) => number;
    readonly slope: (x: number) => number;
  };
}

export const LOG_SCALE: Required<Combination>['scale'] = {
  apply: Math.log,
  inverse: Math.exp,
  slope: (x) => 1 / x,
};

export class Averages {
  private readonly model: Model;
  private readonly fit: Fit;
  private readonly target: AverageTarget;
  private readonly at: readonly { readonly parameters: Parameters; readonly means: PopulationMeans }[];
  private readonly delta: DeltaMethod | undefined;

  constructor(fit: Fit, target: AverageTarget, draws: number) {
    this.fit = fit;
    this.model = fit.model;
    this.target = target;
    const exact = fit.kind === 'likelihood';
    const places = exact ? [fit.parameters] : chosenDraws(fit, draws).map(({ parameters }) => parameters);
    this.at = places.map((parameters) => ({
      parameters,
      means: new PopulationMeans(fit.model, parameters, exact ? 1e-13 : 1e-9),
    }));
    this.delta = exact ? new DeltaMethod(fit as LikelihoodFit) : undefined;
  }

  /** Rows that lack a value are left out of the average. */
  of(table: Table): Averaged {
    const rows = predictionRows(this.model, table);
    const counts = new Float64Array(rows.first.length);
    for (const p of rows.pattern) counts[p]++;
    if (this.delta) return this.atEstimates(rows, counts);
    const values = Float64Array.from(this.at, ({ parameters, means }) => {
      let sum = 0;
      let total = 0;
      rows.first.forEach((r, p) => {
        const eta = linearPredictor(rows, parameters.beta, r);
        if (Number.isNaN(eta)) return;
        sum +=
          counts[p] * (this.target === 'typical' ? this.model.family.link.inverse(eta) : means.at(eta).mean);
        total += counts[p];
      });
      return sum / total;
    });
    return { kind: 'posterior', values };
  }

  private atEstimates(rows: PredictionRows, counts: Float64Array): Averaged {
    const [{ parameters, means }] = this.at;
    const { link } = this.model.family;
    const p = parameters.beta.length;
    const gradient = new Float64Array(this.delta!.size);
    let sum = 0;
    let total = 0;
    rows.first.forEach((r, pattern) => {
      const eta = linearPredictor(rows, parameters.beta, r);
      if (Number.isNaN(eta)) return;
      const weight = counts[pattern];
      const { mean, slope, sigmaSlope } =
        this.target === 'typical'
          ? { mean: link.inverse(eta), slope: link.derivative(eta), sigmaSlope: 0 }
          : means.at(eta);
      sum += weight * mean;
      total += weight;
      for (let j = 0; j < p; j++) gradient[j] += weight * slope * rows.x[r * p + j];
      gradient[p] += weight * sigmaSlope;
    });
    return { kind: 'likelihood', value: sum / total, gradient: gradient.map((g) => g / total) };
  }

  /** A function of averages with its error and interval: by the delta method, or over the draws. */
  combine(parts: readonly Averaged[], { value, slopes, scale }: Combination, level: number): Summary {
    if (this.fit.kind === 'posterior') {
      const columns = parts.map((part) => (part.kind === 'posterior' ? part.values : new Float64Array(0)));
      const values = columns[0].map((_, k) => value(columns.map((column) => column[k])));
      const { estimate, standardError, lower, upper } = summarise(values, level);
      return { estimate, standardError, lower: lower!, upper: upper! };
    }
    const at = parts.map((part) => (part.kind === 'likelihood' ? part.value : Number.NaN));
    const estimate = value(at);
    const along = slopes(at);
    const gradient = new Float64Array(this.delta!.size);
    parts.forEach((part, k) => {
      if (part.kind === 'likelihood')
        for (let a = 0; a < gradient.length; a++) gradient[a] += along[k] * part.gradient[a];
    });
    const standardError = Math.sqrt(this.delta!.variance(gradient));
    const half = halfWidth(level) * standardError;
    if (!scale) return { estimate, standardError, lower: estimate - half, upper: estimate + half };
    const center = scale.apply(estimate);
    // An average at the end of its range (0, 1) does not move, though the scale ends there.
    const width = half === 0 ? 0 : half * Math.abs(scale.slope(estimate));
    return {
      estimate,
      standardError,
      lower: scale.inverse(center - width),
      upper: scale.inverse(center + width),
    };
  }
}
