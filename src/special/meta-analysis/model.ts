// The exact models of a meta-analysis, each as a GLMM with random intercepts.
import { binomial, poisson } from '../../model/family.js';
import { glmm, type Model } from '../../model/model.js';
import { hypergeometric } from './hypergeometric.js';
import { type Study, withBothArms } from './studies.js';
import type { OwnEffect } from './two-step.js';

/** A model of two arms; `metaAnalysis()` says what each is. */
export type MetaModel = 'random-study' | 'hypergeometric' | 'conditional-binomial';

/** A model, which of its coefficients is the pooled effect, and the rows at which it tells each study's own level. */
export interface ExactModel {
  readonly model: Model;
  readonly effect: string;
  /** What the random intercepts are deviations of. */
  readonly varies: 'effect' | 'baseline';
  /** New data of one row a study whose linear predictor is what `varies` says. */
  readonly levels: Readonly<Record<string, readonly (number | string)[]>>;
}

/** The model of `kind` for these studies; `counts` tells proportions from rates. */
export function exactModel(
  kind: MetaModel,
  studies: readonly Study[],
  effects: readonly (OwnEffect | undefined)[],
  counts: boolean,
  compared: boolean,
): ExactModel {
  if (kind === 'random-study') return randomStudy(studies, counts, compared);
  const tables = withBothArms(studies);
  const study = tables.map(({ label }) => label);
  const levels = { study, logRatio: study.map(() => 0) };
  if (kind === 'hypergeometric') {
    const starts = new Map(effects.flatMap((effect) => (effect ? [[effect.study, effect.estimate]] : [])));
    const family = hypergeometric(
      tables,
      study.map((label) => starts.get(label) ?? 0),
    );
    const data = { study, table: study.map((_, i) => i) };
    return {
      model: glmm('table ~ 1 + (1 | study)', data, { family }),
      effect: '(Intercept)',
      varies: 'effect',
      levels,
    };
  }
  // Of two Poisson counts given their sum the first is binomial, with odds (exposure ratio) (rate ratio).
  const data = {
    study,
    events: tables.map(({ treated }) => treated.events),
    total: tables.map(({ treated, control }) => treated.events + control.events),
    logRatio: tables.map(({ treated, control }) => Math.log(treated.size / control.size)),
  };
  const model = glmm('events | trials(total) ~ 1 + (1 | study)', data, {
    family: binomial(),
    offset: 'logRatio',
  });
  return { model, effect: '(Intercept)', varies: 'effect', levels };
}

function randomStudy(studies: readonly Study[], counts: boolean, compared: boolean): ExactModel {
  const rows = studies.flatMap(({ label, control, treated }) => [
    ...(control ? [{ study: label, treated: 0, ...control, logSize: Math.log(control.size) }] : []),
    ...(treated ? [{ study: label, treated: 1, ...treated, logSize: Math.log(treated.size) }] : []),
  ]);
  const right = compared ? 'treated + (1 | study)' : '1 + (1 | study)';
  const model = counts
    ? glmm(`events | trials(size) ~ ${right}`, rows, { family: binomial() })
    : glmm(`events ~ ${right}`, rows, { family: poisson(), offset: 'logSize' });
  const study = studies.map(({ label }) => label);
  return {
    model,
    effect: compared ? 'treated' : '(Intercept)',
    varies: compared ? 'baseline' : 'effect',
    levels: { study, treated: study.map(() => 0), logSize: study.map(() => 0) },
  };
}
