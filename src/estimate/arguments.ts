// What is handed in where a fit is due: checked before anything reads it.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { isObject, whatIs } from '../model/arguments.js';
import { someOf } from '../model/finding.js';
import type { Parameters } from '../model/parameters.js';
import type { Fit } from './fit.js';
import type { FixedParameters } from './parameter-space.js';

/** @throws GlmmcError `bad-fit` where `value` is not what fit() resolves to */
export function requireFit(owner: string, value: unknown): void {
  const kind = isObject(value) && !('schema' in value) && 'model' in value && 'kind' in value && value.kind;
  if (kind === 'likelihood' || kind === 'posterior') return;
  throw new GlmmcError(
    'bad-fit',
    `${owner} takes a fit as its first argument, found ${whatIs(value)}; make one with await fit(model, quadrature())`,
  );
}

/** Whether a fit is by pql() or mql(), whose estimates maximise no likelihood. */
export function isQuasiLikelihood({ strategy }: Pick<Fit, 'strategy'>): boolean {
  return /^[pm]ql/.test(strategy);
}

/** Whether every parameter has a value: fixedEffects() has none for terms that it cannot tell. */
export function isEstimated({ beta, sigma }: Parameters): boolean {
  return beta.every((value) => !Number.isNaN(value)) && !Number.isNaN(sigma);
}

/** @throws GlmmcError `bad-fit`; `not-identified` where the fit has no estimate of some parameter */
export function requireEstimatedFit(owner: string, value: unknown): void {
  requireFit(owner, value);
  const { kind, parameters, estimates, strategy } = value as Fit;
  if (kind === 'posterior' || isEstimated(parameters)) return;
  const missing = estimates.filter((estimate) => Number.isNaN(estimate.value)).map(({ name }) => name);
  throw new GlmmcError(
    'not-identified',
    `${owner} needs a value of every parameter, and this fit by ${strategy} has none of ${someOf(missing)}; use a fit by quadrature()`,
  );
}

/** The option `fixed`; what stands in it is checked against the model. */
export function fixedParameters(): v.GenericSchema<FixedParameters> {
  return v.custom<FixedParameters>(isObject, '{ sigma?, beta? }');
}
