// The generalised linear model without intercepts (sigma = 0), by IRLS: where every strategy starts.

import { linearPredictors } from '../likelihood/integrand.js';
import type { Clusters } from '../model/clusters.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { choleskyInPlace, choleskySolve } from '../numeric/cholesky.js';

/**
 * Coefficients after the first weighted least-squares step from the family's starting means
 * (McCullagh and Nelder 1989, section 2.5), and the dispersion they leave; sigma = 0.
 */
export function pooledStart(model: Model, clusters: Clusters = model.clusters): Parameters {
  const { family } = model;
  const { rows, columns, x, y, trials, offset, weights } = clusters;
  const { link } = family;
  const matrix = new Float64Array(columns * columns);
  const beta = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    const mean = family.startingMean(y[r], trials[r]);
    const eta = link.apply(mean);
    // For canonical links the slope is the variance, the exact weight; for the others it is near enough for a start.
    const weight = weights[r] * trials[r] * link.derivative(eta);
    if (!(weight > 0)) continue;
    const base = r * columns;
    for (let a = 0; a < columns; a++) {
      const xa = weight * x[base + a];
      beta[a] += xa * (eta - offset[r]);
      for (let b = 0; b <= a; b++) matrix[a * columns + b] += xa * x[base + b];
    }
  }
  if (choleskyInPlace(matrix, columns)) choleskySolve(matrix, columns, beta);
  else beta.fill(0);
  if (!family.dispersion) return { beta, sigma: 0 };
  const eta = new Float64Array(rows);
  linearPredictors(clusters, beta, eta);
  const dispersion = family.dispersion.start(
    y,
    eta.map((value) => link.inverse(value)),
  );
  return { beta, sigma: 0, dispersion: dispersion > 0 ? dispersion : 1 };
}
