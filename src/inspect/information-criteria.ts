// informationCriteria(): AIC and BIC of the marginal likelihood, and the AIC of the clusters that were seen.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, checkOptions, count } from '../../samplers/options.js';
import { formatNumber, printable, table, wrap } from '../../samplers/text.js';
import { isQuasiLikelihood, requireEstimatedFit } from '../estimate/arguments.js';
import { type Fit, type LikelihoodFit, originOf } from '../estimate/fit.js';
import { parameterCount } from '../estimate/parameter-count.js';
import { findingLines } from '../estimate/summary.js';
import type { Finding } from '../model/finding.js';
import { countedRows } from '../model/model.js';
import { degreesByRefits, predictorsAtModes } from './conditional-aic/by-refits.js';
import { gaussianDegrees } from './conditional-aic/gaussian.js';
import { offMaximumFindings, sigmaAtBoundary } from './estimated.js';

/** Options of `informationCriteria()`. */
export interface InformationCriteriaOptions {
  /** Rows up to which Poisson counts and single trials are refitted, each row once, for the conditional AIC (1000); 0 for none. */
  readonly refits?: number;
  readonly signal?: AbortSignal;
}

/** What `informationCriteria()` gives. */
export interface InformationCriteria {
  /** The certified marginal log-likelihood. */
  readonly logLik: number;
  /** k, the parameters estimated. */
  readonly parameters: number;
  /** -2 logLik + 2 k: for predicting new clusters. */
  readonly AIC: number;
  /** With log of the rows, as R counts, and with log of the clusters, which are what is independent. */
  readonly BIC: number;
  readonly clusterBIC: number;
  /** log f(y | intercepts), each intercept at its mode; NaN, as the next two, where the conditional AIC is not defined. */
  readonly conditionalLogLik: number;
  /** Effective parameters of the fitted values. */
  readonly conditionalDf: number;
  /** -2 conditionalLogLik + 2 conditionalDf: for predicting new rows of the clusters that were seen. */
  readonly conditionalAIC: number;
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/**
 * AIC and BIC of the likelihood with the intercepts integrated out (as `glance()` has them), BIC also with the number of clusters, and
 * the conditional AIC, whose question is another: new responses of the same clusters.
 *
 * The conditional AIC has its degrees of freedom by covariance penalties, the estimation of sigma counted in: Gaussian
 * responses with normal intercepts exactly by the derivatives of the fitted values, plus 1 for the residual variance; Poisson counts (log)
 * and single trials (logit) by a refit a row, with the fit's own strategy. For others no such penalty is known in closed form
 * (binomial counts, gamma, negative binomial, other links), at a sigma of 0 its fitted values do not move smoothly, and weighted rows are
 * no responses: it is NaN then, and the finding `no-conditional-aic` has the reason.
 *
 * Source: Vaida and Blanchard (2005), Biometrika 92; Greven and Kneib (2010), Biometrika 97; Saefken et al. (2014), EJS 8;
 * Jones (2011), Statistics in Medicine 30 (BIC).
 * @throws GlmmcError `bad-fit` for posterior fits and quasi-likelihood, which maximise no likelihood; `unknown-option`, `bad-option`; rejects with
 *   the signal's reason
 */
export async function informationCriteria(
  fit: Fit,
  options: InformationCriteriaOptions = {},
): Promise<InformationCriteria> {
  requireEstimatedFit('informationCriteria()', fit);
  const { refits, signal } = checkOptions(
    'informationCriteria()',
    {
      refits: v.optional(count(0), 1000),
      signal: v.optional(abortSignal()),
    },
    options,
  );
  requireMaximum(fit);
  const { model, logLik } = fit;
  const k = parameterCount(fit);
  const clusters = model.clusters.clusterWeights.reduce((sum, w) => sum + w, 0);
  const findings = marginalFindings(fit);
  const reason = refusal(fit, refits);
  const conditional = reason === undefined ? await conditionalPart(fit, signal) : { reason };
  if ('reason' in conditional) findings.push(noConditional(conditional.reason));
  const { value, degrees } =
    'reason' in conditional ? { value: Number.NaN, degrees: Number.NaN } : conditional;
  const answer = {
    logLik,
    parameters: k,
    AIC: -2 * logLik + 2 * k,
    BIC: -2 * logLik + k * Math.log(countedRows(model)),
    clusterBIC: -2 * logLik + k * Math.log(clusters),
    conditionalLogLik: value,
    conditionalDf: degrees,
    conditionalAIC: -2 * value + 2 * degrees,
    findings,
  };
  return printable(answer, () => print(answer));
}

/** @throws GlmmcError `bad-fit` */
function requireMaximum(fit: Fit): asserts fit is LikelihoodFit {
  if (fit.kind === 'posterior') {
    throw new GlmmcError(
      'bad-fit',
      'informationCriteria() takes a likelihood fit: AIC and BIC belong to a maximum, found a posterior fit, which has none; use elpd(fit)',
    );
  }
  if (isQuasiLikelihood(fit)) {
    throw new GlmmcError(
      'bad-fit',
      `informationCriteria() needs the maximum of the likelihood, of which the estimates of ${fit.strategy} fall short by an unknown amount; fit by quadrature()`,
    );
  }
}

type Conditional = { readonly value: number; readonly degrees: number } | { readonly reason: string };

async function conditionalPart(fit: LikelihoodFit, signal: AbortSignal | undefined): Promise<Conditional> {
  const { model, parameters } = fit;
  const { clusters, family } = model;
  const eta = predictorsAtModes(model, parameters);
  let value = 0;
  for (let i = 0; i < clusters.count; i++) {
    const [from, to] = [clusters.starts[i], clusters.starts[i + 1]];
    const rows = family.outcome.value({ ...clusters, eta }, from, to, 0, parameters.dispersion ?? 1);
    value += clusters.clusterWeights[i] * (clusters.constants[i] + rows);
  }
  if (family.name === 'gaussian') {
    const degrees = gaussianDegrees(fit);
    return degrees === undefined
      ? { reason: 'the observed information is not positive definite' }
      : { value, degrees: degrees + 1 };
  }
  const { degrees, failed } = await degreesByRefits(fit, eta, signal);
  if (failed === 0) return { value, degrees };
  return { reason: `${failed} refits with one response changed did not converge` };
}

/** Why there is no conditional AIC; undefined where there is one. */
function refusal(fit: LikelihoodFit, refits: number): string | undefined {
  const { model, parameters } = fit;
  const { family, randomEffect, design, clusters } = model;
  const name = `${family.name} (${family.link.name})`;
  if (parameters.sigma === 0) {
    return 'sigma is 0, where the fitted values do not move smoothly with the responses; compare with the model without intercepts by AIC';
  }
  if (randomEffect.points) return 'point masses have no mode that moves smoothly with the responses';
  if (clusters.weights.some((w) => w !== 1))
    return 'a weighted row is no response that could have been another';
  if (family.name === 'gaussian' && family.link.name === 'identity') {
    if (randomEffect.name === 'normal') return undefined;
    return `with ${randomEffect.name} intercepts the fitted values of Gaussian responses have no derivatives in closed form`;
  }
  const trials = family.name === 'binomial' && family.link.name === 'logit';
  if (trials && !clusters.single) {
    return 'binomial counts have no covariance penalty in closed form; give the single trials as rows';
  }
  if (!trials && !(family.name === 'poisson' && family.link.name === 'log')) {
    return `${name} responses have no covariance penalty in closed form`;
  }
  if (!originOf(fit)) return 'this is a copy of a fit, which does not know its strategy';
  if (design.rows > refits) {
    return `it takes a refit for each of the ${design.rows} rows, and refits allows ${refits}`;
  }
  return undefined;
}

function marginalFindings(fit: LikelihoodFit): Finding[] {
  const findings: Finding[] = [];
  if (sigmaAtBoundary(fit)) {
    findings.push({
      code: 'sigma-boundary',
      severity: 'note',
      message:
        'sigma is estimated at 0, the end of its range, and yet counted as a parameter, as R does: AIC and BIC are then on the side of the model without intercepts.',
      advice: 'likelihoodRatio() of the two has the right reference.',
      where: ['sigma'],
    });
  }
  const consequence = ': the criteria are too large by twice that.';
  return [...findings, ...offMaximumFindings(fit, consequence, 'Compare fits by quadrature().')];
}

function noConditional(reason: string): Finding {
  return {
    code: 'no-conditional-aic',
    severity: 'note',
    message: `There is no conditional AIC: ${reason}.`,
    advice:
      'AIC and BIC are of the marginal likelihood, and hold; elpd() predicts new clusters without either.',
  };
}

function print(answer: Omit<InformationCriteria, 'toString'>): string {
  const { logLik, parameters, AIC, BIC, clusterBIC, findings } = answer;
  const { conditionalLogLik, conditionalDf, conditionalAIC } = answer;
  return [
    table(
      ['', 'logLik', 'df', 'AIC', 'BIC (rows)', 'BIC (clusters)'],
      [
        [
          'marginal',
          formatNumber(logLik, 2),
          String(parameters),
          ...[AIC, BIC, clusterBIC].map((x) => formatNumber(x, 2)),
        ],
        [
          'conditional',
          formatNumber(conditionalLogLik, 2),
          formatNumber(conditionalDf, 2),
          formatNumber(conditionalAIC, 2),
          '',
          '',
        ],
      ],
    ),
    '',
    ...wrap(
      'Marginal: for new clusters. Conditional: for new rows of the same clusters. The two do not compare.',
    ),
    ...findingLines(findings),
  ].join('\n');
}
