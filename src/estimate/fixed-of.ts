// What a fit held fixed, as fit() was told it: for fits again under the same conditions.
import type { FitBase } from './fit.js';
import type { FixedParameters } from './parameter-space.js';

export function fixedOf({ fixed, model, parameters }: FitBase): FixedParameters {
  const beta = model.coefficientNames.flatMap((name, j) =>
    fixed.includes(name) ? [[name, parameters.beta[j]] as const] : [],
  );
  return {
    ...(fixed.includes('sigma') && { sigma: parameters.sigma }),
    ...(beta.length > 0 && { beta: Object.fromEntries(beta) }),
  };
}
