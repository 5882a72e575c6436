// The Monte Carlo covariance of EM's last iterate, carried through its iterations.
import { Matrix } from 'ml-matrix';
import type { McemIteration } from './em.js';

/** Iterations taken with the same draws. */
interface Block {
  iterations: number;
  readonly draws: number;
}

/**
 * Near the maximum an iteration with draws whose score has its root xi away takes an error e to R e + (I - R) xi, R the
 * derivative of the EM map; n iterations with the same draws take it to R^n e + (I - R^n) xi. With fresh draws each time
 * the error that stays is smaller than xi where EM is slow, since the iterate averages over many E-steps; with draws
 * reused it goes to xi. Steps that were not taken change nothing. The start's error is left out: it has died away where
 * EM has converged.
 * @param rate R, free x free
 * @param covariance of xi for the last iteration's draws; that of others by their number
 */
export function propagatedCovariance(
  history: readonly McemIteration[],
  rate: Matrix,
  covariance: Matrix,
): Matrix {
  const last = history[history.length - 1].detail.draws;
  const identity = Matrix.eye(rate.rows);
  let error = Matrix.zeros(rate.rows, rate.rows);
  for (const { iterations, draws } of blocks(history)) {
    const power = matrixPower(rate, iterations);
    const rest = Matrix.sub(identity, power);
    const fresh = rest
      .mmul(covariance)
      .mmul(rest.transpose())
      .mul(last / draws);
    error = power.mmul(error).mmul(power.transpose()).add(fresh);
  }
  return error;
}

function blocks(history: readonly McemIteration[]): Block[] {
  const found: Block[] = [];
  for (const { detail } of history) {
    if (detail.decision === 'more draws') continue;
    const block = found.at(-1);
    if (detail.drawn === 'reused' && block) block.iterations++;
    else found.push({ iterations: 1, draws: detail.draws });
  }
  return found;
}

function matrixPower(base: Matrix, exponent: number): Matrix {
  let power = Matrix.eye(base.rows);
  for (let k = 0; k < exponent; k++) power = power.mmul(base);
  return power;
}
