// What is handed in where a model is due: checked before anything reads it.
import { GlmmcError } from '../../samplers/errors.js';
import { describe } from '../../samplers/options.js';

/** @throws GlmmcError `bad-model` where `value` is not what glmm() gives; `owner` is what people typed */
export function requireModel(owner: string, value: unknown): void {
  if (isObject(value) && ['family', 'coefficientNames', 'clusters'].every((key) => key in value)) return;
  throw new GlmmcError(
    'bad-model',
    `${owner} takes a model as its first argument, found ${whatIs(value)}; make one with glmm(formula, data, { family })`,
  );
}

/** What people handed in, in the words of this package. */
export function whatIs(value: unknown): string {
  if (value instanceof Promise) return 'a promise, which needs await';
  if (!isObject(value)) return describe(value);
  if ('schema' in value) return 'its JSON';
  if ('run' in value) return 'a strategy';
  if ('estimates' in value) return 'a fit';
  return 'clusters' in value ? 'a model' : describe(value);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
