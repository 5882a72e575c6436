// The proof of landing: a Monte Carlo estimate held against the exact score at it (METHODS section 1).
import { chdtrc } from '../../../samplers/special.js';
import type { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import type { Finding } from '../../model/finding.js';
import { choleskyInPlace, choleskySolve, forwardSolve } from '../../numeric/cholesky.js';
import type { Landing } from '../fit.js';
import type { ParameterSpace } from '../parameter-space.js';
import { chiSquareText } from '../summary.js';

/** What the draws say of themselves. */
export type DrawsReport = Omit<Landing, 'landed' | 'z' | 'scoreTest' | 'logLikGap'>;

/**
 * T = s' S^-1 s with s the exact score at the estimate and S the Monte Carlo score's covariance: chi-square with as many
 * degrees of freedom as free parameters where the estimate is off by its Monte Carlo error alone. One Newton step
 * I^-1 s by the exact information leads to the exact maximum, to second order in a distance that is small beside a
 * standard error: z is that step in Monte Carlo errors, and s' I^-1 s / 2 the log-likelihood still to gain. Needs no
 * second fit. `likelihood` stands evaluated, with derivatives, at the estimate.
 */
export function landing(
  likelihood: MarginalLikelihood,
  space: ParameterSpace,
  scoreCovariance: Float64Array,
  errors: Float64Array,
  target: number,
  draws: DrawsReport,
): Landing {
  const { free } = space;
  const q = free.length;
  const all = likelihood.size;
  const score = Float64Array.from(free, (k) => likelihood.gradient[k]);
  const restricted = (matrix: Float64Array, sign: number): Float64Array =>
    Float64Array.from(
      { length: q * q },
      (_, k) => sign * matrix[free[Math.floor(k / q)] * all + free[k % q]],
    );

  const factor = restricted(scoreCovariance, 1);
  const standardised = score.slice();
  let statistic = Number.NaN;
  if (choleskyInPlace(factor, q)) {
    forwardSolve(factor, q, standardised);
    statistic = standardised.reduce((sum, value) => sum + value * value, 0);
  }
  const information = restricted(likelihood.hessian, -1);
  const z = new Array<number>(all).fill(Number.NaN);
  let logLikGap = Number.NaN;
  if (choleskyInPlace(information, q)) {
    const step = score.slice();
    choleskySolve(information, q, step);
    logLikGap = 0.5 * step.reduce((sum, value, k) => sum + value * score[k], 0);
    free.forEach((k, a) => {
      z[k] = -step[a] / errors[k];
    });
  }
  const pValue = q > 0 ? chdtrc(q, statistic) : 1;
  // Written so that NaN fails too.
  const landed =
    pValue >= NOT_LANDED && free.every((k) => Math.abs(z[k]) < FAR) && draws.largestErrorRatio <= target;
  return { landed, z, scoreTest: { statistic, df: q, pValue }, logLikGap, ...draws };
}

/** A p-value below this is no accident: the estimate is wrong, or its Monte Carlo error is. */
const NOT_LANDED = 1e-4;

/** So many Monte Carlo errors from the exact maximum are none either. */
const FAR = 4;

/** What of the proof failed. `names` are those of the estimates; `polished` tells whether a root of the score was found. */
export function landingFindings(
  { scoreTest, z, largestK, largestErrorRatio: ratio }: Landing,
  names: readonly string[],
  target: number,
  polished: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const advice = polished
    ? 'Do not trust this fit; quadrature() has the exact one. Try another seed or E-step, and tell us.'
    : 'Do not trust this fit: EM ended short of the maximum, or its E- or M-step is wrong. Let the polish tell (polish: true), or ask more of the size.';
  const far = names.filter((_, k) => Math.abs(z[k]) >= FAR);
  if (far.length > 0) {
    const each = far.map((name) => `${name} ${z[names.indexOf(name)].toPrecision(2)}`);
    findings.push({
      code: 'estimate-off',
      severity: 'error',
      message: `Estimates are further from the exact maximum than their Monte Carlo errors explain: z = ${each.join(', ')}.`,
      advice,
      where: far,
    });
  }
  // Written so that NaN fails too.
  if (!(scoreTest.pValue >= NOT_LANDED)) {
    findings.push({
      code: 'score-test-failed',
      severity: 'error',
      message: `The exact score at the estimate is further from 0 than its Monte Carlo error explains (${chiSquareText(scoreTest)}).`,
      advice,
    });
  }
  if (!(ratio <= target)) {
    findings.push({
      code: 'monte-carlo-error-above-target',
      severity: 'warning',
      message: `The largest Monte Carlo error is ${(100 * ratio).toPrecision(2)}% of its standard error; ${(100 * target).toPrecision(2)}% was asked for.`,
      advice: 'Raise maxDraws or the draws that a schedule states, or ask for less (monteCarloError).',
    });
  }
  if (largestK > 0.7) {
    findings.push({
      code: 'importance-weights-heavy',
      severity: 'warning',
      message: `The importance weights of a cluster have heavy tails (Pareto k = ${largestK.toFixed(2)}).`,
      advice: 'Use metropolis() as the E-step, or a heavier proposal: importance({ df: 3 }).',
    });
  }
  return findings;
}
