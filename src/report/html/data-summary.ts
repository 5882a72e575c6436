// What the data are: rows, clusters, the response.
import { quantile } from '../../../samplers/diagnostics/descriptive.js';
import { digitsFor, formatNumber } from '../../../samplers/text.js';
import type { Design } from '../../data/design.js';
import { familyText } from '../../estimate/summary.js';
import { someOf } from '../../model/finding.js';
import type { Model } from '../../model/model.js';
import { type Html, html } from './markup.js';

export function dataSummary(model: Model): Html {
  const { design, clusters, clusterName, clusterLabels, family, randomEffect } = model;
  const sizes = Array.from({ length: clusters.count }, (_, k) => clusters.starts[k + 1] - clusters.starts[k]);
  // Of rows that were merged in a database neither the clusters' sizes nor single responses are known.
  const merged = design.dataRows !== undefined;
  const standsFor = clusters.clusterWeights.reduce((sum, weight) => sum + weight, 0);
  const [least, median, most] = [0, 0.5, 1].map((p) => formatNumber(quantile(sizes, p), 0));
  const entries: [string, Html | string][] = [
    ['Family', `${familyText(family)}, ${randomEffect.name} intercepts`],
    [
      'Rows used',
      `${formatNumber(design.dataRows ?? design.rows, 0)}${merged ? `, merged into ${design.rows}` : ''}`,
    ],
    ...(design.droppedRows > 0
      ? [
          [
            'Rows dropped',
            `${design.droppedRows}, for missing values in ${someOf(design.droppedColumns)}`,
          ] as [string, string],
        ]
      : []),
    [
      'Clusters',
      html`${merged ? formatNumber(standsFor, 0) : clusterLabels.length} by <code>${clusterName}</code>, ${
        merged
          ? `merged into ${clusterLabels.length}`
          : least === most
            ? `${most} rows each`
            : `${least} to ${most} rows, median ${median}`
      }`,
    ],
    ['Response', html`<code>${design.responseName}</code>: ${responseText(model)}`],
  ];
  return html`<dl>
${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>
`;
}

function responseText({ design, family }: Model): string {
  const { y, trials, rows, responseLevels } = design;
  if (design.dataRows !== undefined) {
    const mean = weightedMean(design);
    return family.name === 'binomial'
      ? `${(100 * mean).toFixed(1)}% successes`
      : `mean ${digitsFor(mean, 0)}`;
  }
  const total = y.reduce((sum, value) => sum + value, 0);
  if (family.name === 'binomial') {
    const all = trials ? trials.reduce((sum, value) => sum + value, 0) : rows;
    const levels = responseLevels ? `, ${responseLevels[1]} against ${responseLevels[0]}` : '';
    return `${total} successes in ${all} trials (${((100 * total) / all).toFixed(1)}%)${levels}`;
  }
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of y) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  // Whole numbers, as counts are, stay whole.
  const text = (x: number): string => (Number.isInteger(x) ? String(x) : digitsFor(x, 0));
  return `mean ${digitsFor(total / rows, 0)}, from ${text(least)} to ${text(most)}`;
}

/** Of merged rows each counts for what it stands for. */
function weightedMean({ y, trials, rows, weights, clusterWeights, cluster }: Design): number {
  let sum = 0;
  let total = 0;
  for (let r = 0; r < rows; r++) {
    const weight = (weights?.[r] ?? 1) * (clusterWeights?.[cluster[r]] ?? 1);
    sum += weight * y[r];
    total += weight * (trials?.[r] ?? 1);
  }
  return sum / total;
}
