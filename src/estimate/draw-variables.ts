// The names of what posterior draws hold, in the order of the contract.
import type { Model } from '../model/model.js';

/** Coefficients, `sigma`, `dispersion` where the family has one, `lp__`, and `eps[label]` of every cluster. */
export function drawVariables(model: Model): string[] {
  return [
    ...model.coefficientNames,
    'sigma',
    ...(model.family.dispersion ? ['dispersion'] : []),
    'lp__',
    ...model.clusterLabels.map((label) => `eps[${label}]`),
  ];
}
