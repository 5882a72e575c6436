// metaAnalysis(): pooled proportions, rates, odds and rate ratios by exact likelihoods, beside the two-step method.

import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { abortSignal, between, checkOptions } from '../../samplers/options.js';
import { stdtri } from '../../samplers/special.js';
import { printable } from '../../samplers/text.js';
import type { DataSource } from '../data/table.js';
import { fit, type LikelihoodFit } from '../estimate/fit.js';
import { quadrature } from '../estimate/quadrature.js';
import { normalPValue } from '../estimate/summary.js';
import { confint } from '../inspect/confint.js';
import { type LikelihoodRatio, likelihoodRatio } from '../inspect/likelihood-ratio.js';
import { halfWidth } from '../inspect/predict/scale.js';
import { predict } from '../inspect/predict.js';
import type { Finding } from '../model/finding.js';
import { withoutLaplace } from './findings.js';
import { requireFinite } from './meta-analysis/finite.js';
import { type ExactModel, exactModel, type MetaModel } from './meta-analysis/model.js';
import { metaAnalysisText } from './meta-analysis/print.js';
import { readStudies, type Study } from './meta-analysis/studies.js';
import { derSimonianLaird, type OwnEffect, ownEffect, type TwoStep } from './meta-analysis/two-step.js';

export type { MetaModel, TwoStep };

/** What `metaAnalysis()` takes: the columns, the model, the level. */
export interface MetaAnalysisOptions {
  /** Column that names the study. */
  readonly study: string;
  /** Column of numbers of events. */
  readonly events: string;
  /** Column of numbers of subjects, for proportions and odds ratios. */
  readonly n?: string;
  /** Column of time (or space) observed, for rates and rate ratios. */
  readonly exposure?: string;
  /** Column of two arms, the control first in order; left out, each study has one group. */
  readonly treatment?: string;
  /**
   * Of two arms. `random-study` (default): studies differ in their baseline, the treatment effect is one. `hypergeometric` (of
   * subjects) and `conditional-binomial` (of exposures): the treatment effect differs between studies, baselines are conditioned away.
   */
  readonly model?: MetaModel;
  /** 0.95 */
  readonly level?: number;
  readonly signal?: AbortSignal;
}

/** What is pooled; ratios are of the treated to the control arm. */
export type MetaMeasure = 'log odds' | 'log rate' | 'log odds ratio' | 'log rate ratio';

/** The effect pooled over studies, on the scale of the measure. */
export interface Pooled {
  readonly estimate: number;
  readonly standardError: number;
  /** Wald's interval. */
  readonly lower: number;
  readonly upper: number;
  /** The profile likelihood's. */
  readonly profileLower: number;
  readonly profileUpper: number;
  /** Of no effect, by Wald's z; NaN for one group, where 0 is no null value. */
  readonly pValue: number;
}

/** One study: its own effect, and what the model makes of it. */
export interface StudyResult {
  readonly study: string;
  /** The study's own effect, with its standard error; NaN where it has none. */
  readonly raw: number;
  readonly rawStandardError: number;
  /** Whether 1/2 was added to cells, one of them being 0: for `raw` alone. */
  readonly corrected: boolean;
  /** What the model makes of what differs between studies (`heterogeneity.of`): the empirical-Bayes value and its standard error. */
  readonly shrunken: number;
  readonly shrunkenStandardError: number;
}

/** What `metaAnalysis()` gives. */
export interface MetaAnalysis {
  readonly measure: MetaMeasure;
  readonly model: MetaModel;
  /** Control, then treated, as `column = value`. */
  readonly arms: readonly [string, string] | undefined;
  readonly fit: LikelihoodFit;
  /** On the scale of `measure`. */
  readonly pooled: Pooled;
  /**
   * The effect if it were the same in all studies (tau = 0): of conditional models the exact common log ratio, which is what study
   * intercepts as fixed effects are meant to give, without their bias. Undefined where tau is of the baseline.
   */
  readonly common: { readonly estimate: number; readonly standardError: number } | undefined;
  /** The standard deviation between studies of the effect, or of the baseline, with its profile interval and the test of 0. */
  readonly heterogeneity: {
    readonly of: 'effect' | 'baseline';
    readonly tau: number;
    readonly lower: number;
    readonly upper: number;
    readonly test: LikelihoodRatio;
  };
  /** For the effect in a new study; NaN, with the reason in `notes`, where the model or the number of studies gives none. */
  readonly prediction: { readonly lower: number; readonly upper: number; readonly df: number };
  readonly studies: readonly StudyResult[];
  readonly twoStep: TwoStep;
  readonly level: number;
  /** What the numbers mean, and what is not there and why. */
  readonly notes: readonly string[];
  readonly findings: readonly Finding[];
  /** The report people read, in 80 columns. */
  toString(): string;
}

/**
 * A meta-analysis of events, from one row for every arm of every study, by the exact likelihood of the counts: no effect of a single
 * study is needed, so that studies without events count as they are.
 *
 * One group: events are binomial (or Poisson by exposure) with a random intercept a study; the pooled effect is the mean log odds
 * (log rate). Two arms, `random-study`: the same with one common treatment effect, the random intercepts being the studies'
 * baselines. `hypergeometric`, `conditional-binomial`: given the total of events the treated arm's number is noncentral
 * hypergeometric (binomial with offset log of the exposure ratio) in the study's own log odds (rate) ratio, which is normal with
 * standard deviation tau: baselines may be anything.
 *
 * Beside it the two-step method: a log ratio a study, 1/2 added where a cell is 0, and the mean of DerSimonian and Laird.
 * Prediction intervals for a new study are mu -+ t(k - 2) sqrt(tau^2 + se^2) of Higgins, Thompson and Spiegelhalter (2009).
 *
 * Source: Hamza, van Houwelingen, Stijnen (2008), J. Clinical Epidemiology 61; Stijnen, Hamza, Ozdemir (2010), Statistics in Medicine 29.
 * @throws GlmmcError `unknown-option`, `bad-option`, `unknown-column`, `bad-counts`, `bad-arms`, `few-studies`, `no-finite-effect`;
 *   rejects with the signal's reason
 */
export async function metaAnalysis(data: DataSource, options: MetaAnalysisOptions): Promise<MetaAnalysis> {
  const known = readOptions(options);
  const { level, signal, counts, compared, kind } = known;
  const { studies, arms, findings } = readStudies(data, known.columns, counts);
  const effects = studies.map((study) => ownEffect(study, counts, compared));
  requireFinite(studies, effects, { kind, counts, compared });
  const exact = exactModel(kind, studies, effects, counts, compared);
  const abort = signal ? { signal } : {};
  const result = await fit(exact.model, quadrature(), abort);
  const none = await fit(exact.model, quadrature(), { ...abort, fixed: { sigma: 0 } });
  const limits = await confint(result, {
    method: 'profile',
    level,
    parameters: [exact.effect, 'sigma'],
    ...abort,
  });
  const { value, standardError } = result.estimates.find(({ name }) => name === exact.effect)!;
  const half = halfWidth(level) * standardError;
  const { sigma } = result.parameters;
  const informative = effects.filter((effect) => effect !== undefined).length;
  const twoStep = derSimonianLaird(effects, studies, level);
  const analysis: Omit<MetaAnalysis, 'toString'> = {
    measure: compared ? (counts ? 'log odds ratio' : 'log rate ratio') : counts ? 'log odds' : 'log rate',
    model: kind,
    arms: arms && [`${known.treatment} = ${arms[0]}`, `${known.treatment} = ${arms[1]}`],
    fit: result,
    pooled: {
      estimate: value,
      standardError,
      lower: value - half,
      upper: value + half,
      profileLower: limits[0].lower,
      profileUpper: limits[0].upper,
      pValue: compared ? normalPValue(value / standardError) : Number.NaN,
    },
    common:
      exact.varies === 'effect'
        ? { estimate: none.estimates[0].value, standardError: none.estimates[0].standardError }
        : undefined,
    heterogeneity: {
      of: exact.varies,
      tau: sigma,
      lower: limits[1].lower,
      upper: limits[1].upper,
      test: likelihoodRatio(none, result),
    },
    prediction: predictionInterval(exact, value, Math.hypot(sigma, standardError), informative - 2, level),
    studies: studyResults(studies, effects, result, exact),
    twoStep,
    level,
    notes: notesOf(exact, twoStep, informative, compared, kind),
    findings: [...findings, ...withoutLaplace(result.findings), ...limits.findings],
  };
  return printable(analysis, () => metaAnalysisText(analysis));
}

function readOptions(options: MetaAnalysisOptions) {
  const column = v.pipe(v.string('the name of a column'), v.minLength(1, 'the name of a column'));
  const known = checkOptions(
    'metaAnalysis()',
    {
      study: column,
      events: column,
      n: v.optional(column),
      exposure: v.optional(column),
      treatment: v.optional(column),
      model: v.optional(
        v.picklist(
          ['random-study', 'hypergeometric', 'conditional-binomial'],
          "'random-study', 'hypergeometric' or 'conditional-binomial'",
        ),
        'random-study',
      ),
      level: v.optional(between(0, 1), 0.95),
      signal: v.optional(abortSignal()),
    },
    options,
  );
  const { n, exposure, treatment, model: kind } = known;
  const size = n ?? exposure;
  if (size === undefined || (n !== undefined && exposure !== undefined)) {
    throw new GlmmcError(
      'bad-option',
      `metaAnalysis() takes either n (a column of numbers of subjects) or exposure (of time observed), found ${size === undefined ? 'neither' : 'both'}`,
    );
  }
  const counts = n !== undefined;
  const wrong = kind === (counts ? 'conditional-binomial' : 'hypergeometric');
  if (wrong || (kind !== 'random-study' && treatment === undefined)) {
    throw new GlmmcError(
      'bad-option',
      wrong
        ? `metaAnalysis(): model '${kind}' takes ${counts ? 'exposure' : 'n'}, found ${counts ? 'n' : 'exposure'}; use '${counts ? 'hypergeometric' : 'conditional-binomial'}'`
        : `metaAnalysis(): model '${kind}' compares two arms, found no treatment; name its column, or leave the model out`,
    );
  }
  const columns = { study: known.study, events: known.events, size, treatment };
  return { ...known, kind, counts, compared: treatment !== undefined, columns };
}

function predictionInterval(
  { varies }: ExactModel,
  estimate: number,
  spread: number,
  df: number,
  level: number,
): MetaAnalysis['prediction'] {
  if (varies === 'baseline' || df < 1) return { lower: Number.NaN, upper: Number.NaN, df: Number.NaN };
  const half = stdtri(df, 1 - (1 - level) / 2) * spread;
  return { lower: estimate - half, upper: estimate + half, df };
}

function studyResults(
  studies: readonly Study[],
  effects: readonly (OwnEffect | undefined)[],
  result: LikelihoodFit,
  { levels }: ExactModel,
): StudyResult[] {
  const rows = predict(result, levels, { target: 'cluster', scale: 'link' });
  const place = new Map(levels.study.map((label, i) => [label, i]));
  return studies.map(({ label }, i) => {
    const row = rows[place.get(label) ?? -1];
    return {
      study: label,
      raw: effects[i]?.estimate ?? Number.NaN,
      rawStandardError: effects[i]?.standardError ?? Number.NaN,
      corrected: effects[i]?.corrected ?? false,
      shrunken: row?.estimate ?? Number.NaN,
      shrunkenStandardError: row?.standardError ?? Number.NaN,
    };
  });
}

function notesOf(
  { varies }: ExactModel,
  { corrected, leftOut }: TwoStep,
  informative: number,
  compared: boolean,
  kind: MetaModel,
): string[] {
  const notes: string[] = [];
  if (varies === 'baseline') {
    notes.push(
      'The treatment effect is the same in all studies here, which differ in their baseline: there is no interval for the effect in a new study. A model with effects that differ is the conditional one (hypergeometric, conditional-binomial).',
    );
  } else if (informative < 3) {
    notes.push('A prediction interval needs three studies or more.');
  }
  notes.push(
    'No I^2 of the exact model: I^2 sets tau^2 against one sampling variance, and that of counts moves with the size and effect of each study. Compare tau.',
  );
  if (corrected.length > 0) {
    notes.push(
      `The two-step method added 1/2 to the cells of ${corrected.length} of the studies; the exact likelihood takes their zeros as they are.`,
    );
  }
  if (leftOut.length > 0) {
    const why = compared ? 'one arm, or no events (or only events) in both' : 'no effect of their own';
    notes.push(
      `The two-step method leaves out ${leftOut.join(', ')} (${why})${kind === 'random-study' ? '' : '; so does the conditional likelihood, to which they add nothing'}.`,
    );
  }
  return notes;
}
