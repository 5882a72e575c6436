// What a thread is told of the chains that it is to run: everything by name or as numbers.

import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { type ModelSpec, modelOf, specOf as modelSpecOf } from '../../model/registry.js';
import type { FitTask } from '../fit.js';
import { type FixedParameters, ParameterSpace } from '../parameter-space.js';
import { type PriorSpecs, priorSpecsOf, priorsOf } from '../prior-specs.js';
import { type ResolvedPriors, resolvePriors } from '../priors.js';
import type { ChainSettings, Problem } from './chain.js';
import type { ControlArrays } from './control.js';
import type { Recipe } from './makers.js';

/** A `Problem` as plain data. */
export interface ProblemSpec {
  readonly model: ModelSpec;
  readonly data: Pick<
    Model,
    'formula' | 'coefficientNames' | 'observations' | 'clusterLabels' | 'clusterName' | 'clusters'
  >;
  readonly fixed: FixedParameters;
  readonly start: Parameters | undefined;
  readonly priors: PriorSpecs;
}

export interface ChainJob {
  readonly problem: ProblemSpec;
  readonly recipe: Recipe;
  readonly settings: ChainSettings;
  readonly seed: number | string;
  /** Which chains, from 0. */
  readonly chains: readonly number[];
  /** Where the draws of each chain go, in shared memory. */
  readonly blocks: readonly Float64Array[];
  readonly control: ControlArrays;
  /** The folder of the checkpoint, where there is one. */
  readonly folder: string | undefined;
}

/** What a thread says: the report of a chain, or that it failed at it. */
export type ChainMessage =
  | { readonly chain: number; readonly report: unknown }
  | { readonly chain: number; readonly failed: true };

/** Undefined where the model or its priors have functions of the user's, which cannot be sent. */
export function problemSpec(
  { model, space, start }: FitTask,
  priors: ResolvedPriors,
): ProblemSpec | undefined {
  const spec = modelSpecOf(model);
  const given = priorSpecsOf(priors.given);
  if (!spec || !given) return undefined;
  const { formula, coefficientNames, observations, clusterLabels, clusterName, clusters } = model;
  return {
    model: spec,
    data: { formula, coefficientNames, observations, clusterLabels, clusterName, clusters },
    fixed: space.fixed,
    start,
    priors: given,
  };
}

export function problemOf({ model: spec, data, fixed, start, priors }: ProblemSpec): Problem {
  // The design in the order of the data stays behind: samplers read the clusters.
  const model = { ...data, ...modelOf(spec), findings: [] } as unknown as Model;
  const space = new ParameterSpace(model, fixed);
  return { model, space, start, priors: resolvePriors(model, priorsOf(priors), fixed) };
}
