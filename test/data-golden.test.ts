// Design matrices, names, offsets and kept rows against R's model.frame and model.matrix (test/data/design/golden.R).
import { readFileSync } from 'node:fs';
import test from 'ava';
import { columnsOf } from '../src/data/column.js';
import { buildDesign } from '../src/data/design.js';
import { learnNothing } from '../src/data/evaluate.js';
import { parseFormula } from '../src/data/formula-parse.js';
import { fillMatrix, modelColumns } from '../src/data/model-columns.js';
import { dependentColumns } from '../src/data/rank.js';
import type { Table } from '../src/data/table.js';
import { expandTerms } from '../src/data/terms.js';
import { learnVariable } from '../src/data/variables.js';

interface Golden {
  readonly formula: string;
  readonly names: readonly string[];
  readonly x: readonly number[];
  readonly rows: number;
  readonly rank: number;
  readonly kept: readonly number[];
  readonly offset: readonly number[] | null;
}
interface Fresh {
  readonly formula: string;
  readonly new: Table;
  readonly x: readonly number[];
}
const golden = JSON.parse(readFileSync('test/data/design/golden.json', 'utf8')) as {
  data: Table;
  holes: Table;
  full: Golden[];
  missing: Golden[];
  fresh: Fresh[];
};

/** The largest difference, relative where the values are large. */
function gap(actual: ArrayLike<number>, expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  return expected.reduce(
    (most, value, i) => Math.max(most, Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value))),
    0,
  );
}

for (const { formula, names, x, rank, offset } of golden.full) {
  test(`model.matrix(~ ${formula})`, (t) => {
    const { variables, terms, intercept } = expandTerms(parseFormula(`y ~ ${formula}`));
    const columns = columnsOf(golden.data);
    const scope = { formula, columns, learnt: learnNothing() };
    const kept = Int32Array.from({ length: columns.rows }, (_, i) => i);
    const plan = modelColumns(
      variables.map((node) => learnVariable(node, scope, kept, {})),
      terms,
      intercept,
    );
    const matrix = fillMatrix(plan, kept);
    t.deepEqual(
      plan.map((column) => column.name),
      names,
    );
    t.true(gap(matrix, x) < 1e-12, `gap ${gap(matrix, x)}`);
    t.is(plan.length - dependentColumns(matrix, kept.length, plan.length).length, rank);
    const whole = () => buildDesign(`y ~ ${formula} + (1 | g)`, golden.data);
    if (rank < names.length) t.throws(whole, { code: 'rank-deficient' });
    else {
      const design = whole();
      t.deepEqual(design.coefficientNames, names);
      t.deepEqual(design.x, matrix);
      if (offset === null) t.is(design.offset, undefined);
      else t.true(gap(design.offset!, offset) < 1e-12);
    }
  });
}

for (const { formula, names, x, kept } of golden.missing) {
  test(`with missing values, ~ ${formula}`, (t) => {
    const design = buildDesign(`y ~ ${formula} + (1 | g)`, golden.holes);
    t.deepEqual(design.coefficientNames, names);
    t.deepEqual([...design.keptRows], kept);
    t.is(design.droppedRows, 40 - kept.length);
    t.true(gap(design.x, x) < 1e-12, `gap ${gap(design.x, x)}`);
  });
}

for (const { formula, new: data, x } of golden.fresh) {
  test(`on new data, ~ ${formula}`, (t) => {
    const design = buildDesign(`y ~ ${formula} + (1 | g)`, golden.data);
    const applied = design.apply(data);
    t.true(gap(applied.x, x) < 1e-12, `gap ${gap(applied.x, x)}`);
    t.deepEqual(applied.cluster, [null, null, null]);
  });
}
