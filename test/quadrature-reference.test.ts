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
    ml.covariance?.forEach((row, j) => {
      row.forEach((expected, k) => {
        const scale = ml.standardErrors[j]! * ml.standardErrors[k]!;
        const what = `covariance of ${found.estimates[j].name} and ${found.estimates[k].name}`;
        near(t, found.covariance.get(j, k) / scale, expected / scale, 1e-6, what);
      });
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

test('every answer has its covariances: those of the gaussian ones in closed form', async (t) => {
  for (const name of dataSets)
    t.is(certified(name).maximumLikelihood.covariance !== undefined, !/dye/.test(name));
  // m groups of n: the log-likelihood falls apart into parts of lambda = phi + n sigma^2, m log lambda + SSB / lambda, and
  // of the residual variance phi, m (n - 1) log phi + SSW / phi (each over -2), whose curvatures are plain.
  const [m, n] = [6, 5];
  const { covariance, parameters } = await fit(await certifiedModel(certified('dyestuff')), quadrature());
  const { sigma, dispersion = Number.NaN } = parameters;
  const lambda = dispersion + n * sigma * sigma;
  const [ofLambda, ofPhi] = [(2 * lambda ** 2) / m, (2 * dispersion ** 2) / (m * (n - 1))];
  const slope = 1 / (2 * n * sigma);
  const expected = [
    [lambda / (m * n), 0, 0],
    [0, slope * slope * (ofLambda + ofPhi), -slope * ofPhi],
    [0, -slope * ofPhi, ofPhi],
  ];
  const boundary = await fit(await certifiedModel(certified('dyestuff2')), quadrature());
  const phi = boundary.parameters.dispersion!;
  const without = [
    [phi / (m * n), Number.NaN, 0],
    [Number.NaN, Number.NaN, Number.NaN],
    [0, Number.NaN, (2 * phi * phi) / (m * n)],
  ];
  for (const [found, exact] of [
    [covariance, expected],
    [boundary.covariance, without],
  ] as const) {
    exact.forEach((row, j) => {
      row.forEach((value, k) => {
        if (Number.isNaN(value)) {
          t.is(found.get(j, k), value);
          return;
        }
        const scale = Math.sqrt(exact[j][j] * exact[k][k]);
        near(t, found.get(j, k) / scale, value / scale, 1e-6, `${j}, ${k}`);
      });
    });
  }
});

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
