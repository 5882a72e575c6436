// The sections of a page, in their order, for a fit or a comparison.
import type { Comparison } from '../compare/compare.js';
import { type OwnedFinding, ownedFindings } from '../compare/owned-findings.js';
import type { Fit, PosteriorFit } from '../estimate/fit.js';
import { ranef } from '../inspect/ranef.js';
import { clusterTable } from './html/cluster-table.js';
import { dataSummary } from './html/data-summary.js';
import { distanceTable, likelihoodTable, posteriorTable, sideBySide } from './html/estimate-tables.js';
import { figure } from './html/figure.js';
import { findingList } from './html/findings.js';
import { landingText } from './html/landing-text.js';
import { type Html, html } from './html/markup.js';
import { modelMath } from './html/model-math.js';
import type { Section } from './html/page.js';
import { calibrationPlot } from './plots/calibration.js';
import { caterpillarOf } from './plots/caterpillar.js';
import { autocorrelationPlot, rankEcdfPlot, tracePlot } from './plots/chains.js';
import { densityPlot } from './plots/density.js';
import { fittedPlot } from './plots/fitted.js';
import { forestPlot } from './plots/forest.js';
import type { PlotSpec } from './plots/spec.js';
import { timeErrorPlot } from './plots/time-error.js';
import { hasTrajectory, trajectoryPlot } from './plots/trajectory.js';

/** What a page is about. */
export interface Subject {
  /** Fits with the names they go by, in their order. */
  readonly fits: readonly { readonly name: string; readonly fit: Fit }[];
  /** All on one yardstick, where there is one. */
  readonly comparison: Comparison | undefined;
  /** Whether the page is about several strategies. */
  readonly several: boolean;
  /** Whose intercepts and means are drawn. */
  readonly shown: Fit;
}

export async function sectionsOf(subject: Subject): Promise<Section[]> {
  const { model } = subject.shown;
  const posteriors = subject.fits.flatMap(({ fit }) => (fit.kind === 'posterior' ? fit : []));
  return [
    { id: 'findings', title: 'Findings', body: findings(subject) },
    {
      id: 'model',
      title: 'Model and data',
      body: html`${modelMath(model, posteriors)}<h3>Data</h3>\n${dataSummary(model)}`,
    },
    ...(subject.comparison ? [await comparisonSection(subject.comparison, subject.several)] : []),
    ...(await Promise.all(subject.fits.map((one, k) => fitSection(subject, one, `fit-${k + 1}`)))),
    await clusterSection(subject.shown),
    await meansSection(subject.shown),
    { id: 'settings', title: 'How it was made', body: settings(subject) },
  ];
}

function findings({ comparison, several, shown }: Subject): Html {
  const owned: readonly OwnedFinding[] = comparison
    ? several
      ? ownedFindings(comparison)
      : ownFindings(comparison)
    : shown.findings.map((finding) => ({ finding, names: [] }));
  return findingList(comparison ? verdictOf(comparison, several) : convergence(shown), owned);
}

/** Of the one strategy: what its reference has to say of itself is beside the point. */
function ownFindings(comparison: Comparison): OwnedFinding[] {
  return ownedFindings(comparison)
    .filter(({ names }) => names.some((name) => name !== 'reference'))
    .map((one) => ({ ...one, names: [] }));
}

function verdictOf({ rows }: Comparison, several: boolean): string {
  const named = (verdict: string): string[] =>
    rows.filter((row) => row.verdict === verdict).map(({ strategy }) => strategy);
  const [agree, approximate, failed] = ['agrees', 'approximate', 'failed'].map(named);
  if (!several) {
    if (failed.length > 0) return `${failed[0]} disagrees with the exact answer, or did not converge.`;
    return agree.length > 0
      ? `${agree[0]} agrees with the exact answer by quadrature.`
      : `${approximate[0]} is approximate here: compare it with the exact answer below.`;
  }
  const parts = [
    ...(agree.length > 0
      ? [`${agree.join(', ')} ${agree.length === 1 ? 'agrees' : 'agree'} with the exact answer`]
      : []),
    ...(approximate.length > 0
      ? [`${approximate.join(', ')} ${approximate.length === 1 ? 'is' : 'are'} approximate here`]
      : []),
    ...(failed.length > 0 ? [`${failed.join(', ')} failed`] : []),
  ];
  return `${parts.join('; ')}.`;
}

function convergence({ converged, strategy }: Fit): string {
  return converged ? `The fit by ${strategy} converged.` : `The fit by ${strategy} has NOT converged.`;
}

async function comparisonSection(comparison: Comparison, several: boolean): Promise<Section> {
  const error =
    'Circles: the largest distance from the exact answer in standard errors, 1e-6 for what is closer; triangles: the largest Monte Carlo error.';
  return {
    id: 'comparison',
    title: several ? 'Strategies compared' : 'Held against quadrature',
    body: html`${distanceTable(comparison)}${sideBySide(comparison)}<div class="plots">
${await figure('forest', forestPlot(comparison), 'Lines are 95% intervals, of sigma and the dispersion on the log scale, of posteriors from the 2.5% to the 97.5% point; their thick parts are Monte Carlo error.')}${
  several && (await figure('time-error', timeErrorPlot(comparison), error))
}</div>
`,
  };
}

async function fitSection(
  subject: Subject,
  { name, fit }: Subject['fits'][number],
  id: string,
): Promise<Section> {
  const title = subject.several ? `Fit by ${name}` : 'Estimates';
  if (fit.kind === 'likelihood') {
    return {
      id,
      title,
      body: html`${likelihoodTable(fit, `${id}-estimates`)}${landingText(fit)}${
        isSearch(fit) &&
        html`<div class="plots">
${await figure(`${id}-trajectory`, trajectoryPlot(fit), 'The dashed line is the final estimate.')}</div>
`
      }`,
    };
  }
  return {
    id,
    title,
    body: html`${posteriorTable(fit, `${id}-estimates`)}<div class="plots">
${await chainFigures(subject, fit, id)}</div>
`,
  };
}

/** Iterations that say more than Newton's few steps: those of a search that tells of each. */
function isSearch(fit: Fit): boolean {
  return hasTrajectory(fit) && fit.kind === 'likelihood' && fit.history.some(({ detail }) => detail);
}

async function chainFigures({ comparison }: Subject, fit: PosteriorFit, id: string): Promise<Html[]> {
  const yardstick = comparison?.posteriors.find(({ rows }) =>
    rows.some((row) => row.fit?.kind === 'posterior' && row.fit.draws === fit.draws),
  );
  const density = densityPlot(fit, yardstick ? { posterior: yardstick.posterior } : {});
  const plots: [string, PlotSpec, string][] = [
    ['density', density, yardstick ? 'The exact posterior is smoothed by the same kernel as the draws.' : ''],
    ['trace', tracePlot(fit), 'Chains that agree look like one band without trends.'],
    ...(fit.draws.chains > 1
      ? [
          [
            'ranks',
            rankEcdfPlot(fit),
            'Share of each chain’s draws among the lowest, less what agreement expects; all lines lie in the band with probability 95% where the chains agree.',
          ] as [string, PlotSpec, string],
        ]
      : []),
    ['autocorrelation', autocorrelationPlot(fit), 'The sooner it falls to 0, the more a draw is worth.'],
  ];
  return Promise.all(plots.map(([name, spec, caption]) => figure(`${id}-${name}`, spec, caption)));
}

async function clusterSection(fit: Fit): Promise<Section> {
  const intercepts = ranef(fit);
  const caption = `By ${fit.strategy}. Thick lines are 5% to 95% points, thin ones 95% intervals with the parameters’ error added.`;
  return {
    id: 'clusters',
    title: 'Clusters',
    body: html`<div class="plots">
${await figure('caterpillar', caterpillarOf(fit, intercepts), caption)}<div>${clusterTable(fit, intercepts)}</div>
</div>
`,
  };
}

async function meansSection(fit: Fit): Promise<Section> {
  const by = `By ${fit.strategy}`;
  return {
    id: 'means',
    title: 'Fitted means and calibration',
    body: html`<div class="plots">
${await figure('fitted', fittedPlot(fit), `${by}, with 95% intervals: a typical cluster has intercept 0; the population is averaged over clusters.`)}${await figure(
  'calibration',
  calibrationPlot(fit),
  `${by}. Groups of rows by their prediction; bars are 1.96 standard errors, robust to clusters. Predictions given the cluster have seen its responses.`,
)}</div>
`,
  };
}

function settings({ fits, comparison }: Subject): Html {
  return html`<p>Formula <code>${fits[0]?.fit.model.formula ?? comparison?.model.formula}</code>, seed <code>${String(comparison?.seed ?? fits[0]?.fit.seed)}</code>. The same seed gives the same numbers.</p>
<ul>
${fits.map(({ name, fit }) => html`<li>${name}: ${settingsText(fit)}</li>\n`)}</ul>
`;
}

/** With spaces, at which it breaks on a narrow screen. */
function settingsText({ settings }: Fit): Html {
  const text = JSON.stringify(settings, null, 1).replace(/\n */g, ' ');
  return text === '{}' ? html`no settings` : html`<code>${text}</code>`;
}
