// quadrature() and laplace() against the certified answers for every shipped data set.
import test from 'ava';
import { fit, type LikelihoodFit, type Strategy } from '../src/estimate/fit.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { marginal } from '../src/likelihood/marginal.js';
import { certified, certifiedModel, near } from './helpers.js';

const dataSets = [
  'approval',
  'booth_hobert',
  'cbpp',
  'dyestuff',
  'dyestuff2',
  'epil',
  'infection',
  'lsat',
  'ohio',
  'seeds',
  'toenail',
];

for (const name of dataSets) {
  const answer = certified(name);
  const { maximumLikelihood: ml } = answer;

  test(`quadrature() is certified right on ${name}`, async (t) => {
    const model = await certifiedModel(answer);
    t.deepEqual(model.coefficientNames, answer.coefficientNames);
    const found = await fit(model, quadrature());
    t.true(found.converged);
    near(t, found.logLik, ml.logLik, 1e-7, 'logLik');
    t.true(found.logLikError <= Math.max(1e-9, 1e-13 * Math.abs(found.logLik)));
    ml.beta.forEach((beta, j) => {
      near(t, found.parameters.beta[j], beta, 1e-6, answer.coefficientNames[j]);
    });
    near(t, found.parameters.sigma, ml.sigma, 1e-6, 'sigma');
    ml.standardErrors.forEach((error, j) => {
      const { name: parameter, standardError } = found.estimates[j];
      if (error === null) t.true(Number.isNaN(standardError));
      else near(t, standardError / error, 1, 1e-4, `standard error of ${parameter}`);
    });
    if (ml.sigmaResidual !== undefined) {
      near(t, Math.sqrt(found.parameters.dispersion!), ml.sigmaResidual, 1e-5, 'residual sd');
      const { standardError } = found.estimates.at(-1)!;
      // The references give the error of the residual sd, we of the variance: a factor 2 sd.
      near(t, standardError / (2 * ml.sigmaResidual * ml.seSigmaResidual!), 1, 1e-4, 'its standard error');
    }
  });

  for (const [nodes, expected] of Object.entries(answer.adaptiveQuadrature ?? {})) {
    if (nodes === '11') continue;
    const strategy: Strategy<LikelihoodFit> =
      nodes === '1' ? laplace() : quadrature({ rule: 'adaptive', nodes: Number(nodes) });
    test(`${strategy.name} maximises its own approximation on ${name}`, async (t) => {
      const found = await fit(await certifiedModel(answer), strategy);
      t.true(found.converged);
      near(t, found.objective, expected.logLik, 1e-7, 'objective');
      expected.beta.forEach((beta, j) => {
        near(t, found.parameters.beta[j], beta, 1e-6, answer.coefficientNames[j]);
      });
      near(t, found.parameters.sigma, expected.sigma, 1e-5, 'sigma');
    });
  }

  if (answer.logLikAtMaximumByNodes) {
    test(`marginal() with fixed nodes agrees at the maximum of ${name}`, async (t) => {
      const model = await certifiedModel(answer);
      const parameters = { beta: Float64Array.from(ml.beta), sigma: ml.sigma };
      const exact = marginal(model, parameters);
      for (const [nodes, value] of Object.entries(answer.logLikAtMaximumByNodes!)) {
        const approximate = marginal(model, parameters, { nodes: Number(nodes) });
        near(t, approximate.logLik, value, 1e-7, `${nodes} nodes`);
        near(t, approximate.error, Math.abs(value - exact.logLik), 1e-8, `error of ${nodes} nodes`);
      }
    });
  }
}

test('findings: sigma 0 on dyestuff2, 25 nodes wrong on toenail, Laplace off on approval', async (t) => {
  const codes = async (name: string, strategy: Strategy<LikelihoodFit>): Promise<string[]> => {
    const found = await fit(await certifiedModel(certified(name)), strategy);
    return found.findings.map((finding) => finding.code);
  };
  t.true((await codes('dyestuff2', quadrature())).includes('sigma-boundary'));
  t.true(
    (await codes('toenail', quadrature({ rule: 'adaptive', nodes: 25 }))).includes('quadrature-inaccurate'),
  );
  t.true((await codes('approval', laplace())).includes('laplace-inaccurate'));
  t.false((await codes('cbpp', laplace())).includes('laplace-inaccurate'));
});
