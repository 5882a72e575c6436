// The yardstick for speed: seeded logit-normal designs, and the likelihood written plainly.

/** Uniform on (0, 1), by xorshift; good enough to make a design of. */
function uniforms(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s ^= s << 13;
    s >>>= 0;
    s ^= s >>> 17;
    s ^= s << 5;
    s >>>= 0;
    return (s + 0.5) / 4294967296;
  };
}

/** Standard normals by Box and Muller (1958), one from two uniforms. */
function normals(uniform: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Columns by name, each of the same length. */
export type Columns = Readonly<Record<string, Float64Array>>;

export interface Simulated extends Columns {
  readonly y: Float64Array;
  readonly x1: Float64Array;
  readonly x2: Float64Array;
  readonly x3: Float64Array;
  readonly x4: Float64Array;
  readonly id: Float64Array;
}

export const SIMULATED_FORMULA = 'y ~ x1 + x2 + x3 + x4 + (1 | id)';

/** The parameters that `simulated` draws with. */
export const SIMULATED_TRUTH: { readonly beta: readonly number[]; readonly sigma: number } = {
  beta: [-0.5, 0.5, 0.3, -0.3, 0.8],
  sigma: 1,
};

/** Logit-normal data: m clusters of k rows, x1 and x2 at cluster level, x3 and x4 at unit level. */
export function simulated(m: number, k = 10, seed = 20261122): Simulated {
  const uniform = uniforms(seed);
  const normal = normals(uniform);
  const n = m * k;
  const column = (): Float64Array => new Float64Array(n);
  const data = { y: column(), x1: column(), x2: column(), x3: column(), x4: column(), id: column() };
  for (let i = 0; i < m; i++) {
    const eps = normal();
    const a = normal();
    const b = uniform() < 0.5 ? 1 : 0;
    for (let j = 0; j < k; j++) {
      const r = i * k + j;
      data.x1[r] = a;
      data.x2[r] = b;
      data.x3[r] = normal();
      data.x4[r] = uniform() < 0.5 ? 1 : 0;
      data.id[r] = i;
      const eta = -0.5 + 0.5 * a + 0.3 * b - 0.3 * data.x3[r] + 0.8 * data.x4[r] + eps;
      data.y[r] = uniform() < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
    }
  }
  return data;
}

/** Covariates of the wide design: of the groups, then of the rows; every other one is 0 or 1, the rest are normal. */
const GROUP_COVARIATES = 14;
const UNIT_COVARIATES = 15;

/** A formula with 30 coefficients, the intercept among them. */
export const WIDE_FORMULA: string = `y ~ ${[
  ...Array.from({ length: GROUP_COVARIATES }, (_, j) => `g${j + 1}`),
  ...Array.from({ length: UNIT_COVARIATES }, (_, j) => `u${j + 1}`),
].join(' + ')} + (1 | group)`;

/**
 * Logit-normal data, sigma = 0.8, as administrative data come: each row belongs to any of the groups (so their sizes vary
 * as Poisson counts), rows in no order, 14 covariates of the groups and 15 of the rows.
 */
export function wide(rows: number, groups: number, seed = 20261123): Columns {
  const uniform = uniforms(seed);
  const normal = normals(uniform);
  const draw = (j: number): number => (j % 2 === 0 ? normal() : uniform() < 0.4 ? 1 : 0);
  const effect = (j: number): number => (j % 3 === 0 ? -0.2 : 0.1) * (1 + (j % 5) / 5);
  const eps = Float64Array.from({ length: groups }, () => 0.8 * normal());
  const ofGroup = Array.from({ length: GROUP_COVARIATES }, (_, j) =>
    Float64Array.from({ length: groups }, () => draw(j)),
  );
  const group = Float64Array.from({ length: rows }, () => Math.floor(groups * uniform()));
  const eta = Float64Array.from(group, (i) => -1 + eps[i]);
  const data: Record<string, Float64Array> = {};
  ofGroup.forEach((values, j) => {
    const column = Float64Array.from(group, (i) => values[i]);
    data[`g${j + 1}`] = column;
    for (let r = 0; r < rows; r++) eta[r] += effect(j) * column[r];
  });
  for (let j = 0; j < UNIT_COVARIATES; j++) {
    const column = new Float64Array(rows).map(() => draw(j));
    data[`u${j + 1}`] = column;
    for (let r = 0; r < rows; r++) eta[r] += effect(j + 1) * column[r];
  }
  const y = eta.map((value) => (uniform() < 1 / (1 + Math.exp(-value)) ? 1 : 0));
  return { y, ...data, group };
}

/** Milliseconds of one marginal likelihood evaluation at 15 nodes a cluster by Math.exp and Math.log1p: the median of three, after a warm-up. */
export function plainEvaluation(data: Pick<Simulated, 'y' | 'x1' | 'x3'>): number {
  const n = data.y.length;
  const once = (): number => {
    const start = performance.now();
    let sum = 0;
    for (let r = 0; r < n; r++) {
      const eta = data.x1[r] + data.x3[r];
      for (let q = 0; q < 15; q++) sum += Math.log1p(Math.exp(eta + 0.2 * q - 1.5));
    }
    if (!(sum > 0)) throw new Error('unreachable');
    return performance.now() - start;
  };
  once();
  return [once(), once(), once()].sort((a, b) => a - b)[1];
}
