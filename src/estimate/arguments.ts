// What is handed in where a fit is due: checked before anything reads it.
import { GlmmcError } from '../../samplers/errors.js';
import { isObject, whatIs } from '../model/arguments.js';
import type { Fit } from './fit.js';

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
