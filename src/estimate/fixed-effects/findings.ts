// What a person must know of estimates with one coefficient a cluster.
import { digitsFor } from '../../../samplers/text.js';
import { type Finding, someOf } from '../../model/finding.js';
import type { Model } from '../../model/model.js';

/** What the findings are about. */
export interface Fitted {
  readonly model: Model;
  /** Per cluster: where its coefficient runs to; 0 where it is finite, NaN without weight. */
  readonly ends: Float64Array;
  /** Coefficients that no row tells from those of the clusters. */
  readonly unidentified: readonly string[];
  /** Names, estimates and standard errors of those that are told. */
  readonly told: readonly { readonly name: string; readonly value: number; readonly standardError: number }[];
  readonly dispersion: number | undefined;
}

export function fixedEffectsFindings(fitted: Fitted): Finding[] {
  return [...withoutInformation(fitted), ...notIdentified(fitted), ...bias(fitted), ...spread(fitted)];
}

function withoutInformation({ model, ends }: Fitted): Finding[] {
  const lost = model.clusterLabels.filter((_, i) => Math.abs(ends[i]) === Number.POSITIVE_INFINITY);
  if (lost.length === 0) return [];
  const what = model.family.name === 'binomial' ? 'successes alone or failures alone' : 'zeros alone';
  return [
    {
      code: 'clusters-without-information',
      severity: 'note',
      message: `${lost.length} of ${ends.length} clusters have ${what} (${someOf(lost)}): their coefficients are infinite, they fit perfectly whatever the others are, and the estimates are those without them.`,
      advice: 'quadrature() learns from them too, by what the distribution of the intercepts says of them.',
      where: lost,
    },
  ];
}

function notIdentified({ model, unidentified }: Fitted): Finding[] {
  if (unidentified.length === 0) return [];
  return [
    {
      code: 'not-identified',
      severity: 'warning',
      message: `${someOf(unidentified)}: within clusters the column is constant, or a sum of multiples of others, so that one coefficient a cluster takes up all that it explains. There is no estimate of it, nor of sigma, and no marginal log-likelihood.`,
      advice: `quadrature() estimates it, taking the intercepts by '${model.clusterName}' for unrelated to the covariates.`,
      where: [...unidentified],
    },
  ];
}

function bias(fitted: Fitted): Finding[] {
  const { model } = fitted;
  const { name, link } = model.family;
  const many = `One coefficient for each of ${model.clusterLabels.length} clusters`;
  const finding = (severity: Finding['severity'], message: string, advice: string): Finding[] => [
    { code: 'incidental-parameters', severity, message, advice },
  ];
  if (name === 'poisson') {
    return finding(
      'note',
      `${many}: for Poisson counts with the log link the other coefficients are those of the conditional likelihood, and have no bias from it.`,
      'quadrature() is more precise where the intercepts are unrelated to the covariates.',
    );
  }
  if (name === 'gaussian' || name === 'gamma') return finding('warning', ...scaleTooSmall(fitted, many));
  const twice = areLogitPairs(model) && fitted.told.length > 0;
  const size = twice
    ? `With two trials a cluster the estimates are exactly twice those of the conditional likelihood (Andersen 1970), which are ${someOf(fitted.told.map(({ name: of, value, standardError }) => `${of} ${digitsFor(value / 2, standardError / 1000)}`))}.`
    : `The estimates of the other coefficients are biased away from 0 however many clusters there are, the more the fewer rows a cluster has (Neyman and Scott 1948): by a factor of 2 for matched pairs${link.name === 'logit' ? '' : ' with the logit link'} (Andersen 1970).`;
  return finding(
    'warning',
    `${many}. ${size}`,
    'Use quadrature(), which integrates the intercepts out; do not use these standard errors for intervals.',
  );
}

/** The maximum divides by the rows, not by what the coefficients leave of them. */
function scaleTooSmall({ model, dispersion, told }: Fitted, many: string): [string, string] {
  const { family } = model;
  const { rows, clusters } = counted(model);
  const left = rows - clusters - told.length;
  const size =
    family.name === 'gaussian'
      ? `${digitsFor(dispersion!, dispersion! / 1e4)} is the sum of squares over ${rows} rows; over the ${left} degrees of freedom left it is ${digitsFor((dispersion! * rows) / left, dispersion! / 1e4)}, and standard errors are ${Math.sqrt(rows / left).toFixed(3)} times those printed.`
      : `of ${rows} rows ${left} degrees of freedom are left, and standard errors should be ${Math.sqrt(rows / left).toFixed(2)} or so times those printed.`;
  return [
    `${many}: the other coefficients have no bias from it, but the dispersion is too small however many clusters there are (Neyman and Scott 1948): ${size}`,
    'Take the standard errors that many times as large, or use quadrature().',
  ];
}

function spread({ ends, unidentified }: Fitted): Finding[] {
  if (unidentified.length > 0) return [];
  const infinite = ends.filter((end) => Math.abs(end) === Number.POSITIVE_INFINITY).length;
  const without = infinite > 0 ? `, without the ${infinite} that are infinite` : '';
  return [
    {
      code: 'sigma-of-coefficients',
      severity: 'note',
      message: `sigma is the standard deviation of the clusters' coefficients and the intercept their mean${without}. Their errors are in it, and it has none of its own; the log-likelihood is the marginal one there, which is no maximum.`,
      advice: 'quadrature() estimates sigma.',
      where: ['sigma'],
    },
  ];
}

/** Rows and clusters with weight, each cluster as often as its weight says. */
function counted({ clusters }: Model): { rows: number; clusters: number } {
  let total = 0;
  let m = 0;
  for (let i = 0; i < clusters.count; i++) {
    let rows = 0;
    for (let r = clusters.starts[i]; r < clusters.starts[i + 1]; r++) rows += clusters.weights[r];
    total += clusters.clusterWeights[i] * rows;
    if (rows > 0) m += clusters.clusterWeights[i];
  }
  return { rows: total, clusters: m };
}

/** Whether every cluster has two single trials, with the logit link. */
function areLogitPairs({ family, clusters }: Model): boolean {
  const { count, starts, single } = clusters;
  if (family.link.name !== 'logit' || !single) return false;
  for (let i = 0; i < count; i++) if (starts[i + 1] - starts[i] > 2) return false;
  return true;
}
