// Which engine integrates a model's clusters.
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';
import type { ClusterEngine } from './engine.js';
import type { GeneralEngine } from './general.js';
import { LogitEngine } from './logit.js';
import { SeparableEngine } from './separable.js';

/** The fastest engine that is exact for the model; `general` serves all. */
export function chooseEngine(
  model: Pick<Model, 'family' | 'randomEffect'>,
  clusters: Clusters,
  general: GeneralEngine,
): ClusterEngine {
  const { family, randomEffect } = model;
  // Their steps, their ends and their derivatives are those of normal intercepts.
  if (randomEffect.name !== 'normal') return general;
  const { separable } = family.outcome;
  if (separable) return new SeparableEngine(model, clusters, separable, general);
  if (family.name === 'binomial' && family.link.name === 'logit') {
    return new LogitEngine(model, clusters, general);
  }
  return general;
}
