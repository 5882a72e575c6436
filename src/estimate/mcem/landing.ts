// The proof of landing: a Monte Carlo estimate held against the exact score at it (METHODS section 1).
import { chdtrc, fdtrc } from '../../../samplers/special.js';
import type { MarginalLikelihood } from '../../likelihood/marginal-likelihood.js';
import type { Finding } from '../../model/finding.js';
import { choleskyInPlace, choleskySolve, forwardSolve } from '../../numeric/cholesky.js';
import type { Landing } from '../fit.js';
import type { ParameterSpace } from '../parameter-space.js';
import { scoreTestText } from '../summary.js';
import type { DrawSet } from './e-step.js';

/**
 * T = s' S^-1 s with s the exact score at the estimate and S the Monte Carlo score's covariance: chi-square with as many
 * degrees of freedom as free parameters where the estimate is off by its Monte Carlo error alone. Needs no second fit.
 * Where S comes from R replicates T is Hotelling's, and T (R - q) / (q (R - 1)) has the F distribution with (q, R - q).
 * The log-likelihood still to gain is s' I^-1 s / 2. `likelihood` stands evaluated, with derivatives, at the estimate.
 */
export function landing(
  likelihood: MarginalLikelihood,
  space: ParameterSpace,
  scoreCovariance: Float64Array,
  { replicates, exact }: Pick<DrawSet, 'replicates' | 'exact'>,
  draws: Pick<Landing, 'draws' | 'smallestEss' | 'largestK' | 'largestErrorRatio'>,
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
  let logLikGap = Number.NaN;
  if (choleskyInPlace(information, q)) {
    const step = score.slice();
    choleskySolve(information, q, step);
    logLikGap = 0.5 * step.reduce((sum, value, k) => sum + value * score[k], 0);
  }
  return { scoreTest: scoreTest(statistic, q, replicates, exact), logLikGap, ...draws };
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

export function landingFindings({ scoreTest, largestK }: Landing, target: number, ratio: number): Finding[] {
  const findings: Finding[] = [];
  // Written so that NaN fails too.
  if (scoreTest.reference !== 'none' && !(scoreTest.pValue >= NOT_LANDED)) {
    findings.push({
      code: 'score-test-failed',
      severity: 'error',
      message: `The exact score at the estimate is further from 0 than its Monte Carlo error explains (${scoreTestText(scoreTest)}).`,
      advice:
        'Do not trust this fit; quadrature() has the exact one. Try another seed or E-step, and tell us.',
    });
  }
  if (!(ratio <= target)) {
    findings.push({
      code: 'monte-carlo-error-above-target',
      severity: 'warning',
      message: `The largest Monte Carlo error is ${(100 * ratio).toPrecision(2)}% of its standard error; ${(100 * target).toPrecision(2)}% was asked for.`,
      advice: 'Raise maxDraws, or ask for less (monteCarloError).',
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
