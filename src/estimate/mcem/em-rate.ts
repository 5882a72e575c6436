// How EM contracts: the derivative of the EM map at a fixed point, by the draws.
import { Matrix } from 'ml-matrix';
import type { Integrand } from '../../likelihood/integrand.js';
import type { Parameters } from '../../model/parameters.js';
import type { ParameterSpace } from '../parameter-space.js';
import type { ControlVariates } from './control-variates.js';
import { expandedModel, reach } from './expanded-model.js';
import type { WeighedDraws } from './weigh.js';

/**
 * d M(theta) / d theta over the free parameters, M one iteration of EM, at `parameters` near its fixed point. The posterior
 * of z changes with theta as its score D does, so the gradient of Q moves by Cov(g, D), and M by the reach of that
 * (Dempster, Laird and Rubin 1977, section 3: the fraction of missing information). The draws must have been weighed at
 * `parameters`. Undefined where Q's Hessian is not negative definite.
 */
export function emRate(
  integrand: Integrand,
  space: ParameterSpace,
  parameters: Parameters,
  draws: WeighedDraws,
  controls: ControlVariates,
  direction: Float64Array | undefined,
  expanded: boolean,
): Matrix | undefined {
  const { free } = space;
  const p = parameters.beta.length;
  const at = { fitted: parameters, law: { mean: 0, scale: 1 } };
  const model = expandedModel(integrand, at, draws, controls);
  const to = reach(space, at, model, direction, expanded);
  if (!to) return undefined;
  const { size, spread, hessian } = model;
  const { moved, matrix } = to;
  const rate = Matrix.zeros(free.length, free.length);
  free.forEach((k, b) => {
    // The textbook M-step leaves sigma where it was while it fits the coefficients, and scales it afterwards.
    const held = !expanded && k === p;
    for (let a = 0; a < free.length; a++) {
      let sum = held && a === b ? 1 : 0;
      for (let c = 0; c < moved.length; c++) {
        const direct = held && moved[c] < size - 2 ? hessian[moved[c] * size + p] : 0;
        sum += matrix[a][c] * (spread[moved[c] * size + k] + direct);
      }
      rate.set(a, b, sum);
    }
  });
  return rate;
}
