// The clusters' intercepts as a table: all of few, the extremes of many, every one of them in the CSV.
import { digitsFor } from '../../../samplers/text.js';
import type { Fit } from '../../estimate/fit.js';
import type { RandomIntercepts } from '../../inspect/ranef.js';
import { chosenClusters } from '../plots/caterpillar.js';
import { type Html, html } from './markup.js';
import { dataTable } from './table.js';

/** Of which a third, those between, are left to the plot and the CSV. */
const MOST_ROWS = 30;
/** More clusters than this make a page too heavy: the CSV then has as many, evenly from lowest to highest. */
const MOST_CSV_ROWS = 10_000;

export function clusterTable(fit: Fit, intercepts: RandomIntercepts): Html {
  const { clusterName } = fit.model;
  const all = intercepts.length;
  const shown = chosenClusters(intercepts, MOST_ROWS)
    .filter(([group]) => !group.startsWith('between'))
    .flatMap(([, rows]) => rows);
  const saved =
    all <= MOST_CSV_ROWS ? intercepts : chosenClusters(intercepts, MOST_CSV_ROWS).flatMap(([, rows]) => rows);
  return dataTable({
    id: 'intercepts',
    caption: `Intercepts of ${clusterName}${all > shown.length ? `: the ${shown.length} most extreme of ${all}` : ''}`,
    header: ['Cluster', 'Rank', 'Mean', 'sd', 'sd total', '5%', '95%'],
    rows: shown.map(({ cluster, rank, mean, sd, sdTotal, q5, q95 }) => {
      const number = (x: number): string => digitsFor(x, sdTotal / 100);
      return [cluster, String(rank), ...[mean, sd, sdTotal, q5, q95].map(number)];
    }),
    csv: {
      header: ['cluster', 'rank', 'mean', 'mode', 'sd', 'sd_total', 'q5', 'q95'],
      rows: saved.map(({ cluster, rank, mean, mode, sd, sdTotal, q5, q95 }) => [
        ...[cluster, rank, mean, mode, sd, sdTotal, q5, q95],
      ]),
    },
    note: html`<em>sd total</em> adds the parameters’ error.${
      saved.length < all
        ? ` The CSV has ${saved.length} of ${all} clusters: the lowest, the highest, and others evenly between.`
        : all > shown.length && ' The CSV has all clusters.'
    }`,
  });
}
