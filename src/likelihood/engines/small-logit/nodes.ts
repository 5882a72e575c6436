// Small logit clusters: their rows, the mode's derivatives, and the nodes of the trapezoid rule.
import { exp } from '../../../numeric/exp.js';
import { arrays, MOST_NODES, MOST_ROWS, told } from './arrays.js';

const { coefficients, varyingColumns, odds, x, responses, nodeZ, factor, weight } = arrays;

const MOST_LEVELS = 13;
/** Nodes that weigh less than this part of the one at the mode change no digit that counts, however fine the rule. */
const NEGLIGIBLE = Math.exp(-26);
const LOG_ROOT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** What the next clusters are loaded by. */
export function setDesign(beta: Float64Array, varying: Int32Array): void {
  coefficients.set(beta);
  varyingColumns.set(varying);
}

/** Rows first .. first+count-1 of a row-major design of `width` columns, of which `varying` go to the slots from 1 on. */
export function loadRows(
  design: Float64Array,
  y: Float64Array,
  offset: Float64Array | undefined,
  first: number,
  count: number,
  width: number,
  varying: number,
): void {
  let successes = 0;
  let linear = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (let a = 1; a <= varying; a++) responses[a] = 0;
  let place = first * width;
  for (let r = 0; r < count; r++) {
    let eta = offset ? offset[first + r] : 0;
    for (let j = 0; j < width; j++) eta += design[place + j] * coefficients[j];
    const response = y[first + r];
    for (let a = 1; a <= varying; a++) {
      const value = design[place + varyingColumns[a - 1]];
      x[a * MOST_ROWS + r] = value;
      responses[a] += response * value;
    }
    successes += response;
    linear += response * eta;
    if (eta > largest) largest = eta;
    odds[r] = exp(eta);
    place += width;
  }
  responses[0] = successes;
  told.successes = successes;
  told.linear = linear;
  told.largestEta = largest;
}

/** Sum over rows of mu at F = f; that of v in `told.information`. */
export function sumMeans(count: number, f: number): number {
  let sum = 0;
  let information = 0;
  for (let r = 0; r < count; r++) {
    const t = odds[r] * f;
    const q = 1 / (1 + t);
    const u = t * q;
    sum += u;
    information += u * q;
  }
  told.information = information;
  return sum;
}

/** Product over rows of 1 + E f. */
export function oddsProduct(count: number, f: number): number {
  let product = 1;
  for (let r = 0; r < count; r++) product *= 1 + odds[r] * f;
  return product;
}

/**
 * The log of the integral by the trapezoid rule, outwards from `centre` in steps of `step` until the integrand has fallen
 * by `drop` log units; halved until two levels agree within `tolerance`. At the node z = centre + o h the integrand
 * relative to that at the centre is drift^o bend^(o o) times the products over rows of 1 + E F at the centre and at the
 * node, with F = exp(sigma z), drift = exp(h (sigma sum y - centre)), bend = exp(-h^2 / 2); from node to node all of these
 * go on by multiplication. NaN where a number leaves its range or the nodes are too many.
 */
export function layNodes(
  count: number,
  sigma: number,
  centre: number,
  step: number,
  drop: number,
  tolerance: number,
): number {
  const slope = sigma * told.successes;
  const floor = exp(-drop);
  const negligible = Math.max(NEGLIGIBLE, floor);
  const centreFactor = exp(sigma * centre);
  const product = oddsProduct(count, centreFactor);
  nodeZ[0] = centre;
  factor[0] = centreFactor;
  weight[0] = 1;
  const logPeak = told.linear + slope * centre - Math.log(product) - 0.5 * centre * centre - LOG_ROOT_TWO_PI;
  told.logPeak = logPeak;
  let h = step;
  let ratio = exp(sigma * h);
  let drift = exp(h * (slope - centre));
  let bend = exp(-0.5 * h * h);
  let kept = 1;
  let evaluated = 1;
  let sum = 1;
  let result = 0;
  for (let level = 0; level < MOST_LEVELS; level++) {
    // The first nodes stand one step from the centre, those of later levels half a step of the level before.
    const offset = level === 0 ? 1 : 0.5;
    const firstRatio = level === 0 ? ratio : Math.sqrt(ratio);
    const firstDrift = level === 0 ? drift : Math.sqrt(drift);
    const firstBend = level === 0 ? bend : Math.sqrt(Math.sqrt(bend));
    const square = bend * bend;
    told.confirmed = kept;
    for (let side = 0; side < 2; side++) {
      const right = side === 0;
      const width = right ? h : -h;
      const sideRatio = right ? ratio : 1 / ratio;
      let z = centre + offset * width;
      let f = right ? centreFactor * firstRatio : centreFactor / firstRatio;
      // To the first node and from there to the second: o goes from offset to offset + 1.
      let n = product * firstBend * (right ? firstDrift : 1 / firstDrift);
      let growth = (right ? drift : 1 / drift) * (level === 0 ? bend * square : square);
      const from = kept;
      let at = from;
      for (;;) {
        if (at + 4 >= MOST_NODES) return Number.NaN;
        const f1 = f * sideRatio;
        const f2 = f1 * sideRatio;
        const f3 = f2 * sideRatio;
        let p0 = 1;
        let p1 = 1;
        let p2 = 1;
        let p3 = 1;
        for (let r = 0; r < count; r++) {
          const e = odds[r];
          p0 *= 1 + e * f;
          p1 *= 1 + e * f1;
          p2 *= 1 + e * f2;
          p3 *= 1 + e * f3;
        }
        // A product beyond the numbers says nothing of how small its weight is.
        if (!(p0 < Number.POSITIVE_INFINITY && p3 < Number.POSITIVE_INFINITY)) return Number.NaN;
        const growth1 = growth * square;
        const growth2 = growth1 * square;
        const n1 = n * growth;
        const n2 = n1 * growth1;
        const n3 = n2 * growth2;
        const w0 = n / p0;
        const w1 = n1 / p1;
        const w2 = n2 / p2;
        const w3 = n3 / p3;
        nodeZ[at] = z;
        nodeZ[at + 1] = z + width;
        nodeZ[at + 2] = z + 2 * width;
        nodeZ[at + 3] = z + 3 * width;
        factor[at] = f;
        factor[at + 1] = f1;
        factor[at + 2] = f2;
        factor[at + 3] = f3;
        weight[at] = w0;
        weight[at + 1] = w1;
        weight[at + 2] = w2;
        weight[at + 3] = w3;
        sum += w0 + w1 + (w2 + w3);
        at += 4;
        if (!(w3 >= floor)) break;
        growth = growth2 * square;
        n = n3 * growth;
        growth *= square;
        f = f3 * sideRatio;
        z += 4 * width;
      }
      evaluated += at - from;
      // Outwards weights only fall: what weighs too little for the derivatives stands last, and is written over.
      while (at > from && weight[at - 1] < negligible) at--;
      kept = at;
    }
    const coarse = result;
    if (level === 0) told.confirmed = kept;
    else {
      h *= 0.5;
      ratio = firstRatio;
      drift = firstDrift;
      bend = firstBend;
    }
    result = logPeak + Math.log(sum * h);
    told.evaluated = evaluated;
    told.error = level === 0 ? 0 : Math.abs(result - coarse);
    if (tolerance === Number.POSITIVE_INFINITY) return result;
    // Written so that NaN ends it too.
    if (level > 0 && !(told.error >= tolerance)) return result;
  }
  return result;
}
