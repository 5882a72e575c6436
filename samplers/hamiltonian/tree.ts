// A stretch of a trajectory as the No-U-Turn sampler needs it: its ends, the sum of its momenta, and one of its points.

/** Arrays are swapped between trees, never copied between them. */
export interface Tree {
  /** Momenta at the end nearer to the start of the trajectory, and at the other one. */
  begin: Float64Array;
  end: Float64Array;
  /** Sum of the momenta of all points. */
  sum: Float64Array;
  /** Log of the sum of the points' weights. */
  logWeight: number;
  /** A point drawn by the weights. */
  position: Float64Array;
  gradient: Float64Array;
  logDensity: number;
  energy: number;
}

/** Room for one. */
export function tree(dimension: number): Tree {
  const room = (): Float64Array => new Float64Array(dimension);
  return {
    begin: room(),
    end: room(),
    sum: room(),
    logWeight: 0,
    position: room(),
    gradient: room(),
    logDensity: 0,
    energy: 0,
  };
}

/** Makes the end the beginning. */
export function turnAround(out: Tree): void {
  const { begin } = out;
  out.begin = out.end;
  out.end = begin;
}

/** Gives the point of `from` to `out`, which gives its own arrays for it. */
export function proposalFrom(from: Tree, out: Tree): void {
  const { position, gradient } = out;
  out.position = from.position;
  out.gradient = from.gradient;
  out.logDensity = from.logDensity;
  out.energy = from.energy;
  from.position = position;
  from.gradient = gradient;
}

/** Ends, momenta and weight of two adjacent trees together; `out` may be `near`. Its point is left as it is. */
export function merge(near: Tree, far: Tree, out: Tree): void {
  const { begin, end, sum } = out;
  for (let i = 0; i < sum.length; i++) sum[i] = near.sum[i] + far.sum[i];
  const high = Math.max(near.logWeight, far.logWeight);
  out.logWeight = high + Math.log1p(Math.exp(Math.min(near.logWeight, far.logWeight) - high));
  if (out !== near) {
    out.begin = near.begin;
    near.begin = begin;
  }
  out.end = far.end;
  far.end = end;
}

/**
 * Whether two adjacent trees have not turned round: the momenta at both ends point along the sum of all momenta, over
 * the whole, and over each half with the first point of the other (without which a trajectory of a whole turn would go
 * unnoticed). Source: Betancourt (2017), appendix A.4.2; across the halves as Stan since 2.21.
 */
export function persists(near: Tree, far: Tree, inverseMetric: Float64Array): boolean {
  let first = 0;
  let last = 0;
  let nearFirst = 0;
  let nearLast = 0;
  let farFirst = 0;
  let farLast = 0;
  for (let i = 0; i < inverseMetric.length; i++) {
    const w = inverseMetric[i];
    const total = w * (near.sum[i] + far.sum[i]);
    const nearly = w * (near.sum[i] + far.begin[i]);
    const farther = w * (far.sum[i] + near.end[i]);
    first += near.begin[i] * total;
    last += far.end[i] * total;
    nearFirst += near.begin[i] * nearly;
    nearLast += far.begin[i] * nearly;
    farFirst += near.end[i] * farther;
    farLast += far.end[i] * farther;
  }
  return first > 0 && last > 0 && nearFirst > 0 && nearLast > 0 && farFirst > 0 && farLast > 0;
}
