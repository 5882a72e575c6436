// Predictions of a posterior fit: the same functions of every draw.
import { mean, quantileSorted, sd, sorted } from '../../../samplers/diagnostics/descriptive.js';
import { rng } from '../../../samplers/rng.js';
import type { PosteriorFit } from '../../estimate/fit.js';
import { PopulationMeans } from '../../likelihood/population-mean.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { parametersOf } from '../log-lik.js';
import type { PredictionScale, PredictionTarget } from './by-delta.js';
import { linearPredictor, type PredictionRows } from './rows.js';
import type { Prediction } from './scale.js';
import { tabulatedMeans } from './tabulated-means.js';

/** Quadrature behind a draw's mean: far below what the draws themselves know. */
const TOLERANCE = 1e-9;
/** More linear predictors than this are read off a polynomial through fewer. */
const MANY = 65;

/** Parameters of the draws that are used, at most `most`, spread evenly over all chains; with where each stands. */
export function chosenDraws(
  fit: PosteriorFit,
  most: number,
): readonly { readonly parameters: Parameters; readonly chain: number; readonly t: number }[] {
  const { chains, iterations } = fit.draws;
  const total = chains * iterations;
  const size = Math.min(total, most);
  const at = Array.from({ length: chains }, (_, c) => parametersOf(fit, c));
  // A column is checked when its first draw is read.
  for (const read of at) read(0);
  return Array.from({ length: size }, (_, k) => {
    const place = Math.floor(((k + 0.5) * total) / size);
    const chain = Math.floor(place / iterations);
    const t = place % iterations;
    return { parameters: at[chain](t), chain, t };
  });
}

/** One prediction a row, in the rows' order; means, sds and quantiles over the draws. */
export function predictByDraws(
  fit: PosteriorFit,
  rows: PredictionRows,
  target: PredictionTarget,
  scale: PredictionScale,
  level: number | undefined,
  most: number,
  seed: number | string,
): Prediction[] {
  const { model, draws } = fit;
  const { link } = model.family;
  const chosen = chosenDraws(fit, most);
  const onLink = scale === 'link';
  const shown = (eta: number): number => (onLink ? eta : link.inverse(eta));
  const ofPattern = new Map<number, Prediction>();
  if (target === 'population') {
    const values = Array.from(rows.first, () => new Float64Array(chosen.length));
    const etas = new Float64Array(rows.first.length);
    chosen.forEach(({ parameters }, k) => {
      rows.first.forEach((r, p) => {
        etas[p] = linearPredictor(rows, parameters.beta, r);
      });
      const marginal = marginalPredictors(model, parameters, etas);
      for (let p = 0; p < etas.length; p++) values[p][k] = onLink ? marginal[p] : link.inverse(marginal[p]);
    });
    return Array.from(rows.pattern, (p) => remembered(ofPattern, p, () => summarise(values[p], level)));
  }
  const eps = interceptsOf(fit, chosen, seed);
  return Array.from(rows.pattern, (p, r) => {
    const values = (intercept: (k: number) => number): Prediction =>
      summarise(
        Float64Array.from(chosen, ({ parameters }, k) =>
          shown(linearPredictor(rows, parameters.beta, r) + intercept(k)),
        ),
        level,
      );
    if (target === 'typical') return remembered(ofPattern, p, () => values(() => 0));
    const i = rows.cluster[r];
    if (i < 0) {
      const column = eps(rows.labels[r] ?? '');
      return values((k) => column[k]);
    }
    const columns = Array.from({ length: draws.chains }, (_, c) =>
      draws.chain(`eps[${model.clusterLabels[i]}]`, c),
    );
    return values((k) => columns[chosen[k].chain][chosen[k].t]);
  });
}

/** g of the population means at these linear predictors, NaN where one is missing. */
function marginalPredictors(model: Model, parameters: Parameters, etas: Float64Array): Float64Array {
  const means = new PopulationMeans(model, parameters, TOLERANCE);
  const direct = (eta: number): number => (Number.isNaN(eta) ? eta : means.predictorAt(eta).value);
  if (etas.length < MANY) return etas.map(direct);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const eta of etas) {
    if (eta < low) low = eta;
    if (eta > high) high = eta;
  }
  return etas.map(tabulatedMeans(means, low, high) ?? direct);
}

/** Intercepts of clusters that the fit has not seen: one a draw from F at its parameters, the same for a cluster's rows. */
function interceptsOf(
  { model }: PosteriorFit,
  chosen: readonly { readonly parameters: Parameters }[],
  seed: number | string,
): (label: string) => Float64Array {
  const known = new Map<string, Float64Array>();
  const root = rng(seed).stream('predict');
  return (label) => {
    let column = known.get(label);
    if (!column) {
      const stream = root.stream(`cluster:${label}`);
      column = Float64Array.from(chosen, ({ parameters: { sigma } }) =>
        sigma === 0 ? 0 : sigma * model.randomEffect.draw(stream, sigma),
      );
      known.set(label, column);
    }
    return column;
  };
}

function remembered<K, T>(known: Map<K, T>, key: K, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
}

/** Mean, sd and equal-tailed interval of draws. */
export function summarise(values: Float64Array, level: number | undefined): Prediction {
  const row = { estimate: mean(values), standardError: sd(values) };
  if (level === undefined) return row;
  const inOrder = sorted(values);
  const tail = (1 - level) / 2;
  return { ...row, lower: quantileSorted(inOrder, tail), upper: quantileSorted(inOrder, 1 - tail) };
}
