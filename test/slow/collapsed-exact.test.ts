// collapsed() against exact posteriors at length, against gibbs(), and a kernel that is broken on purpose.
import test from 'ava';
import { mean, quantile, sd } from '../../samplers/diagnostics/descriptive.js';
import { essBulk } from '../../samplers/diagnostics/ess.js';
import { mcseMean, mcseQuantile, mcseSd } from '../../samplers/diagnostics/mcse.js';
import { allChains } from '../../samplers/draws.js';
import { rng } from '../../samplers/rng.js';
import { sampleCollapsed } from '../../src/estimate/collapsed/run.js';
import { type CollapsedOptions, collapsed } from '../../src/estimate/collapsed.js';
import { type FitTask, fit } from '../../src/estimate/fit.js';
import { gibbs } from '../../src/estimate/gibbs.js';
import { MarginalPosterior } from '../../src/estimate/marginal-posterior.js';
import { ParameterSpace } from '../../src/estimate/parameter-space.js';
import { halfNormal, inverseGammaVariance, normalPrior, resolvePriors } from '../../src/estimate/priors.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { logGamma } from '../../src/model/effects/log-gamma.js';
import { binomial, gamma, poisson } from '../../src/model/family.js';
import { glmm, type Model } from '../../src/model/model.js';
import type { Parameters } from '../../src/model/parameters.js';
import {
  agrees,
  distance,
  exactFrom,
  exactOf,
  interceptsAgree,
  reference,
  referenceModel,
} from '../gibbs-helpers.js';
import { near, shipped } from '../helpers.js';

const infection = await referenceModel('infection');
const dyestuff = await referenceModel('dyestuff');
const dyestuffTable = await shipped('dyestuff');

const references = ['cbpp', 'seeds', 'booth_hobert', 'infection', 'lsat', 'toenail', 'approval'];
for (const name of references) {
  test(`${name}: 4000 effective draws, within 4 combined errors of the reference`, async (t) => {
    const file = reference(name);
    const found = await fit(await referenceModel(name), collapsed({ draws: 1500 }), { seed: 42 });
    t.true(found.converged);
    t.is(found.kernel, 'independence');
    agrees(t, found.draws, exactOf(file), 4000);
    const { importance } = found;
    t.true(importance.k < 0.7, `Pareto k ${importance.k}`);
    // The reference's own evidence has 60,000 draws or more.
    const error = Math.hypot(importance.logEvidenceError, 0.004);
    near(t, importance.logEvidence, file.posterior.logEvidence, 4 * error, 'log evidence');
    exactOf(file).forEach((row, k) => {
      const estimate = importance.parameters[k];
      const combined = Math.hypot(estimate.meanError, row.meanError);
      near(t, estimate.mean, row.mean, 4 * combined, `importance mean of ${row.name}`);
    });
    interceptsAgree(t, found.draws, file);
  });
}

const dyestuffPriors = { beta: normalPrior(0, 10), sigma: halfNormal(2.5), dispersion: halfNormal(2.5) };
const counts = {
  y: [3, 1, 4, 0, 2, 5, 1, 0, 9, 7, 2, 2],
  t: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
  g: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
};
const poissonModel = (options = {}): Model =>
  glmm('y ~ t + (1 | g)', counts, { family: poisson(), ...options });

const others: readonly [string, () => Model | Promise<Model>, CollapsedOptions][] = [
  ['gaussian', () => dyestuff, { priors: dyestuffPriors }],
  ['gamma', () => glmm('Yield ~ 1 + (1 | Batch)', dyestuffTable, { family: gamma() }), {}],
  ['poisson', () => poissonModel(), {}],
  ['poisson by Hamiltonian steps', () => poissonModel(), { kernel: 'hmc', draws: 1500 }],
  ['gaussian by Hamiltonian steps', () => dyestuff, { priors: dyestuffPriors, kernel: 'hmc' }],
  ['log-gamma intercepts', () => poissonModel({ randomEffect: logGamma() }), {}],
  [
    'seeds with the priors of BUGS, whose posterior of sigma reaches to 0',
    () => referenceModel('seeds'),
    { draws: 3000, priors: { beta: normalPrior(0, 1000), sigma: inverseGammaVariance(0.001, 0.001) } },
  ],
];
for (const [name, model, options] of others) {
  test(`${name}: against the quadrature posterior`, async (t) => {
    const known = await model();
    const exact = await quadraturePosterior(known, options.priors);
    const { draws, importance } = await fit(known, collapsed({ draws: 1500, ...options }), { seed: 7 });
    agrees(t, draws, exactFrom(exact), 1500);
    // Tails too, where a proposal that does not reach them would show.
    exact.parameters.forEach((row) => {
      const chains = allChains(draws, row.name);
      const all = chains.flatMap((chain) => Array.from(chain));
      [0.05, 0.5, 0.95].forEach((p, q) => {
        const error = Math.hypot(mcseQuantile(chains, p), row.quantileErrors[q]);
        near(t, quantile(all, p), [row.q5, row.q50, row.q95][q], 4 * error, `${p} quantile of ${row.name}`);
      });
    });
    const error = Math.hypot(importance.logEvidenceError, exact.logEvidenceError);
    near(t, importance.logEvidence, exact.logEvidence, 4 * error, 'log evidence');
  });
}

for (const [name, model, priors] of [
  ['Poisson', poissonModel(), {}],
  ['Gaussian', dyestuff, dyestuffPriors],
] as const) {
  test(`${name}: agrees with gibbs(), intercepts too`, async (t) => {
    const one = (await fit(model, collapsed({ draws: 1000, priors }), { seed: 1 })).draws;
    const other = (await fit(model, gibbs({ draws: 2500, priors }), { seed: 2 })).draws;
    for (const variable of one.variables) {
      if (variable === 'lp__') continue;
      const [a, b] = [allChains(one, variable), allChains(other, variable)];
      const flat = (chains: typeof a): number[] => chains.flatMap((chain) => Array.from(chain));
      near(t, mean(flat(a)), mean(flat(b)), 4 * Math.hypot(mcseMean(a), mcseMean(b)), `mean of ${variable}`);
      near(t, sd(flat(a)), sd(flat(b)), 4 * Math.hypot(mcseSd(a), mcseSd(b)), `sd of ${variable}`);
    }
  });
}

/** The density sampled without the Jacobian e^u of log sigma. */
class NoJacobian extends MarginalPosterior {
  override logPrior(parameters: Parameters): number {
    return super.logPrior(parameters) - Math.log(parameters.sigma);
  }
}

function taskOf(model: Model, seed: number): FitTask {
  return {
    model,
    space: new ParameterSpace(model),
    start: undefined,
    seed,
    startedAt: 0,
    workers: 1,
    onProgress() {},
    pause: async () => {},
  };
}

/**
 * Gandy and Scott (2020): parameters from the prior, data given them, then a few steps of the sampler from there; the
 * rank of the true sigma among independent posterior draws is uniform. Returns z of the mean rank.
 */
async function rankTest(broken: boolean, replications: number): Promise<number> {
  const stream = rng('ranks').stream('data');
  const priors = { beta: normalPrior(0, 1), sigma: halfNormal(1) };
  const base = { g: counts.g, n: counts.g.map(() => 5) };
  let sum = 0;
  const settings = { chains: 1, warmup: 10, draws: 19, thin: 2, kernel: 'independence' } as const;
  const normalDraw = (): number =>
    Math.sqrt(-2 * Math.log1p(-stream.uniform())) * Math.cos(2 * Math.PI * stream.uniform());
  for (let r = 0; r < replications; r++) {
    const beta = normalDraw();
    const sigma = Math.abs(normalDraw());
    const eps = Array.from({ length: 7 }, () => sigma * normalDraw());
    const y = counts.g.map((g) => {
      const p = 1 / (1 + Math.exp(-beta - eps[g]));
      let won = 0;
      for (let k = 0; k < 5; k++) if (stream.uniform() < p) won++;
      return won;
    });
    const model = glmm('y | trials(n) ~ 1 + (1 | g)', { ...base, y }, { family: binomial() });
    const task = taskOf(model, r + 1);
    const resolved = resolvePriors(model, priors);
    const Density = broken ? NoJacobian : MarginalPosterior;
    const { draws } = await sampleCollapsed(
      task,
      resolved,
      settings,
      (rule) => new Density(task.space, resolved, rule),
    );
    sum += draws.chain('sigma', 0).filter((x) => x < sigma).length / 19;
  }
  // A uniform rank on 0 .. 19, over 19: variance (20^2 - 1) / 12 / 19^2.
  return (sum / replications - 0.5) / Math.sqrt(399 / 12 / 361 / replications);
}

test('the rank of the true sigma is uniform (Gandy and Scott)', async (t) => {
  const z = await rankTest(false, 60);
  t.true(Math.abs(z) < 4, `z = ${z}`);
});

test('caught: log sigma without its Jacobian', async (t) => {
  const z = await rankTest(true, 60);
  t.log(`rank test z = ${z.toFixed(1)}`);
  t.true(Math.abs(z) > 4, `only z = ${z}`);
  const task = taskOf(infection, 5);
  const priors = resolvePriors(infection);
  const settings = { chains: 4, warmup: 100, draws: 1000, thin: 1, kernel: 'auto' } as const;
  const { draws } = await sampleCollapsed(
    task,
    priors,
    settings,
    (rule) => new NoJacobian(task.space, priors, rule),
  );
  const exact = exactFrom(await quadraturePosterior(infection));
  t.true(Math.abs(distance(draws, exact).z) > 4);
  t.true(essBulk(allChains(draws, 'sigma')) > 1000, 'and its chains look sound');
});
