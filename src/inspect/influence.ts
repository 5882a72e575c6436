// influence(): how far the estimates would go without each cluster, by one exact Newton step.
import { digitsFor, table } from '../../samplers/text.js';
import { requireEstimatedFit } from '../estimate/arguments.js';
import type { Fit, LikelihoodFit } from '../estimate/fit.js';
import { singularInformation } from '../estimate/likelihood-fit.js';
import { findingLines } from '../estimate/summary.js';
import { clusterDerivatives } from '../likelihood/cluster-derivatives.js';
import { type Finding, someOf } from '../model/finding.js';
import { choleskyInPlace, choleskySolve, invertSymmetric } from '../numeric/cholesky.js';
import { estimatedFindings, estimatedSpace, requireScores } from './estimated.js';

/** One cluster left out. */
export interface ClusterInfluence {
  readonly cluster: string;
  /** Cook's distance: (change)' information (change) / number of parameters. */
  readonly cooksDistance: number;
  /**
   * Change of each estimate by the cluster's being there, in standard errors, in the order of the estimates: the estimate with
   * it less that without it. sigma and the dispersion on the log scale; 0 for what is held.
   */
  readonly dfbetas: Float64Array;
  /** What the estimates would be without it, in their order. */
  readonly estimates: Float64Array;
}

/** Rows in the order of `model.clusterLabels`; `findings` and `toString` stand beside them. */
export interface Influence extends ReadonlyArray<ClusterInfluence> {
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/** Clusters in the printed table. */
const MOST_SHOWN = 10;

/**
 * Each cluster's influence on the estimates: one Newton step from the maximum of all clusters towards that of the others, by the
 * cluster's exact score s_i and Hessian H_i (of the log-likelihood with the intercept integrated out),
 * theta(-i) = theta - (I - I_i)^-1 s_i with I the information of all, in (beta, log sigma, log dispersion). That is near enough
 * to find the clusters that matter; `elpd()` refits without each. Of clusters that are alike each has the influence of one; of a cluster
 * weight of w one copy is left out. A sigma on its boundary is held there. A cluster without which the parameters are not
 * estimable (the only one with a level, say) has NaN, and the finding `not-estimable-without` names it.
 *
 * Source: Cook (1977), Technometrics 19; Pregibon (1981), Annals of Statistics 9; Belsley, Kuh and Welsch (1980).
 * @throws GlmmcError `bad-fit` for posterior fits and quasi-likelihood, `unsupported-effect` for point masses
 */
export function influence(fit: Fit): Influence {
  requireEstimatedFit('influence()', fit);
  requireScores(
    'influence()',
    fit,
    'elpd(fit) says of each cluster how much its draws depend on it (pLoo, k)',
  );
  const { model, parameters, estimates } = fit;
  const space = estimatedSpace(fit);
  const q = space.free.length;
  const weights = model.clusters.clusterWeights;
  const all = clusterDerivatives(model, parameters).map(({ score, hessian }) =>
    space.chain(parameters, 0, score, hessian),
  );
  const information = new Float64Array(q * q);
  all.forEach(({ hessian }, i) => {
    for (let k = 0; k < q * q; k++) information[k] -= weights[i] * hessian[k];
  });
  const inverse = invertSymmetric(information, q);
  const errors = Float64Array.from({ length: q }, (_, a) => Math.sqrt(inverse?.[a * q + a] ?? Number.NaN));
  const point = space.pack(parameters);
  const lost: string[] = [];
  const rows = model.clusterLabels.map((cluster, i): ClusterInfluence => {
    const { gradient, hessian } = all[i];
    const removed = Math.min(1, weights[i]);
    const rest = information.map((value, k) => value + removed * hessian[k]);
    const change = gradient.map((value) => removed * value);
    if (inverse && choleskyInPlace(rest, q)) choleskySolve(rest, q, change);
    else {
      change.fill(Number.NaN);
      if (inverse) lost.push(cluster);
    }
    const dfbetas = new Float64Array(estimates.length);
    space.free.forEach((k, a) => {
      dfbetas[k] = change[a] / errors[a];
    });
    let square = 0;
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++) square += change[a] * information[a * q + b] * change[b];
    const { beta, sigma, dispersion } = space.unpack(
      point.map((value, a) => value - change[a]),
      parameters,
    );
    const without = [...beta, sigma, ...(dispersion === undefined ? [] : [dispersion])];
    return { cluster, cooksDistance: square / q, dfbetas, estimates: Float64Array.from(without) };
  });
  const findings = [
    ...estimatedFindings('influence()', fit),
    ...(inverse ? notEstimable(lost) : [singularInformation()]),
  ];
  return Object.defineProperties(rows, {
    findings: { value: findings, enumerable: false },
    toString: { value: () => print(fit, rows, findings), enumerable: false },
  }) as unknown as Influence;
}

function notEstimable(lost: readonly string[]): Finding[] {
  if (lost.length === 0) return [];
  return [
    {
      code: 'not-estimable-without',
      severity: 'warning',
      message: `Without ${lost.length === 1 ? 'cluster' : 'any one of the clusters'} ${someOf(lost)} the likelihood, as one step sees it, has no maximum: an estimate rests on it alone.`,
      advice:
        'Look at what only this cluster has (a level, a response unlike all others); elpd() refits without it.',
      where: lost,
    },
  ];
}

function print(
  { model, estimates }: LikelihoodFit,
  rows: readonly ClusterInfluence[],
  findings: readonly Finding[],
): string {
  const order = [...rows].sort(
    (a, b) =>
      Number(Number.isNaN(b.cooksDistance)) - Number(Number.isNaN(a.cooksDistance)) ||
      b.cooksDistance - a.cooksDistance,
  );
  const shown = order.slice(0, MOST_SHOWN);
  const which = shown.length < rows.length ? `, the ${shown.length} farthest of ${rows.length}` : '';
  return [
    `Influence of each cluster (${model.clusterName})${which}: changes in standard errors`,
    '',
    table(
      ['cluster', 'Cook', ...estimates.map(({ name }) => name)],
      shown.map(({ cluster, cooksDistance, dfbetas }) => [
        cluster,
        digitsFor(cooksDistance, 0.001),
        ...Array.from(dfbetas, (value) => digitsFor(value, 0.01)),
      ]),
    ),
    ...findingLines(findings),
  ].join('\n');
}
