// Degrees of freedom of a Gaussian model's fitted values, the estimation of sigma and the residual variance counted in.
import type { LikelihoodFit } from '../../estimate/fit.js';
import { clusterDerivatives } from '../../likelihood/cluster-derivatives.js';
import { invertSymmetric } from '../../numeric/cholesky.js';
import { estimatedSpace, observedInformation } from '../estimated.js';

/**
 * sum over rows of d fitted_r / d y_r, exactly, by differentiating the likelihood equations: with fitted = x' beta + c S,
 * c = sigma^2 / (phi + n sigma^2), S the sum of the cluster's residuals, and d theta / d y = I^-1 d score / d y. With sigma and
 * phi known it would be Vaida and Blanchard's trace of the hat matrix. Undefined where the information is singular.
 * Source: Vaida and Blanchard (2005), Biometrika 92; Liang, Wu and Zou (2008), Biometrika 95; Greven and Kneib (2010), Biometrika 97.
 */
export function gaussianDegrees(fit: LikelihoodFit): number | undefined {
  const { model, parameters } = fit;
  const { beta, sigma, dispersion: phi = 1 } = parameters;
  const { clusters } = model;
  const { starts, x, y, offset, columns: p, clusterWeights } = clusters;
  const { free } = estimatedSpace(fit);
  const information = observedInformation(fit, free, clusterDerivatives(model, parameters));
  const inverse = invertSymmetric(information, free.length);
  if (!inverse) return undefined;
  const q = free.length;
  let total = 0;
  const sums = new Float64Array(p);
  const score = new Float64Array(p + 2);
  const change = new Float64Array(p + 2);
  for (let i = 0; i < clusters.count; i++) {
    const [from, to] = [starts[i], starts[i + 1]];
    const between = phi + (to - from) * sigma * sigma;
    const c = (sigma * sigma) / between;
    const residuals = Float64Array.from({ length: to - from }, (_, k) => {
      let eta = offset[from + k];
      for (let j = 0; j < p; j++) eta += x[(from + k) * p + j] * beta[j];
      return y[from + k] - eta;
    });
    const S = residuals.reduce((sum, value) => sum + value, 0);
    sums.fill(0);
    for (let r = from; r < to; r++) for (let j = 0; j < p; j++) sums[j] += x[r * p + j];
    for (let r = from; r < to; r++) {
      // How the scores move with y_r: in beta, in sigma, in phi.
      for (let j = 0; j < p; j++) score[j] = (x[r * p + j] - c * sums[j]) / phi;
      score[p] = (2 * sigma * S) / (between * between);
      score[p + 1] = (residuals[r - from] - c * S - (c * phi * S) / between) / (phi * phi);
      change.fill(0);
      free.forEach((k, a) => {
        free.forEach((l, b) => {
          change[k] += inverse[a * q + b] * score[l];
        });
      });
      let own = 0;
      let all = 0;
      for (let j = 0; j < p; j++) {
        own += x[r * p + j] * change[j];
        all += sums[j] * change[j];
      }
      const shrinkage = (2 * sigma * phi * change[p] - sigma * sigma * change[p + 1]) / (between * between);
      total += clusterWeights[i] * (own + c * (1 - all) + S * shrinkage);
    }
  }
  return total;
}
