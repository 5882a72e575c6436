// Options checked at run time: unknown names are refused with the nearest known one, values with what was expected.
import * as v from 'valibot';
import { didYouMean, GlmmcError } from './errors.js';

type Entries = Record<string, v.GenericSchema>;

/**
 * Checks `options` against `entries` and fills in the defaults of `v.optional(schema, default)`.
 * `owner` is what people typed, as in `gibbs()`.
 * @throws GlmmcError `unknown-option` or `bad-option`
 */
export function checkOptions<const E extends Entries>(
  owner: string,
  entries: E,
  options: unknown,
): v.InferOutput<v.ObjectSchema<E, undefined>> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new GlmmcError(
      'bad-option',
      `${owner} takes its options as one object, found ${describe(options)}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!(name in entries)) {
      throw new GlmmcError(
        'unknown-option',
        `${owner} has no option '${name}'${didYouMean(name, Object.keys(entries))}`,
      );
    }
  }
  const result = v.safeParse(v.object(entries), options);
  if (!result.success) {
    const path = v.getDotPath(result.issues[0]) ?? '';
    const issue = missing(entries, options, path) ?? result.issues[0];
    const expected = issue.message.startsWith('Invalid')
      ? (issue.expected ?? 'another value')
      : issue.message;
    throw new GlmmcError(
      'bad-option',
      `${owner}: ${path} must be ${expected}, found ${describe(issue.input, path)}`,
    );
  }
  return result.output;
}

/** valibot says of an absent key only that it is absent; what should stand there is for its own schema to say. */
function missing(entries: Entries, options: object, name: string): v.BaseIssue<unknown> | undefined {
  return name in options || !Object.hasOwn(entries, name)
    ? undefined
    : v.safeParse(entries[name], undefined).issues?.[0];
}

/** A value as messages show it; `name` is the option's, which JavaScript gives to functions without one. */
export function describe(value: unknown, name = ''): string {
  if (typeof value === 'function') {
    const nameless = value.name === '' || value.name === name;
    return nameless ? 'a function' : `the function ${value.name}; write ${value.name}()`;
  }
  return typeof value === 'string'
    ? `'${value}'`
    : typeof value === 'object' && value !== null
      ? `an ${Array.isArray(value) ? 'array' : 'object'}`
      : String(value);
}

/** A whole number of at least `least` (and at most `most`). */
export function count(least: number, most: number = Number.MAX_SAFE_INTEGER): v.GenericSchema<number> {
  const expected =
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number >= ${least}`
      : `a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(expected),
    v.check((x) => Number.isInteger(x) && x >= least && x <= most, expected),
  );
}

/** What seeds streams. */
export function anySeed(): v.GenericSchema<number | string> {
  const expected = 'a finite number, or a text that is not empty';
  return v.custom<number | string>(
    (x) => Number.isFinite(x) || (typeof x === 'string' && x !== ''),
    expected,
  );
}

/** A finite number above 0. */
export function positive(): v.GenericSchema<number> {
  return v.pipe(
    v.number('a number > 0'),
    v.check((x) => Number.isFinite(x) && x > 0, 'a number > 0'),
  );
}

/** A number strictly between `lo` and `hi`. */
export function between(lo: number, hi: number): v.GenericSchema<number> {
  const expected = `a number between ${lo} and ${hi}`;
  return v.pipe(
    v.number(expected),
    v.check((x) => x > lo && x < hi, expected),
  );
}

/** What ends a run before its time. */
export function abortSignal(): v.GenericSchema<AbortSignal> {
  return v.instance(AbortSignal, 'an AbortSignal');
}

/** A function that is told of something. */
export function listener<T>(): v.GenericSchema<(told: T) => void> {
  return v.custom<(told: T) => void>((x) => typeof x === 'function', 'a function');
}
