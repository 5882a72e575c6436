// The options of readers of columnar files: which columns, and what to do with large integers.
import * as v from 'valibot';
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import type { BigIntegers } from './cell-column.js';

/** Options of `readParquet()`, `readArrow()` and `readData()`. */
export interface ColumnarOptions {
  /** The columns to read, in this order; all where left out. */
  readonly columns?: readonly string[];
  /** Whole numbers beyond 2^53, which doubles cannot hold: refused (default), or their column read as text. */
  readonly bigIntegers?: BigIntegers;
}

export interface CheckedColumnarOptions {
  readonly columns: readonly string[] | undefined;
  readonly bigIntegers: BigIntegers;
}

/** @throws GlmmcError `unknown-option`, `bad-option` */
export function checkColumnar(owner: string, options: ColumnarOptions): CheckedColumnarOptions {
  const { columns, bigIntegers } = checkOptions(
    owner,
    {
      columns: columnList(),
      bigIntegers: v.optional(v.picklist(['refuse', 'text'], "'refuse' or 'text'"), 'refuse'),
    },
    options,
  );
  return { columns, bigIntegers };
}

/** The schema of the option `columns`; a name given twice counts once. */
export function columnList(): v.GenericSchema<readonly string[] | undefined> {
  const expected = 'a list of at least one name of a column';
  return v.optional(
    v.pipe(
      v.custom<readonly string[]>(
        (names) =>
          Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string'),
        expected,
      ),
      v.transform((names) => [...new Set(names)]),
    ),
  ) as v.GenericSchema<readonly string[] | undefined>;
}

/** The columns asked for, all where none are named. @throws GlmmcError `unknown-column`, `duplicate-columns`, `empty-data` */
export function chooseColumns(
  source: string,
  names: readonly string[],
  rows: number,
  asked: readonly string[] | undefined,
): readonly string[] {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new GlmmcError('duplicate-columns', `${source}: two columns are called '${repeated}'; rename one`);
  }
  const unknown = asked?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new GlmmcError(
      'unknown-column',
      `${source} has no column '${unknown}'${didYouMean(unknown, names)}`,
    );
  }
  if (names.length === 0 || rows === 0) {
    throw new GlmmcError(
      'empty-data',
      `${source} must have at least one column and one row, found ${rows} rows`,
    );
  }
  return asked ?? names;
}
