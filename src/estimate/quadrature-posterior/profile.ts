// The posterior of log sigma by Laplace's approximation over everything else, on a grid that follows its shape.
import { choleskyInPlace, invertSymmetric } from '../../numeric/cholesky.js';
import type { MarginalPosterior } from '../marginal-posterior.js';

/** One value of log sigma, and the other free coordinates given it. */
export interface ProfileNode {
  readonly logSigma: number;
  /** Laplace's log density of log sigma, up to the same constant at every node. */
  readonly logDensity: number;
  /** Where the other coordinates are highest. */
  readonly mode: Float64Array;
  /** Lower Cholesky factor of their covariance (inverse curvature) there. */
  readonly factor: Float64Array;
}

/** The grid goes outwards until the density has fallen by this many log units. */
const DROP = 20;
/** Largest error of a straight line between two nodes, in log units: steps grow where the density is that straight. */
const STRAIGHT = 0.03;
const MOST_NODES_A_SIDE = 60;

/**
 * Nodes in rising order of log sigma. Where sigma is held fixed there is one node, whose logSigma is not used.
 * With one tail node each side, the straight lines beyond them have the exponential tails of the density.
 */
export async function profileLogSigma(
  posterior: MarginalPosterior,
  pause: () => Promise<void> | undefined,
): Promise<ProfileNode[]> {
  const { space } = posterior;
  const p = space.model.coefficientNames.length;
  const others = space.free.flatMap((k, a) => (k === p ? [] : [a]));
  const pick = (point: Float64Array): Float64Array => Float64Array.from(others, (a) => point[a]);
  const mode = posterior.mode();
  const d = posterior.dimension;
  const covariance = invertSymmetric(
    mode.evaluation.hessian.map((h) => -h),
    d,
  );
  const at = space.free.indexOf(p);
  if (at < 0) {
    return [{ logSigma: 0, logDensity: 0, mode: mode.point, factor: lowerFactor(covariance, d) }];
  }
  const center = mode.point[at];
  const spread = covariance ? Math.sqrt(covariance[at * d + at]) : 0.5;
  const solve = (logSigma: number, start: Float64Array): ProfileNode => {
    const { point, evaluation } = posterior.conditional(at, logSigma, others, start);
    const size = others.length;
    const curvature = evaluation.hessian.map((h) => -h);
    const factor = lowerFactor(invertSymmetric(curvature, size), size);
    return { logSigma, logDensity: evaluation.value + logDiagonal(factor, size), mode: point, factor };
  };

  const middle = solve(center, pick(mode.point));
  const walk = async (sign: number): Promise<ProfileNode[]> => {
    const nodes = [middle];
    let step = 0.3 * Math.min(spread, 2);
    let highest = middle.logDensity;
    for (let k = 0; k < MOST_NODES_A_SIDE; k++) {
      const last = nodes[nodes.length - 1];
      const node = solve(last.logSigma + sign * step, last.mode);
      if (!Number.isFinite(node.logDensity)) {
        // The border of the prior's support: up to it in smaller steps.
        step /= 3;
        if (step < 1e-3 * spread) break;
        continue;
      }
      nodes.push(node);
      highest = Math.max(highest, node.logDensity);
      const paused = pause();
      if (paused) await paused;
      if (node.logDensity < highest - DROP) break;
      if (nodes.length > 2 && bend(nodes) < STRAIGHT) step *= 1.5;
      else if (nodes.length > 2 && bend(nodes) > 4 * STRAIGHT) step /= 1.5;
    }
    return nodes.slice(1);
  };
  const right = await walk(1);
  const left = await walk(-1);
  return [...left.reverse(), middle, ...right];
}

/** How far the middle of the last three nodes lies from the line between the others, in log units. */
function bend(nodes: readonly ProfileNode[]): number {
  const [a, b, c] = nodes.slice(-3);
  const share = (b.logSigma - a.logSigma) / (c.logSigma - a.logSigma);
  return Math.abs(b.logDensity - (a.logDensity + share * (c.logDensity - a.logDensity)));
}

/** Cholesky factor; of the identity where there is no positive definite matrix. */
export function lowerFactor(covariance: Float64Array | undefined, d: number): Float64Array {
  const factor = covariance?.slice();
  if (factor && choleskyInPlace(factor, d)) return factor;
  return Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? 1 : 0));
}

/** Sum of the logs of the diagonal. */
export function logDiagonal(factor: Float64Array, d: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += Math.log(factor[i * d + i]);
  return sum;
}
