// What predictions are made for: the model's own rows, or new data through the recipe of its design.
import type { DataSource } from '../../data/table.js';
import { type Finding, someOf } from '../../model/finding.js';
import type { Model } from '../../model/model.js';

export interface PredictionRows {
  readonly rows: number;
  /** Row-major rows x p. */
  readonly x: Float64Array;
  readonly offset: Float64Array | undefined;
  /** Index in `model.clusterLabels`; -1 for clusters that the fit has not seen. */
  readonly cluster: Int32Array;
  /** Labels of those, null where the data have none. */
  readonly labels: readonly (string | null)[];
  /** Equal for rows of equal x and offset, counted from 0 in the order of their first rows. */
  readonly pattern: Int32Array;
  /** First row of each pattern. */
  readonly first: Int32Array;
}

/** @throws GlmmcError as `design.apply` does for data that lack what the formula needs */
export function predictionRows(model: Model, data: DataSource | undefined): PredictionRows {
  const { design, clusterLabels } = model;
  if (data === undefined) {
    const { rows, x, offset, cluster } = design;
    const labels = Array.from(cluster, (i) => clusterLabels[i]);
    return { rows, x, offset, cluster, labels, ...patterns(x, offset, rows) };
  }
  const { rows, x, offset, cluster: labels } = design.apply(data);
  const index = new Map(clusterLabels.map((label, i) => [label, i]));
  const cluster = Int32Array.from(labels, (label) => (label === null ? -1 : (index.get(label) ?? -1)));
  return { rows, x, offset, cluster, labels, ...patterns(x, offset, rows) };
}

function patterns(
  x: Float64Array,
  offset: Float64Array | undefined,
  rows: number,
): Pick<PredictionRows, 'pattern' | 'first'> {
  const columns = rows === 0 ? 0 : x.length / rows;
  const known = new Map<string, number>();
  const pattern = new Int32Array(rows);
  const first: number[] = [];
  for (let r = 0; r < rows; r++) {
    const key = `${x.subarray(r * columns, (r + 1) * columns)}|${offset?.[r] ?? 0}`;
    let p = known.get(key);
    if (p === undefined) {
      p = first.length;
      known.set(key, p);
      first.push(r);
    }
    pattern[r] = p;
  }
  return { pattern, first: Int32Array.from(first) };
}

/** offset + x' beta of row r. */
export function linearPredictor({ x, offset }: PredictionRows, beta: ArrayLike<number>, r: number): number {
  let eta = offset?.[r] ?? 0;
  for (let j = 0; j < beta.length; j++) eta += x[r * beta.length + j] * beta[j];
  return eta;
}

/** What is to be said of the rows themselves. */
export function rowFindings(rows: PredictionRows, beta: ArrayLike<number>, clusters: boolean): Finding[] {
  const findings: Finding[] = [];
  const missing = rows.pattern.reduce(
    (count, p) => count + (Number.isNaN(linearPredictor(rows, beta, rows.first[p])) ? 1 : 0),
    0,
  );
  if (missing > 0) {
    findings.push({
      code: 'rows-missing',
      severity: 'note',
      message: `${missing} of ${rows.rows} rows lack a value that the formula uses, and their predictions are NaN.`,
      advice: 'Fill the values in, or leave the rows out.',
    });
  }
  if (!clusters) return findings;
  const unknown = [...new Set(rows.labels.filter((_, r) => rows.cluster[r] < 0))];
  if (unknown.length > 0) {
    const named = unknown.filter((label) => label !== null);
    findings.push({
      code: 'new-clusters',
      severity: 'note',
      message: `${named.length > 0 ? `The fit has not seen ${named.length === 1 ? 'cluster' : 'clusters'} ${someOf(named)}` : 'The data name no clusters'}: the intercepts there are any of their distribution, and the standard errors say so.`,
      advice: "With target: 'population' the rows are predicted as means over all clusters.",
      where: named,
    });
  }
  return findings;
}
