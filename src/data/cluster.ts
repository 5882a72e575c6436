// The random intercept: which column holds the clusters, who belongs to which, and the clusters' weights.
import { GlmmcError } from '../../samplers/errors.js';
import { sharedNumbers } from '../numeric/shared-arrays.js';
import type { Columns } from './column.js';
import { keepLevels } from './factor.js';
import type { Formula } from './formula-parse.js';
import { formulaError } from './formula-tokens.js';
import { deparse, type Node, unwrap } from './formula-tree.js';

/**
 * The name of the one cluster column, from `(1 | column)` or `(1 | factor(column))`.
 * @throws GlmmcError `no-random-term`; with the place, `several-random-terms`, `unsupported-random-term`
 */
export function clusterColumn(formula: Formula): string {
  const [term, ...more] = formula.random;
  if (term === undefined) {
    throw new GlmmcError(
      'no-random-term',
      `the formula must have one random intercept, found none in '${formula.text}'; add + (1 | cluster), cluster being the column that groups the rows`,
    );
  }
  if (more.length > 0) {
    const found = formula.random.map((random) => random.text).join(' and ');
    throw formulaError(
      'several-random-terms',
      formula.text,
      more[0]!.start,
      `several random terms are not supported yet, found ${found}; keep one (1 | cluster)`,
    );
  }
  const refuse = (reason: string, advice: string): GlmmcError =>
    formulaError(
      'unsupported-random-term',
      formula.text,
      term.start,
      `${reason}, found ${term.text}; ${advice}`,
    );
  const left = unwrap(term.left);
  if (left.kind === 'number' && left.value === 0) {
    throw refuse(
      'a random term must hold an intercept',
      `write (1 | ${deparse(term.group)}) or leave the term out`,
    );
  }
  if (left.kind !== 'number' || left.value !== 1 || term.bars === '||') {
    throw refuse(
      'random slopes are not supported, a random term is an intercept alone',
      `write (1 | ${deparse(term.group)})`,
    );
  }
  const name = columnName(term.group);
  if (name !== undefined) return name;
  const group = unwrap(term.group);
  if (group.kind === 'binary' && ['/', ':', '*', '+', '%in%'].includes(group.operator)) {
    throw refuse(
      'nested and crossed clusters are not supported yet',
      'make one column that names each cluster',
    );
  }
  throw refuse('the cluster must be a column or factor(column)', 'make a column of the expression first');
}

function columnName(group: Node): string | undefined {
  const bare = unwrap(group);
  if (bare.kind === 'name') return bare.name;
  const inner =
    bare.kind === 'call' && bare.name === 'factor' && bare.args.length === 1 ? bare.args[0]! : bare;
  return inner === bare ? undefined : columnName(inner);
}

export interface Clusters {
  /** One index into `labels` a kept row. */
  readonly index: Int32Array;
  readonly labels: readonly string[];
}

/** Clusters of the kept rows, sorted as levels are. @throws GlmmcError `one-cluster` */
export function readClusters(columns: Columns, name: string, kept: Int32Array): Clusters {
  const all = columns.factor(name);
  // The levels of numbers are those that some row has: with all rows kept, all of them.
  const isWhole = kept.length === all.codes.length && columns.get(name).kind === 'numbers';
  const { codes, levels } = isWhole ? all : keepLevels(all, kept);
  if (levels.length < 2) {
    throw new GlmmcError(
      'one-cluster',
      `a random intercept needs at least two clusters, found '${levels[0]}' alone in column '${name}'; fit the model without it, or group the rows by another column`,
    );
  }
  if (kept.length === codes.length) return { index: codes, labels: levels };
  const index = new Int32Array(kept.length);
  for (let i = 0; i < kept.length; i++) index[i] = codes[kept[i]!]!;
  return { index, labels: levels };
}

/** A column of weights on the kept rows. @throws GlmmcError `bad-weights`, with the row of the data */
export function readWeights(columns: Columns, name: string, kept: Int32Array): Float64Array {
  const column = columns.get(name);
  if (column.kind !== 'numbers') {
    throw new GlmmcError(
      'bad-weights',
      `weights must be numbers >= 0, found ${column.kind === 'text' ? 'text' : 'booleans'} in column '${name}'`,
    );
  }
  const weights = sharedNumbers(kept.length);
  for (let i = 0; i < kept.length; i++) {
    const weight = column.values[kept[i]!]!;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new GlmmcError(
        'bad-weights',
        `weights must be finite and >= 0, found ${weight} in column '${name}', row ${kept[i]! + 1} of the data`,
      );
    }
    weights[i] = weight;
  }
  return weights;
}

/** One weight a cluster. @throws GlmmcError `cluster-weights-vary`, `bad-weights` */
export function readClusterWeights(
  columns: Columns,
  name: string,
  kept: Int32Array,
  clusters: Clusters,
): Float64Array {
  const rows = readWeights(columns, name, kept);
  const weights = new Float64Array(clusters.labels.length).fill(Number.NaN);
  for (let i = 0; i < rows.length; i++) {
    const cluster = clusters.index[i]!;
    const weight = weights[cluster]!;
    if (Number.isNaN(weight)) weights[cluster] = rows[i]!;
    else if (weight !== rows[i]) {
      throw new GlmmcError(
        'cluster-weights-vary',
        `cluster weights must be constant within a cluster, found ${weight} and ${rows[i]} in cluster '${clusters.labels[cluster]}' (row ${kept[i]! + 1} of the data); weights of single rows go into the option weights`,
      );
    }
  }
  return weights;
}
