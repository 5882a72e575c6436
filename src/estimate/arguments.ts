// What is handed in where a model or a fit is due: checked before anything reads it.
import { GlmmcError } from '../../samplers/errors.js';
import { describe } from '../../samplers/options.js';

/** @throws GlmmcError `bad-model` where `value` is not what glmm() gives; `owner` is what people typed */
export function requireModel(owner: string, value: unknown): void {
  if (isObject(value) && ['family', 'coefficientNames', 'clusters'].every((key) => key in value)) return;
  throw new GlmmcError(
    'bad-model',
    `${owner} takes a model as its first argument, found ${found(value)}; make one with glmm(formula, data, { family })`,
  );
}

/** @throws GlmmcError `bad-fit` where `value` is not what fit() resolves to */
export function requireFit(owner: string, value: unknown): void {
  const kind = isObject(value) && !('schema' in value) && 'model' in value && 'kind' in value && value.kind;
  if (kind === 'likelihood' || kind === 'posterior') return;
  throw new GlmmcError(
    'bad-fit',
    `${owner} takes a fit as its first argument, found ${found(value)}; make one with await fit(model, quadrature())`,
  );
}

function found(value: unknown): string {
  if (value instanceof Promise) return 'a promise, which needs await';
  if (!isObject(value)) return describe(value);
  if ('schema' in value) return 'its JSON';
  if ('run' in value) return 'a strategy';
  if ('estimates' in value) return 'a fit';
  return 'clusters' in value ? 'a model' : describe(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
