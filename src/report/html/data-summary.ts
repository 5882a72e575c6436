// What the data are: rows, clusters, the response.
import { quantile } from '../../../samplers/diagnostics/descriptive.js';
import { digitsFor, formatNumber } from '../../../samplers/text.js';
import { familyText } from '../../estimate/summary.js';
import { someOf } from '../../model/finding.js';
import type { Model } from '../../model/model.js';
import { type Html, html } from './markup.js';

export function dataSummary(model: Model): Html {
  const { design, clusters, clusterName, clusterLabels, family, randomEffect } = model;
  const sizes = Array.from({ length: clusters.count }, (_, k) => clusters.starts[k + 1] - clusters.starts[k]);
  const [least, median, most] = [0, 0.5, 1].map((p) => formatNumber(quantile(sizes, p), 0));
  const entries: [string, Html | string][] = [
    ['Family', `${familyText(family)}, ${randomEffect.name} intercepts`],
    ['Rows used', formatNumber(design.rows, 0)],
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
      html`${clusterLabels.length} by <code>${clusterName}</code>, ${
        least === most ? `${most} rows each` : `${least} to ${most} rows, median ${median}`
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
