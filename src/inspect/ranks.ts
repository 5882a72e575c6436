// ranks(): the order of the clusters and how sure it is: league tables with the probability of every place.
import { quantileSorted, sorted } from '../../samplers/diagnostics/descriptive.js';
import { GlmmcError } from '../../samplers/errors.js';
import { describe } from '../../samplers/options.js';
import { table } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit } from '../estimate/fit.js';

/** A cluster's rank among all, 1 the lowest intercept. */
export interface ClusterRank {
  readonly cluster: string;
  /** Posterior mean of the rank: sorting by it loses least squared error (Laird and Louis 1989). */
  readonly mean: number;
  readonly q5: number;
  readonly q50: number;
  readonly q95: number;
}

/** Rows in the order of `model.clusterLabels`, and the probabilities of places. */
export interface Ranks extends ReadonlyArray<ClusterRank> {
  /**
   * P(rank = 1), ..., P(rank = m) of a cluster.
   * @throws GlmmcError `unknown-cluster`
   */
  probabilities(cluster: string): Float64Array;
  /** P(among the k highest), by cluster. @throws GlmmcError `bad-option` */
  top(k: number): Float64Array;
  /** P(among the k lowest), by cluster. @throws GlmmcError `bad-option` */
  bottom(k: number): Float64Array;
  /** The text that people read. */
  toString(): string;
}

/**
 * The ranks of the clusters' intercepts over the draws of a posterior fit, all of them ranked in every draw: what league
 * tables of schools or hospitals should show beside the scores. The place of the posterior mean, for every fit, is in `ranef(fit)`.
 *
 * Source: Goldstein and Spiegelhalter (1996), JRSS A 159; Laird and Louis (1989), Journal of Educational Statistics 14.
 * @throws GlmmcError `bad-fit` for likelihood fits, whose intercepts have no joint draws, and for sigma held at 0
 */
export function ranks(fit: Fit): Ranks {
  requireEstimatedFit('ranks()', fit);
  if (fit.kind !== 'posterior') {
    throw new GlmmcError(
      'bad-fit',
      'ranks() takes a posterior fit, in whose draws all clusters vary together with the parameters, found a likelihood fit; use ranef(fit) for the place of each score, or fit by collapsed() or gibbs()',
    );
  }
  if (fit.parameters.sigma === 0) {
    throw new GlmmcError(
      'bad-fit',
      'ranks() of a fit with sigma held at 0: all intercepts are 0, so none comes first',
    );
  }
  const { clusterLabels } = fit.model;
  const m = clusterLabels.length;
  const places = placesOf(fit);
  const draws = places[0].length;
  const rows: ClusterRank[] = clusterLabels.map((cluster, i) => {
    const inOrder = sorted(places[i]);
    return {
      cluster,
      mean: places[i].reduce((sum, place) => sum + place, 0) / draws,
      q5: quantileSorted(inOrder, 0.05),
      q50: quantileSorted(inOrder, 0.5),
      q95: quantileSorted(inOrder, 0.95),
    };
  });
  const share = (i: number, wanted: (place: number) => boolean): number => {
    let found = 0;
    for (const place of places[i]) if (wanted(place)) found++;
    return found / draws;
  };
  const checkCount = (name: string, k: number): void => {
    if (Number.isInteger(k) && k >= 1 && k <= m) return;
    throw new GlmmcError(
      'bad-option',
      `ranks(fit).${name}(k) takes a number of clusters from 1 to ${m}, found ${describe(k)}`,
    );
  };
  const methods: Pick<Ranks, 'probabilities' | 'top' | 'bottom' | 'toString'> = {
    probabilities(cluster) {
      const i = clusterLabels.indexOf(cluster);
      if (i < 0) {
        throw new GlmmcError(
          'unknown-cluster',
          `no cluster '${cluster}' among the ${m} of ${fit.model.clusterName}`,
        );
      }
      const out = new Float64Array(m);
      for (const place of places[i]) out[place - 1] += 1 / draws;
      return out;
    },
    top(k) {
      checkCount('top', k);
      return Float64Array.from(rows, (_, i) => share(i, (place) => place > m - k));
    },
    bottom(k) {
      checkCount('bottom', k);
      return Float64Array.from(rows, (_, i) => share(i, (place) => place <= k));
    },
    toString: () => print(rows, methods),
  };
  for (const [name, value] of Object.entries(methods)) {
    // Not enumerable: for every other purpose this is an array of plain rows.
    Object.defineProperty(rows, name, { value, enumerable: false });
  }
  return rows as unknown as Ranks;
}

/** The rank of every cluster in every draw. */
function placesOf(fit: Fit & { readonly kind: 'posterior' }): Uint32Array[] {
  const { draws, model } = fit;
  const { clusterLabels } = model;
  const places = clusterLabels.map(() => new Uint32Array(draws.chains * draws.iterations));
  const order = Uint32Array.from(clusterLabels, (_, i) => i);
  const values = new Float64Array(clusterLabels.length);
  for (let c = 0; c < draws.chains; c++) {
    const columns = clusterLabels.map((label) => draws.chain(`eps[${label}]`, c));
    for (let t = 0; t < draws.iterations; t++) {
      columns.forEach((column, i) => {
        values[i] = column[t];
      });
      order.sort((a, b) => values[a] - values[b]);
      order.forEach((i, place) => {
        places[i][c * draws.iterations + t] = place + 1;
      });
    }
  }
  return places;
}

function print(rows: readonly ClusterRank[], { top, bottom }: Pick<Ranks, 'top' | 'bottom'>): string {
  const m = rows.length;
  const part = Math.max(1, Math.round(m / 4));
  const [low, high] = [bottom(part), top(part)];
  const order = rows.map((_, i) => i).sort((a, b) => rows[b].mean - rows[a].mean);
  return table(
    ['cluster', 'rank', 'q5', 'q50', 'q95', `P(lowest ${part})`, `P(highest ${part})`],
    order.map((i) => [
      rows[i].cluster,
      rows[i].mean.toFixed(1),
      rows[i].q5.toFixed(1),
      rows[i].q50.toFixed(1),
      rows[i].q95.toFixed(1),
      low[i].toFixed(2),
      high[i].toFixed(2),
    ]),
  );
}
