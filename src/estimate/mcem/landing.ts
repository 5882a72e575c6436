// The proof of landing: a Monte Carlo estimate held against the exact score at it.
import { LARGEST_PARETO_K } from '../../../samplers/diagnostics/pareto.js';
import { chdtrc, fdtrc, ndtr, stdtri } from '../../../samplers/special.js';
import type { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import type { Finding } from '../../model/finding.js';
import { choleskyInPlace, choleskySolve, forwardSolve } from '../../numeric/cholesky.js';
import type { Landing } from '../fit.js';
import type { ParameterSpace } from '../parameter-space.js';
import { scoreTestText } from '../summary.js';
import type { DrawSet } from './e-step.js';

/** What the draws say of themselves. */
export type DrawsReport = Omit<Landing, 'landed' | 'z' | 'scoreTest' | 'logLikGap'>;

/**
 * T = s' S^-1 s with s the exact score at the estimate and S the Monte Carlo score's covariance: chi-square with as many
 * degrees of freedom as free parameters where the estimate is off by its Monte Carlo error alone. Where S comes from R
 * replicates T is Hotelling's, and T (R - q) / (q (R - 1)) has the F distribution with (q, R - q). One Newton step I^-1 s by
 * the exact information leads to the exact maximum, to second order in a distance that is small beside a standard error:
 * z is that step in Monte Carlo errors (of R replicates Student's t with R - 1), and s' I^-1 s / 2 the log-likelihood still
 * to gain. Needs no second fit. `likelihood` stands evaluated, with derivatives, at the estimate.
 */
export function landing(
  likelihood: MarginalLikelihood,
  space: ParameterSpace,
  scoreCovariance: Float64Array,
  { replicates, exact }: Pick<DrawSet, 'replicates' | 'exact'>,
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
  if (!exact && choleskyInPlace(factor, q)) {
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
      if (!exact) z[k] = -step[a] / errors[k];
    });
  }
  const test = scoreTest(statistic, q, replicates, exact);
  const far = farthest(replicates);
  // Written so that NaN fails too. Exact EM has no error to judge by: there the gap itself must be nothing.
  const landed = exact
    ? logLikGap < EXACT_GAP
    : test.pValue >= NOT_LANDED &&
      free.every((k) => Math.abs(z[k]) < far) &&
      draws.largestErrorRatio <= target;
  return { landed, z, scoreTest: test, logLikGap, ...draws };
}

/** `statistic` with the distribution that it has by chance alone. */
function scoreTest(statistic: number, q: number, replicates: number, exact: boolean): Landing['scoreTest'] {
  if (exact) return { statistic: Number.NaN, df: q, pValue: Number.NaN, reference: 'none' };
  if (replicates === 0) {
    return { statistic, df: q, pValue: q > 0 ? chdtrc(q, statistic) : 1, reference: 'chi-square' };
  }
  const denominatorDf = replicates - q;
  const ratio = (statistic * denominatorDf) / (q * (replicates - 1));
  return {
    statistic,
    df: q,
    pValue: q > 0 ? fdtrc(q, denominatorDf, ratio) : 1,
    reference: 'F',
    denominatorDf,
    replicates,
  };
}

/** A p-value below this is no accident: the estimate is wrong, or its Monte Carlo error is. */
const NOT_LANDED = 1e-4;

/** So many Monte Carlo errors from the exact maximum are none either. */
const FAR = 4;
/** What exact EM may lack of the exact maximum. */
const EXACT_GAP = 1e-8;

/** `FAR`, or by replicates the value that Student's t passes as rarely. */
function farthest(replicates: number): number {
  return replicates === 0 ? FAR : -stdtri(replicates - 1, ndtr(-FAR));
}

/** What of the proof failed. `names` are those of the estimates; `polished` tells whether a root of the score was found. */
export function landingFindings(
  { landed, scoreTest, z, logLikGap, largestK, largestErrorRatio: ratio }: Landing,
  names: readonly string[],
  target: number,
  polished: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const advice = polished
    ? 'Do not trust this fit; quadrature() has the exact one. Try another seed or E-step, and tell us.'
    : 'Do not trust this fit: EM ended short of the maximum, or its E- or M-step is wrong. Let the polish tell (polish: true), or ask more of the size.';
  const bound = farthest(scoreTest.replicates ?? 0);
  const far = names.filter((_, k) => Math.abs(z[k]) >= bound);
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
  if (scoreTest.reference === 'none') {
    if (landed) return [];
    const message = `Exact EM ended ${logLikGap.toPrecision(2)} below the maximum of the log-likelihood.`;
    return [{ code: 'estimate-off', severity: 'error', message, advice }];
  }
  // Written so that NaN fails too.
  if (!(scoreTest.pValue >= NOT_LANDED)) {
    findings.push({
      code: 'score-test-failed',
      severity: 'error',
      message: `The exact score at the estimate is further from 0 than its Monte Carlo error explains (${scoreTestText(scoreTest)}).`,
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
  if (largestK > LARGEST_PARETO_K) {
    findings.push({
      code: 'importance-weights-heavy',
      severity: 'warning',
      message: `The importance weights of a cluster have heavy tails (Pareto k = ${largestK.toFixed(2)}).`,
      advice: 'Use metropolis() as the E-step, or a heavier proposal: importance({ df: 3 }).',
    });
  }
  return findings;
}
