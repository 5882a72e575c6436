// From a formula and data to what a model is fitted to: response, design matrix, offset, weights, clusters.
import { GlmmcError } from '../../samplers/errors.js';
import { type AppliedDesign, applyRecipe, type Recipe, sumOffsets, withoutRows } from './apply.js';
import { clusterColumn, readClusters, readClusterWeights, readWeights } from './cluster.js';
import { type Columns, columnsOf } from './column.js';
import { type Covariate, summariseCovariates } from './covariates.js';
import { learnNothing, type Scope } from './evaluate.js';
import { columnExtents } from './extent.js';
import { type Formula, parseFormula } from './formula-parse.js';
import { formulaError } from './formula-tokens.js';
import { columnsIn, deparse, type Node } from './formula-tree.js';
import { fillMatrix, modelColumns } from './model-columns.js';
import { requireFullRank } from './rank.js';
import { readResponse } from './response.js';
import { keepCompleteRows } from './rows.js';
import { type DataSource, toTable } from './table.js';
import { expandTerms, type Terms } from './terms.js';
import { learnVariable } from './variables.js';

export type { AppliedDesign, Covariate };

/** Columns named beside the formula, and the order of levels. */
export interface DesignOptions {
  /** Column that multiplies a row's log density. */
  readonly weights?: string | undefined;
  /** Column, constant within a cluster, that multiplies the cluster's log-likelihood. */
  readonly clusterWeights?: string | undefined;
  /** Column added to the linear predictor. */
  readonly offset?: string | undefined;
  /** Levels of categorical columns in order; the first is the reference. */
  readonly levels?: Readonly<Record<string, readonly (string | number | boolean)[]>> | undefined;
}

/** What a formula makes of data; n kept rows, p coefficients, m clusters. */
export interface Design {
  /** As typed, white space normalised. */
  readonly formula: string;
  /** Names and order of R's `model.matrix`. */
  readonly coefficientNames: readonly string[];
  /** n, after rows with missing values were dropped. */
  readonly rows: number;
  /** p; may be 0. */
  readonly columns: number;
  /** Row-major n x p, rows in the order of the data. */
  readonly x: Float64Array;
  /** p: the largest |x| of each column. */
  readonly extent: Float64Array;
  /** The response; successes for binomial counts. */
  readonly y: Float64Array;
  /** For `cbind()` and `| trials()`; undefined for a plain response. */
  readonly trials: Float64Array | undefined;
  /** Sum of the formula's `offset()` terms and the offset column. */
  readonly offset: Float64Array | undefined;
  readonly weights: Float64Array | undefined;
  /** One a cluster, in the order of `clusterLabels`. */
  readonly clusterWeights: Float64Array | undefined;
  /** n indices into `clusterLabels`. */
  readonly cluster: Int32Array;
  readonly clusterLabels: readonly string[];
  readonly clusterName: string;
  /** Index in the data (from 0) of each kept row. */
  readonly keptRows: Int32Array;
  readonly droppedRows: number;
  /** Of rows that were merged in a database: how many these were. */
  readonly dataRows?: number;
  /** Columns whose missing values dropped rows. */
  readonly droppedColumns: readonly string[];
  readonly responseName: string;
  /** For a text or boolean response: [failure, success], coded 0 and 1. */
  readonly responseLevels: readonly [string, string] | undefined;
  /** The columns of the data that terms and offsets use. */
  readonly covariates: readonly Covariate[];
  /** The same recipe on new data: levels, `scale()`, `center()` and `poly()` as they were learnt. */
  apply(source: DataSource): AppliedDesign;
}

/**
 * Reads the formula, drops rows with missing values in the columns it uses, and builds the design.
 * Coding, names and order are those of R's `model.matrix` with treatment contrasts; `scale()`, `center()` and
 * `poly()` learn from every row where their argument is known, as in R.
 * @throws GlmmcError `formula-syntax`, `several-random-terms`, `unsupported-random-term`, `unknown-function`,
 * `bad-formula`, `bad-poly` (these with the place), `no-random-term`, `unknown-column`, `text-in-arithmetic`, `numbers-as-text`,
 * `constant-column`, `bad-levels`, `one-level`, `no-rows`, `non-finite`, `bad-response`, `negative-count`,
 * `trials-below-successes`, `bad-weights`, `cluster-weights-vary`, `one-cluster`, `rank-deficient`,
 * and those of `toTable`
 */
export function buildDesign(formula: string, source: DataSource, options: DesignOptions = {}): Design {
  const parsed = parseFormula(formula);
  const clusterName = clusterColumn(parsed);
  const terms = expandTerms(parsed);
  const columns = columnsOf(toTable(source));
  const levels = options.levels ?? {};
  const used = usedColumns(parsed, terms, clusterName, options);
  const { kept, dropped, droppedBy } = keepCompleteRows(columns, used, [
    options.weights,
    options.clusterWeights,
  ]);
  const learnt = learnNothing();
  const scope: Scope = { formula: parsed.text, columns, learnt };

  const response = readResponse(parsed.text, parsed.response, scope, kept, levels);
  const again = terms.variables.find((node) => deparse(node) === response.name);
  if (again !== undefined) {
    throw formulaError(
      'bad-formula',
      parsed.text,
      again.start,
      `the response ${response.name} also stands among the terms; leave it out there`,
    );
  }
  const variables = terms.variables.map((node) => learnVariable(node, scope, kept, levels));
  refuseIdleLevels(levels, terms, columns);
  const plan = modelColumns(variables, terms.terms, terms.intercept);
  const x = fillMatrix(plan, kept);
  const coefficientNames = plan.map((column) => column.name);
  const offsets = withOffsetColumn(terms.offsets, options.offset);
  const offset = sumOffsets(offsets, scope, kept);
  if (offset?.some(Number.isNaN)) throw undefinedOffset(offset, kept);
  const weights = options.weights === undefined ? undefined : readWeights(columns, options.weights, kept);
  const clusters = readClusters(columns, clusterName, kept);
  const clusterWeights =
    options.clusterWeights === undefined
      ? undefined
      : readClusterWeights(columns, options.clusterWeights, kept, clusters);
  const extent = columnExtents(x, kept.length, plan.length);
  requireFullRank(x, kept.length, coefficientNames, extent);

  return {
    formula: parsed.text,
    coefficientNames,
    rows: kept.length,
    columns: plan.length,
    x,
    extent,
    y: response.y,
    trials: response.trials,
    offset,
    weights,
    clusterWeights,
    cluster: clusters.index,
    clusterLabels: clusters.labels,
    clusterName,
    keptRows: kept,
    droppedRows: dropped,
    droppedColumns: droppedBy,
    responseName: response.name,
    responseLevels: response.levels,
    covariates: summariseCovariates(terms.variables, offsets, columns, kept),
    apply: bindRecipe({
      formula: parsed.text,
      terms,
      variables: variables.map(withoutRows),
      learnt,
      clusterName,
      offsets,
    }),
  };
}

/** Every column the formula and the options name, each once. */
function usedColumns(parsed: Formula, terms: Terms, cluster: string, options: DesignOptions): string[] {
  const used = new Set<string>();
  columnsIn(parsed.response, used);
  for (const node of [...terms.variables, ...terms.offsets]) columnsIn(node, used);
  used.add(cluster);
  for (const name of [options.weights, options.clusterWeights, options.offset]) {
    if (name !== undefined) used.add(name);
  }
  return [...used];
}

function withOffsetColumn(offsets: readonly Node[], column: string | undefined): Node[] {
  return column === undefined ? [...offsets] : [...offsets, { kind: 'name', name: column, start: 0 }];
}

function undefinedOffset(offset: Float64Array, kept: Int32Array): GlmmcError {
  const row = kept[offset.findIndex(Number.isNaN)]! + 1;
  return new GlmmcError('non-finite', `the offset must be finite, found NaN in row ${row} of the data`);
}

/** `levels` must name columns of the data, and none that the formula uses as numbers. */
function refuseIdleLevels(levels: object, terms: Terms, columns: Columns): void {
  for (const name of Object.keys(levels)) {
    const isNumbers = columns.get(name).kind === 'numbers';
    if (isNumbers && terms.variables.some((node) => node.kind === 'name' && node.name === name)) {
      throw new GlmmcError(
        'bad-levels',
        `levels are given for '${name}', which the formula uses as numbers; write factor(${name}) to make it categorical`,
      );
    }
  }
}

/** A function of its own, so that the closure holds the recipe and nothing of the data. */
function bindRecipe(recipe: Recipe): Design['apply'] {
  return (source) => applyRecipe(recipe, source);
}
