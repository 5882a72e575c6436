// The mode of one cluster's integrand, by Newton inside a bracket.

/** A unimodal log density of z that leaves its derivatives in its fields. */
export interface Curved {
  evaluate(z: number): void;
  readonly gradient: number;
  readonly curvature: number;
}

const MOST_STEPS = 200;
/** In units of a reach that doubles. */
const FARTHEST = 1000;
/** A step this small, in posterior standard deviations, leaves an error of about its square. */
const SMALL_STEP = 1e-8;

/**
 * The z at which the selected cluster's (unimodal) integrand is highest. A plain or clipped Newton can cycle where
 * the curvature changes fast; each evaluation here also narrows a bracket, and a step that leaves the bracket or
 * does not shrink is replaced by bisection. On return the integrand stands evaluated at a point within `smallStep`
 * posterior standard deviations of the mode.
 */
export function findMode(integrand: Curved, start: number, smallStep: number = SMALL_STEP): number {
  let z = Number.isFinite(start) ? start : 0;
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let reach = 1;
  let lastStep = Number.POSITIVE_INFINITY;
  for (let k = 0; k < MOST_STEPS; k++) {
    integrand.evaluate(z);
    const { gradient, curvature } = integrand;
    // Far out everything may overflow: the mode is then on the side of 0.
    const uphill = Number.isNaN(gradient) ? z < 0 : gradient > 0;
    if (uphill) low = z;
    else high = z;
    let next = z - gradient / curvature;
    const step = Math.abs(next - z);
    if (curvature < 0 && step * Math.sqrt(-curvature) < smallStep) return next;
    // On a slope that is nearly straight Newton would leave for where everything overflows.
    if (step > FARTHEST * reach && curvature < 0) next = z + Math.sign(gradient) * FARTHEST * reach;
    const inside = next > low && next < high && curvature < 0;
    if (!inside || step > 0.5 * lastStep) {
      // Newton alone goes one unit a step down an exponential: 700 of them where |eta| is 700.
      if (low === Number.NEGATIVE_INFINITY) next = inside ? Math.min(next, z - reach) : z - reach;
      else if (high === Number.POSITIVE_INFINITY) next = inside ? Math.max(next, z + reach) : z + reach;
      else next = 0.5 * (low + high);
      reach *= 2;
    }
    lastStep = Math.abs(next - z);
    if (next === z) return z;
    z = next;
  }
  return z;
}
