// What a thread is told of the replications that it is to run: everything by name or as numbers.
import { albertChib } from '../../estimate/albert-chib.js';
import { collapsed } from '../../estimate/collapsed.js';
import type { Strategy } from '../../estimate/fit.js';
import { fixedEffects } from '../../estimate/fixed-effects.js';
import { gibbs } from '../../estimate/gibbs.js';
import { mcem } from '../../estimate/mcem/mcem.js';
import { mcml } from '../../estimate/mcml/mcml.js';
import { mcnr } from '../../estimate/mcnr/mcnr.js';
import { nuts } from '../../estimate/nuts.js';
import { polyaGamma } from '../../estimate/polya-gamma.js';
import { pooled } from '../../estimate/pooled.js';
import { laplace, quadrature } from '../../estimate/quadrature.js';
import { mql, pql } from '../../estimate/quasi-likelihood.js';
import { saem } from '../../estimate/saem/saem.js';
import type { Telling } from '../../estimate/telling.js';
import { type Model, withResponse } from '../../model/model.js';
import { type ModelSpec, modelOf, specOf } from '../../model/registry.js';
import type { Trial } from './replicate.js';
import type { Truth } from './study.js';

/** A model as plain data. */
interface ModelData {
  readonly spec: ModelSpec;
  readonly data: Pick<
    Model,
    'formula' | 'coefficientNames' | 'observations' | 'clusterLabels' | 'clusterName'
  >;
  readonly design: Omit<Model['design'], 'apply'>;
}

export interface StudyJob {
  readonly model: ModelData;
  readonly truth: Truth;
  readonly strategies: readonly Telling[];
  readonly replications: readonly number[];
  /** Shared: not 0 once the work is wanted no more. */
  readonly stop: Int32Array;
}

/** Of one replication: a trial for each strategy, none where its data are not finite; or that it could not be run. */
export interface StudyMessage {
  readonly replication: number;
  readonly trials?: readonly Trial[];
  readonly failed?: true;
}

const MAKERS: Readonly<Record<string, (options: never) => Strategy>> = {
  albertChib,
  collapsed,
  fixedEffects,
  gibbs,
  laplace,
  mcem,
  mcml,
  mcnr,
  mql,
  nuts,
  polyaGamma,
  pooled,
  pql,
  quadrature,
  saem,
};

/** The strategy that was told of. */
export function strategyOf({ maker, options }: Telling): Strategy {
  return MAKERS[maker](options as never);
}

/** Undefined where the model has functions of the user's, which cannot be sent. */
export function modelData(model: Model): ModelData | undefined {
  const spec = specOf(model);
  if (!spec) return undefined;
  const { formula, coefficientNames, observations, clusterLabels, clusterName } = model;
  const { apply: _, ...design } = model.design;
  return { spec, data: { formula, coefficientNames, observations, clusterLabels, clusterName }, design };
}

/** Strategies read no new data, so that a model without its recipe for them will do. */
export function modelFrom({ spec, data, design }: ModelData): Model {
  const model = { ...data, ...modelOf(spec), design, findings: [] } as unknown as Model;
  return withResponse(model, design.y);
}
