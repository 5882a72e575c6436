// Which engine integrates a model's clusters.
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';
import type { ClusterEngine } from './engine.js';
import { LogitEngine } from './logit.js';

/** The fastest engine that is exact for the model; `general` serves all. */
export function chooseEngine(model: Model, clusters: Clusters, general: ClusterEngine): ClusterEngine {
  const { family, randomEffect } = model;
  const smooth = randomEffect.logConcave && randomEffect.scaleFamily && randomEffect.symmetric;
  if (smooth && family.name === 'binomial' && family.link.name === 'logit') {
    return new LogitEngine(model, clusters, general);
  }
  return general;
}
