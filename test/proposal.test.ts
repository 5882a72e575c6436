// The proposal of the quadrature posterior and of collapsed(): its densities, and the mirror image of a point.
import test from 'ava';
import { rng } from '../samplers/rng.js';
import { MarginalPosterior } from '../src/estimate/marginal-posterior.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import { resolvePriors } from '../src/estimate/priors.js';
import { profileLogSigma } from '../src/estimate/quadrature-posterior/profile.js';
import { Proposal } from '../src/estimate/quadrature-posterior/proposal.js';
import { referenceModel } from './gibbs-helpers.js';
import { near } from './helpers.js';

for (const fixed of [{}, { sigma: 0.7 }]) {
  test(`the mirror image of the image is the point, of the same density of noise; fixed ${JSON.stringify(fixed)}`, async (t) => {
    const space = new ParameterSpace(await referenceModel('cbpp'), fixed);
    const posterior = new MarginalPosterior(space, resolvePriors(space.model, {}, fixed));
    const d = posterior.dimension;
    const at = space.free.indexOf(space.model.coefficientNames.length);
    const proposal = new Proposal(await profileLogSigma(posterior, () => undefined), at, d);
    const stream = rng(5).stream('mirror');
    const [point, image, back] = [0, 1, 2].map(() => new Float64Array(d));
    for (let k = 0; k < 50; k++) {
      proposal.draw(stream, point);
      const density = proposal.logDensity;
      near(t, proposal.logDensityAt(point), density, 1e-9, 'density of a draw, at that point');
      proposal.mirror(point, image);
      near(t, proposal.logDensityAt(image), proposal.logDensity, 1e-9, 'density of an image, at that point');
      proposal.mirror(image, back);
      near(t, proposal.logDensity, density, 1e-7, 'density of the image of the image');
      back.forEach((value, i) => {
        near(t, value, point[i], 1e-7, `coordinate ${i} of the image of the image`);
      });
    }
  });
}
