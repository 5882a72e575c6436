// Every posterior sampler calibrated on many data sets, and elpd() against the evidence of every part.
import test from 'ava';
import { sbc } from '../../src/compare/sbc.js';
import { albertChib } from '../../src/estimate/albert-chib.js';
import { sampleCollapsed } from '../../src/estimate/collapsed/run.js';
import { collapsed } from '../../src/estimate/collapsed.js';
import { fit, type PosteriorFit, type Strategy } from '../../src/estimate/fit.js';
import { gibbs } from '../../src/estimate/gibbs.js';
import { MarginalPosterior } from '../../src/estimate/marginal-posterior.js';
import { nuts } from '../../src/estimate/nuts.js';
import { polyaGamma } from '../../src/estimate/polya-gamma.js';
import { halfNormal, normalPrior } from '../../src/estimate/priors.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { elpd } from '../../src/inspect/elpd.js';
import { binomial, gamma, poisson } from '../../src/model/family.js';
import { glmm, type Model } from '../../src/model/model.js';
import type { Parameters } from '../../src/model/parameters.js';
import { referenceModel } from '../gibbs-helpers.js';
import { near, shipped } from '../helpers.js';
import { sampler } from '../sbc-sampler.js';

const table = {
  g: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
  x: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
  n: [4, 4, 4, 4, 4, 4, 4, 4, 4, 4],
  y: [1, 2, 0, 3, 4, 2, 1, 1, 2, 3],
  pos: [0.4, 1.3, 2.2, 0.9, 3.1, 0.7, 1.6, 1.1, 0.5, 2.4],
};
const binary = (link?: string): Model =>
  glmm('y | trials(n) ~ x + (1 | g)', table, { family: binomial(link) });
const priors = { beta: normalPrior(0, 1), sigma: halfNormal(1) };
const scaled = { ...priors, dispersion: halfNormal(1) };
const chain = { chains: 1, warmup: 100, draws: 95 };

const samplers: readonly [string, Model, Strategy<PosteriorFit>, number][] = [
  ['polyaGamma()', binary(), polyaGamma({ ...chain, thin: 5, priors }), 1000],
  ['albertChib()', binary('probit'), albertChib({ ...chain, thin: 8, priors }), 500],
  ['gibbs()', binary(), gibbs({ ...chain, thin: 8, priors }), 500],
  [
    'gibbs(), gamma',
    glmm('pos ~ x + (1 | g)', table, { family: gamma() }),
    gibbs({ ...chain, thin: 10, priors: scaled }),
    300,
  ],
  ['nuts()', binary(), nuts({ chains: 1, warmup: 200, draws: 190, thin: 2, priors }), 400],
  [
    'nuts(), Poisson',
    glmm('y ~ x + (1 | g)', table, { family: poisson() }),
    nuts({ chains: 1, warmup: 200, draws: 190, thin: 2, priors }),
    200,
  ],
  ['collapsed()', binary(), collapsed({ chains: 1, warmup: 20, draws: 95, thin: 3, priors }), 300],
];
for (const [name, model, sampler, replications] of samplers) {
  test.serial(`${name} is calibrated`, async (t) => {
    // One in a thousand exact samplers would fail.
    const found = await sbc(model, sampler, { replications, draws: 31, level: 0.999, seed: 8 });
    t.true(found.calibrated, found.toString());
    t.log(found.parameters.map(({ name: of, pValue }) => `${of} ${pValue.toFixed(3)}`).join(', '));
    t.false(found.findings.some(({ code }) => code === 'sbc-not-uniform'));
  });
}

test.serial('elpd of infection: every clinic against the evidence without it', async (t) => {
  const model = await referenceModel('infection');
  const infection = await shipped('infection');
  const bayes = await fit(model, collapsed({ draws: 4000, priors }), { seed: 1 });
  const found = await elpd(bayes, { refits: 0 });
  const all = await quadraturePosterior(model, priors);
  const clinic = infection.clinic as ArrayLike<number>;
  for (const row of found.clusters) {
    const rows = Array.from({ length: clinic.length }, (_, r) => r).filter(
      (r) => String(clinic[r]) !== row.cluster,
    );
    const kept = Object.fromEntries(
      Object.entries(infection).map(([name, column]) => [
        name,
        rows.map((r) => (column as ArrayLike<number>)[r]),
      ]),
    );
    const rest = await quadraturePosterior(glmm(model.formula, kept, { family: binomial() }), priors);
    const error = Math.hypot(row.error, all.logEvidenceError, rest.logEvidenceError);
    near(t, row.elpd, all.logEvidence - rest.logEvidence, 4 * error, row.cluster);
  }
});

/** The collapsed density without the Jacobian of log sigma. */
class NoJacobian extends MarginalPosterior {
  override logPrior(parameters: Parameters): number {
    return super.logPrior(parameters) - Math.log(parameters.sigma);
  }
}

test.serial('caught: collapsed() without the Jacobian of log sigma', async (t) => {
  const settings = { chains: 1, warmup: 20, draws: 62, thin: 1, kernel: 'independence' } as const;
  const broken = sampler('no-jacobian', priors, async (task, known) => {
    const { draws } = await sampleCollapsed(
      task,
      known,
      settings,
      (rule) => new NoJacobian(task.space, known, rule),
    );
    return Float64Array.from(draws.variables.flatMap((name) => Array.from(draws.chain(name, 0))));
  });
  const found = await sbc(binary(), broken, { replications: 15, draws: 31 });
  const sigma = found.parameters.find(({ name }) => name === 'sigma')!;
  t.is(sigma.verdict, 'biased low', found.toString());
  t.false(sigma.inside);
  t.true(sigma.pValue < 1e-4);
});
