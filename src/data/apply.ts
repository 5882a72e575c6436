// The recipe of a design on new data: levels, scale(), center() and poly() as the fit learnt them.
import { GlmmcError } from '../../samplers/errors.js';
import { columnsOf } from './column.js';
import { evaluateRows, type Learnt, type Scope } from './evaluate.js';
import { deparse, type Node } from './formula-tree.js';
import { fillMatrix, modelColumns } from './model-columns.js';
import { type DataSource, toTable } from './table.js';
import type { Terms } from './terms.js';
import { applyVariable, type Variable } from './variables.js';

/** New data through the recipe of a design. A missing value gives NaN in its row. */
export interface AppliedDesign {
  readonly rows: number;
  /** Row-major rows x columns. */
  readonly x: Float64Array;
  readonly offset: Float64Array | undefined;
  /** Cluster label of each row; null where it is missing or the data have no cluster column. */
  readonly cluster: readonly (string | null)[];
}

/** What a design remembers; no rows of the data it was fitted to. */
export interface Recipe {
  readonly formula: string;
  readonly terms: Terms;
  readonly variables: readonly Variable[];
  readonly learnt: Learnt;
  readonly clusterName: string;
  readonly offsets: readonly Node[];
}

/** The variables without their rows, so that a recipe does not keep the data alive. */
export function withoutRows(variable: Variable): Variable {
  return variable.kind === 'numbers'
    ? { ...variable, values: [] }
    : { ...variable, factor: { codes: new Int32Array(0), levels: variable.factor.levels } };
}

/**
 * The design matrix, offset and cluster labels of new data, which need neither response nor cluster column.
 * @throws GlmmcError `unseen-level`, `unknown-column`, `non-finite`, `text-in-arithmetic`, and those of `toTable`
 */
export function applyRecipe(recipe: Recipe, source: DataSource): AppliedDesign {
  const columns = columnsOf(toTable(source));
  const scope: Scope = { formula: recipe.formula, columns, learnt: recipe.learnt };
  const rows = new Int32Array(columns.rows).map((_, i) => i);
  const { terms, clusterName } = recipe;
  const variables = recipe.variables.map((variable, v) =>
    applyVariable(terms.variables[v]!, scope, variable),
  );
  const cluster = columns.has(clusterName) ? columns.factor(clusterName) : undefined;
  return {
    rows: columns.rows,
    x: fillMatrix(modelColumns(variables, terms.terms, terms.intercept), rows),
    offset: sumOffsets(recipe.offsets, scope, rows),
    cluster: Array.from(rows, (i) =>
      cluster === undefined ? null : (cluster.levels[cluster.codes[i]!] ?? null),
    ),
  };
}

/** Sum of the offsets on the rows given, NaN where one is missing; undefined where there are none. */
export function sumOffsets(
  offsets: readonly Node[],
  scope: Scope,
  rows: Int32Array,
): Float64Array | undefined {
  if (offsets.length === 0) return undefined;
  const total = new Float64Array(rows.length);
  for (const node of offsets) {
    const values = evaluateRows(node, scope);
    for (let i = 0; i < rows.length; i++) {
      total[i]! += values[rows[i]!]!;
      if (total[i] === Infinity || total[i] === -Infinity) {
        throw new GlmmcError(
          'non-finite',
          `offset ${deparse(node)} must be finite, found ${values[rows[i]!]} in row ${rows[i]! + 1} of the data`,
        );
      }
    }
  }
  return total;
}
