// Draws as one long table in the shape of Arrow's: what table libraries, plots and glmm() itself read.
import { type Draws, requireDraws } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';

/** A column: Arrow's `Vector`, as far as readers of tables ask for it. */
export interface ArrowColumn {
  readonly length: number;
  readonly nullCount: 0;
  /** The value in a row, counted from 0. */
  get(row: number): number;
  /** All values; the caller's own to change. */
  toArray(): Float64Array;
}

/** A table: Arrow's `Table`, as far as readers of tables ask for it. A `DataSource`. */
export interface ArrowTable {
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  readonly numRows: number;
  /** null for a name that the schema does not have. */
  getChild(name: string): ArrowColumn | null;
}

/** The columns before the variables, as in the `draws_df` of the R package posterior; all count from 1. */
const INDICES = ['.chain', '.iteration', '.draw'] as const;

/**
 * The draws as a table, one row a draw, chain after chain: columns `.chain`, `.iteration`, `.draw` (from 1, as in
 * posterior's `draws_df`), then the variables in their order, all of 64-bit floats without nulls. It has the shape that
 * readers of Arrow tables ask for (`schema.fields[].name`, `numRows`, `getChild(name).get(row)` and `.toArray()`), needs no
 * dependency, and copies nothing until `toArray()`.
 * @throws GlmmcError `bad-draws` for something else, or for a variable with the name of an index column
 */
export function toArrow(draws: Draws): ArrowTable {
  requireDraws('toArrow()', draws);
  const { variables, chains, iterations } = draws;
  const taken = INDICES.find((name) => variables.includes(name));
  if (taken) {
    throw new GlmmcError(
      'bad-draws',
      `toArrow(): the name '${taken}' is that of an index column; rename the variable`,
    );
  }
  const numRows = chains * iterations;
  const indices: Record<string, (row: number) => number> = {
    '.chain': (row) => Math.floor(row / iterations) + 1,
    '.iteration': (row) => (row % iterations) + 1,
    '.draw': (row) => row + 1,
  };
  const column = (get: (row: number) => number): ArrowColumn => ({
    length: numRows,
    nullCount: 0,
    get,
    toArray: () => Float64Array.from({ length: numRows }, (_, row) => get(row)),
  });
  return {
    schema: { fields: [...INDICES, ...variables].map((name) => ({ name })) },
    numRows,
    getChild(name) {
      if (Object.hasOwn(indices, name)) return column(indices[name]);
      if (!variables.includes(name)) return null;
      const blocks = Array.from({ length: chains }, (_, c) => draws.chain(name, c));
      return column((row) => blocks[Math.floor(row / iterations)][row % iterations]);
    },
  };
}
