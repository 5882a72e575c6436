// elpd(): how well the model predicts a new cluster, by leaving out one cluster at a time.
import * as v from 'valibot';
import { paretoThreshold } from '../../samplers/diagnostics/pareto.js';
import { allChains } from '../../samplers/draws.js';
import { abortSignal, checkOptions, count } from '../../samplers/options.js';
import { digitsFor, formatNumber, table, wrap } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit, PosteriorFit } from '../estimate/fit.js';
import { findingLines } from '../estimate/summary.js';
import { requireDensity } from '../likelihood/supported.js';
import { type Finding, someOf } from '../model/finding.js';
import { mergeClusters } from '../model/merge.js';
import { importance } from './elpd/importance.js';
import { EvidenceWithout, gapToMaximum, LARGEST_GAP, maximumWithout } from './elpd/leave-out.js';
import { clusterLogLik } from './log-lik.js';

/** One cluster left out. */
export interface ClusterElpd {
  readonly cluster: string;
  /** log p(y_i | y of the others), the intercept integrated out. */
  readonly elpd: number;
  /** What is lost by not having seen the cluster: log p(y_i | y) - elpd. */
  readonly pLoo: number;
  /** Pareto k of its importance weights; NaN for likelihood fits, which have none. */
  readonly k: number;
  /** Of `elpd`: Monte Carlo, or of the quadrature where it was computed anew. */
  readonly error: number;
  /** Whether it was computed anew without the cluster, not by importance weights. */
  readonly refit: boolean;
}

/** What `elpd()` gives: how well the model predicts a new cluster. */
export interface Elpd {
  /** Sum over clusters, by their cluster weights. */
  readonly elpd: number;
  /** Of that sum as an estimate for new data of as many clusters: sqrt(m var). */
  readonly standardError: number;
  /** Effective number of parameters. */
  readonly pLoo: number;
  /** -2 elpd, on the scale of the deviance. */
  readonly looic: number;
  /** Of `elpd`, for want of draws. */
  readonly monteCarloError: number;
  /** Pareto k by cluster, in the order of `model.clusterLabels`. */
  readonly k: Float64Array;
  readonly clusters: readonly ClusterElpd[];
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/** Options of `elpd()`. */
export interface ElpdOptions {
  /** At most this many clusters whose Pareto k is too high are computed anew, posterior fits (20). */
  readonly refits?: number;
  readonly signal?: AbortSignal;
}

/**
 * The expected log predictive density of a new cluster, by leave-one-cluster-out cross-validation of the likelihood with the
 * intercepts integrated out (leaving out single rows, or conditioning on intercepts, would answer another question).
 *
 * Posterior fits: Pareto-smoothed importance sampling over the draws of `clusterLogLik(fit)`; clusters whose k is above
 * min(1 - 1 / log10 S, 0.7) are computed anew as log evidence with the cluster less log evidence without it, both by
 * quadrature, where there are at most `refits` of them, the worst first.
 *
 * Likelihood fits: log L_i at the maximum of the likelihood of the other clusters, for every i: m refits by quadrature from
 * the estimates, whatever strategy made the fit, without Monte Carlo error. -2 elpd then estimates what AIC does, and pLoo the
 * number of parameters. Clusters of equal rows share a refit.
 *
 * Source: Vehtari, Gelman, Gabry (2017), Statistics and Computing 27; Merkle, Furr, Rabe-Hesketh (2019), Psychometrika 84.
 * @throws GlmmcError `bad-fit`, `unknown-option`, `bad-option`, `unsupported-effect`; rejects with the signal's reason
 */
export async function elpd(fit: Fit, options: ElpdOptions = {}): Promise<Elpd> {
  requireEstimatedFit('elpd()', fit);
  const { refits, signal } = checkOptions(
    'elpd()',
    {
      refits: v.optional(count(0), 20),
      signal: v.optional(abortSignal()),
    },
    options,
  );
  requireDensity('elpd()', fit.model);
  const pause = async (): Promise<void> => {
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
  };
  await pause();
  const findings: Finding[] = [];
  const clusters =
    fit.kind === 'posterior'
      ? await byDraws(fit, refits, pause, findings)
      : await byRefits(fit, pause, findings);
  return summarise(fit, clusters, findings);
}

async function byDraws(
  fit: PosteriorFit,
  refits: number,
  pause: () => Promise<void>,
  findings: Finding[],
): Promise<ClusterElpd[]> {
  const draws = clusterLogLik(fit);
  await pause();
  const rows = fit.model.clusterLabels.map(
    (cluster): ClusterElpd => ({
      cluster,
      ...importance(allChains(draws, `log_lik[${cluster}]`)),
      refit: false,
    }),
  );
  const threshold = paretoThreshold(draws.chains * draws.iterations);
  // NaN where the weights are all equal: nothing to smooth, and nothing wrong.
  const high = rows.flatMap(({ k }, i) => (k > threshold ? [i] : [])).sort((a, b) => rows[b].k - rows[a].k);
  const evidence = new EvidenceWithout(fit, pause);
  for (const i of high.slice(0, refits)) {
    const { elpd, error, converged } = await evidence.of(i);
    if (!converged) continue;
    const seen = rows[i].elpd + rows[i].pLoo;
    rows[i] = { ...rows[i], elpd, error, pLoo: seen - elpd, refit: true };
  }
  const left = high.filter((i) => !rows[i].refit).map((i) => rows[i]);
  if (left.length > 0) {
    const worst = left.reduce((a, b) => (b.k > a.k ? b : a));
    findings.push({
      code: 'pareto-k-high',
      severity: 'warning',
      message: `The draws say too little of what they would be without ${left.length === 1 ? 'cluster' : 'clusters'} ${someOf(left.map(({ cluster }) => cluster))}: Pareto k is ${worst.k.toFixed(2)} for ${worst.cluster}, and should be below ${threshold.toFixed(2)}. Their elpd is not to be trusted.`,
      advice: `Have them computed anew (refits: ${high.length}), or look at these clusters: few draws agree with them.`,
      where: left.map(({ cluster }) => cluster),
    });
  }
  return rows;
}

async function byRefits(
  fit: LikelihoodFit,
  pause: () => Promise<void>,
  findings: Finding[],
): Promise<ClusterElpd[]> {
  const { model } = fit;
  const seen = clusterLogLik(fit);
  const { memberOf } = mergeClusters(model.clusters, undefined);
  const rows: ClusterElpd[] = [];
  const failed: string[] = [];
  const done = new Map<number, ClusterElpd>();
  for (const [i, cluster] of model.clusterLabels.entries()) {
    let row = done.get(memberOf[i]);
    if (!row) {
      const { elpd, error, converged } = await maximumWithout(fit, i, pause);
      if (!converged) failed.push(cluster);
      row = { cluster, elpd, pLoo: seen[i] - elpd, k: Number.NaN, error, refit: true };
      done.set(memberOf[i], row);
    }
    rows.push({ ...row, cluster });
  }
  const gap = gapToMaximum(fit);
  if (gap > LARGEST_GAP) {
    findings.push({
      code: 'elpd-of-maximum-likelihood',
      severity: 'note',
      message: `The refits without a cluster are maximum likelihood; the estimates of ${fit.strategy} lie ${gap.toPrecision(2)} below it in log-likelihood, which is counted into pLoo.`,
      advice: 'Compare the elpd of models by fits of quadrature().',
    });
  }
  if (failed.length > 0) {
    findings.push({
      code: 'refit-not-converged',
      severity: 'warning',
      message: `Without ${failed.length === 1 ? 'cluster' : 'clusters'} ${someOf(failed)} the likelihood has no maximum that was found, so that their elpd is that of where the search ended.`,
      advice:
        'The data without them do not fix every parameter: use priors, as in elpd() of a posterior fit.',
      where: failed,
    });
  }
  return rows;
}

function summarise(fit: Fit, clusters: readonly ClusterElpd[], findings: readonly Finding[]): Elpd {
  const weights = fit.model.clusters.clusterWeights;
  const m = weights.reduce((sum, w) => sum + w, 0);
  const total = (of: (row: ClusterElpd, i: number) => number): number =>
    clusters.reduce((sum, row, i) => (weights[i] > 0 ? sum + weights[i] * of(row, i) : sum), 0);
  const sum = total((row) => row.elpd);
  const squares = total((row) => (row.elpd - sum / m) ** 2);
  const answer = {
    elpd: sum,
    standardError: Math.sqrt((m * squares) / (m - 1)),
    pLoo: total((row) => row.pLoo),
    looic: -2 * sum,
    // The draws are the same for copies of a cluster, so their errors add up.
    monteCarloError: Math.sqrt(total((row, i) => weights[i] * row.error ** 2)),
    k: Float64Array.from(clusters, ({ k }) => k),
    clusters,
    findings,
  };
  return { ...answer, toString: () => print(fit, answer, m) };
}

function print(fit: Fit, answer: Omit<Elpd, 'toString'>, m: number): string {
  const { elpd, standardError, pLoo, looic, monteCarloError, clusters, findings } = answer;
  const error = Math.max(standardError / 100, monteCarloError);
  const number = (value: number): string => digitsFor(value, error);
  const refits = clusters.filter(({ refit }) => refit).length;
  const known = clusters.filter(({ k }) => !Number.isNaN(k));
  const how =
    fit.kind === 'posterior'
      ? `By Pareto-smoothed importance sampling of ${fit.draws.chains * fit.draws.iterations} draws${refits > 0 ? `, ${refits} of the clusters by their evidence` : ''}; largest Pareto k ${known.length > 0 ? formatNumber(Math.max(...known.map(({ k }) => k)), 2) : '-'}; Monte Carlo error of elpd ${monteCarloError.toPrecision(2)}.`
      : 'Every cluster by a refit without it: no Monte Carlo error.';
  return [
    `Leave-one-cluster-out cross-validation of ${m} clusters (${fit.model.clusterName})`,
    '',
    table(
      ['', 'Estimate', 'SE'],
      [
        ['elpd', number(elpd), number(standardError)],
        ['pLoo', number(pLoo), ''],
        ['looic', number(looic), number(2 * standardError)],
      ],
    ),
    '',
    ...wrap(how),
    ...findingLines(findings),
  ].join('\n');
}
