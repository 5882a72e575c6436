// Whether one fit is a restriction of another on the same data: what a likelihood ratio means rests on it.
import { GlmmcError } from '../../../samplers/errors.js';
import type { Design } from '../../data/design.js';
import type { LikelihoodFit } from '../../estimate/fit.js';

/** Of a column's length: what is left of it outside a span that holds it. */
const ROUNDING = 1e-8;

/** @throws GlmmcError `different-data` */
export function requireSameData(restricted: LikelihoodFit, full: LikelihoodFit): void {
  const [a, b] = [restricted.model.design, full.model.design];
  const differ = (what: string, found: string): never => {
    throw new GlmmcError(
      'different-data',
      `likelihoodRatio() compares fits to the same data, found ${what} (${found}); fit both to the same rows, leaving out those that either formula drops for missing values`,
    );
  };
  if (a.rows !== b.rows) differ('other numbers of rows', `${a.rows} and ${b.rows}`);
  if (!sameNumbers(a.y, b.y)) differ('other responses', `'${a.responseName}' and '${b.responseName}'`);
  if (!sameNumbers(a.trials, b.trials)) differ('other trials', `'${a.responseName}' and '${b.responseName}'`);
  if (!sameNumbers(a.weights, b.weights) || !sameNumbers(weightsOfRows(a), weightsOfRows(b))) {
    differ('other weights', 'weights or clusterWeights');
  }
}

function weightsOfRows({ clusterWeights, cluster }: Design): Float64Array | undefined {
  return clusterWeights && Float64Array.from(cluster, (i) => clusterWeights[i]);
}

function sameNumbers(a: Float64Array | undefined, b: Float64Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((value, r) => value === b[r]);
}

/** Same clusters, by who is with whom. */
function sameClusters(a: Int32Array, b: Int32Array): boolean {
  const to = new Map<number, number>();
  const from = new Map<number, number>();
  return a.every((i, r) => {
    const j = b[r];
    if (!to.has(i) && !from.has(j)) {
      to.set(i, j);
      from.set(j, i);
    }
    return to.get(i) === j && from.get(j) === i;
  });
}

/** @throws GlmmcError `not-nested`, with what stands in the way */
export function requireNested(restricted: LikelihoodFit, full: LikelihoodFit): void {
  const refuse = (expected: string, found: string): never => {
    throw new GlmmcError(
      'not-nested',
      `likelihoodRatio(null, alternative) takes a null that the alternative contains: expected ${expected}, found ${found}; look at the order of the two, or compare by AIC (glance()) or elpd()`,
    );
  };
  const [null0, alternative] = [restricted.model, full.model];
  const [f0, f1] = [null0.family, alternative.family];
  const poissonInside = f0.name === 'poisson' && f1.name === 'negative-binomial' && f1.dispersion;
  if (f0.link.name !== f1.link.name || (f0.name !== f1.name && !poissonInside)) {
    refuse('one family and link', `${f0.name} (${f0.link.name}) and ${f1.name} (${f1.link.name})`);
  }
  if (JSON.stringify(f0.given ?? {}) !== JSON.stringify(f1.given ?? {}) && !poissonInside) {
    refuse('the same given parameters of the family', 'others');
  }
  const withoutIntercepts = isZeroByDecree(restricted);
  const [e0, e1] = [null0.randomEffect, alternative.randomEffect];
  const sameEffect = e0.name === e1.name && e0.tailDf === e1.tailDf && e0.points === e1.points;
  if (!withoutIntercepts && !sameEffect) {
    refuse('one distribution of intercepts, or a null with sigma = 0', `${e0.name} and ${e1.name}`);
  }
  if (!withoutIntercepts && !sameClusters(null0.design.cluster, alternative.design.cluster)) {
    refuse('the same clusters', `those of ${null0.clusterName} and of ${alternative.clusterName}`);
  }
  for (const [k, name] of full.estimates.map(({ name }, k) => [k, name] as const)) {
    if (!full.fixed.includes(name)) continue;
    const held = restricted.estimates.find((one) => one.name === name);
    if (!held || !restricted.fixed.includes(name) || held.value !== full.estimates[k].value) {
      refuse(`${name} held in the null as it is in the alternative`, 'it held in the alternative alone');
    }
  }
  const outside = columnOutside(null0.design, alternative.design);
  if (outside !== undefined) {
    refuse('terms of the null among those of the alternative', `'${outside}' in the null alone`);
  }
}

/** sigma held at 0. */
export function isZeroByDecree({ fixed, parameters }: LikelihoodFit): boolean {
  return fixed.includes('sigma') && parameters.sigma === 0;
}

/** The first column of `a` that is no combination of those of `b`, by Gram and Schmidt, twice. */
function columnOutside(a: Design, b: Design): string | undefined {
  const column = ({ x, columns, rows }: Design, j: number): Float64Array =>
    Float64Array.from({ length: rows }, (_, r) => x[r * columns + j]);
  const basis: Float64Array[] = [];
  const rest = (values: Float64Array): number => {
    const before = Math.sqrt(dot(values, values));
    for (let pass = 0; pass < 2; pass++) {
      for (const q of basis) {
        const part = dot(q, values);
        for (let r = 0; r < values.length; r++) values[r] -= part * q[r];
      }
    }
    return Math.sqrt(dot(values, values)) / before;
  };
  for (let j = 0; j < b.columns; j++) {
    const values = column(b, j);
    rest(values);
    const size = Math.sqrt(dot(values, values));
    basis.push(values.map((value) => value / size));
  }
  for (let j = 0; j < a.columns; j++) if (rest(column(a, j)) > ROUNDING) return a.coefficientNames[j];
  return undefined;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let r = 0; r < a.length; r++) sum += a[r] * b[r];
  return sum;
}
