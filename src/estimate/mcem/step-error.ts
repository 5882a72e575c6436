// The Monte Carlo covariance of one M-step, by the sandwich (Booth and Hobert 1999, section 5).
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import type { ParameterSpace } from '../parameter-space.js';
import type { ControlVariates } from './control-variates.js';
import { expandedModel, reach } from './expanded-model.js';
import type { MStep } from './m-step.js';
import type { WeighedDraws } from './weigh.js';

/** The change that an M-step makes, with its Monte Carlo covariance. */
export interface StepError {
  /** New less old value of the free parameters, in natural units. */
  readonly change: Float64Array;
  /** Monte Carlo covariance of the new ones given the old; zeros where it cannot be known. */
  readonly covariance: Float64Array;
}

/**
 * The M-step maximises an average over the draws, so its Monte Carlo covariance is H^-1 S H^-1, H the Hessian of Q at the
 * maximum and S the covariance of its gradient, which the scatter of the draws' own scores tells. It is taken in the
 * expanded model that the M-step works in and carried over by the delta method. The draws must have been weighed at
 * `previous`.
 */
export function stepError(
  integrand: Integrand,
  space: ParameterSpace,
  previous: Parameters,
  step: MStep,
  draws: WeighedDraws,
  controls: ControlVariates,
  direction: Float64Array | undefined,
  expanded: boolean,
): StepError {
  const { free } = space;
  const flat = ({ beta, sigma, dispersion = 0 }: Parameters): number[] => [...beta, sigma, dispersion];
  const before = flat(previous);
  const after = flat(step.parameters);
  const change = Float64Array.from(free, (k) => after[k] - before[k]);
  const covariance = new Float64Array(free.length ** 2);
  const model = expandedModel(integrand, step, draws, controls);
  const to = reach(space, step, model, direction, expanded);
  if (!to) return { change, covariance };
  const { moved, matrix } = to;
  const { scatter, size } = model;
  for (let a = 0; a < free.length; a++) {
    for (let b = 0; b < free.length; b++) {
      let sum = 0;
      for (let c = 0; c < moved.length; c++) {
        for (let d = 0; d < moved.length; d++) {
          sum += matrix[a][c] * scatter[moved[c] * size + moved[d]] * matrix[b][d];
        }
      }
      covariance[a * free.length + b] = sum;
    }
  }
  return { change, covariance };
}
