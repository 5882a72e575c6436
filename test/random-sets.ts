// Small random binomial data, some of whose likelihoods have no maximum inside.
import { binomial } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';

/** Of sets 1 to 120, 74 have their maximum at sigma = 0. */
export function randomSet(set: number): Model {
  let state = set * 7919;
  const uniform = (): number => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  const clusters = 4 + Math.floor(8 * uniform());
  const size = 2 + Math.floor(5 * uniform());
  const rows = Array.from({ length: clusters * size }, (_, r) => {
    const x = uniform();
    return { g: Math.floor(r / size), x, y: uniform() < 1 / (1 + Math.exp(0.3 - x)) ? 1 : 0 };
  });
  return glmm('y ~ x + (1 | g)', rows, { family: binomial() });
}
