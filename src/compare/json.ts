// A comparison as plain data.
import type { Comparison } from './compare.js';

/** Version of the layout below; it grows by one when a field changes its meaning or goes. */
const VERSION = 1;

/** Everything but the data and the draws, JSON.parse-able; numbers that are not finite become null on the way. */
export function comparisonJson(comparison: Comparison): unknown {
  const { model, seed, rows, reference, posteriors } = comparison;
  return {
    schema: 'glmmc/comparison',
    version: VERSION,
    formula: model.formula,
    seed,
    reference: reference.toJSON(),
    posteriors: posteriors.map(({ posterior, rows: held }) => ({
      ...posterior,
      strategies: held.map((row) => row.strategy),
    })),
    rows: rows.map(({ fit, ...row }) => ({ ...row, settings: fit?.settings ?? null })),
  };
}
