// A small data set whose intercepts have a heavy tail, for tests of strategies under several effects.
import { rng } from '../samplers/rng.js';
import { studentT } from '../samplers/variates.js';
import { type Family, poisson } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';

/** Counts (or, for other families, whether there are any) of 16 clusters of 5 rows. */
export function heavyTailed(randomEffect: RandomEffect, family: Family = poisson()): Model {
  const stream = rng(5).stream('data');
  const rows = Array.from({ length: 16 }, (_, g) => {
    const eps = 0.5 * studentT(stream, 3);
    return Array.from({ length: 5 }, () => {
      const x = stream.uniform() - 0.5;
      const count = Math.floor(Math.exp(0.5 + 0.8 * x + eps) + stream.uniform());
      return { y: family.name === 'poisson' ? count : Math.min(count, 1), x, g };
    });
  }).flat();
  return glmm('y ~ x + (1 | g)', rows, { family, randomEffect });
}
