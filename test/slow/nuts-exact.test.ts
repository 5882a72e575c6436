// nuts() against exact posteriors, and densities broken on purpose, which must be caught.
import test from 'ava';
import { compare } from '../../src/compare/compare.js';
import { type FitTask, fit, type PosteriorFit, type Strategy } from '../../src/estimate/fit.js';
import { JointPosterior } from '../../src/estimate/nuts/joint-posterior.js';
import { sampleTrajectories } from '../../src/estimate/nuts/run.js';
import { type NutsStrategyOptions, nuts } from '../../src/estimate/nuts.js';
import { finishPosteriorFit } from '../../src/estimate/posterior-fit.js';
import { halfCauchy, halfNormal, normalPrior, resolvePriors } from '../../src/estimate/priors.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { quadraturePosterior } from '../../src/estimate/quadrature-posterior.js';
import { logistic } from '../../src/model/effects/logistic.js';
import { binomial, gamma, gaussian } from '../../src/model/family.js';
import { glmm, type Model } from '../../src/model/model.js';
import { agrees, distance, exactFrom, exactOf, reference, referenceModel } from '../gibbs-helpers.js';
import { shipped } from '../helpers.js';

const infection = await shipped('infection');
const table = {
  y: [1, 0, 2, 3, 1, 4, 2, 2, 5, 1],
  n: [3, 2, 4, 3, 5, 6, 2, 4, 6, 3],
  pos: [0.4, 1.3, 2.2, 0.9, 3.1, 0.7, 1.6, 1.1, 0.5, 2.4],
  x: [0.1, -0.7, 1.2, 0.4, -1.5, 0.8, 0.3, -0.2, 1.9, -0.6],
  g: [1, 1, 1, 2, 2, 3, 3, 3, 3, 4],
  w: [1, 2, 1, 1, 1, 3, 1, 1, 2, 1],
  cw: [2, 2, 2, 1, 1, 1, 1, 1, 1, 0],
};

const references: readonly [string, NutsStrategyOptions, number][] = [
  ['booth_hobert', { warmup: 500, draws: 800 }, 600],
  ['epil', { warmup: 300, draws: 400 }, 300],
];
for (const [name, options, least] of references) {
  test(`${name}: within 4 combined errors of the reference`, async (t) => {
    const { draws, converged } = await fit(await referenceModel(name), nuts(options), { seed: 42 });
    t.true(converged);
    agrees(t, draws, exactOf(reference(name)), least);
  });
}

test('compare() holds it against the quadrature posterior', async (t) => {
  const { rows } = await compare(await referenceModel('infection'), [quadrature(), nuts({ draws: 1000 })], {
    seed: 4,
  });
  t.deepEqual(
    rows.map(({ strategy, verdict }) => [strategy, verdict]),
    [
      ['quadrature', 'agrees'],
      ['nuts', 'agrees'],
    ],
  );
  t.true(rows[1].essPerSecond! > 0);
});

test('covariates far from 0 and related, and tiny units, cost no more', async (t) => {
  const year = Float64Array.from(infection.t as ArrayLike<number>, (x, k) => 2000 + x + 0.01 * (k % 3));
  const model = glmm(
    'x | trials(n) ~ t + year + (1 | clinic)',
    { ...infection, year },
    { family: binomial() },
  );
  const { findings } = await fit(model, nuts({ chains: 1, warmup: 300, draws: 200, maxTreeDepth: 7 }));
  t.false(findings.some(({ code }) => code === 'tree-depth'));
  const { Batch, Yield } = await shipped('dyestuff');
  const tiny = { Batch, y: Float64Array.from(Yield as ArrayLike<number>, (y) => y * 1e-5) };
  const small = glmm('y ~ 1 + (1 | Batch)', tiny, { family: gaussian() });
  const { draws } = await fit(small, nuts({ warmup: 600, draws: 800, acceptance: 0.95 }), { seed: 2 });
  agrees(t, draws, exactFrom(await quadraturePosterior(small)), 500);
});

const priors = { beta: normalPrior(0, 10), sigma: halfNormal(2.5), dispersion: halfNormal(2.5) };
const others: readonly [string, () => Model | Promise<Model>, NutsStrategyOptions, number][] = [
  ['dyestuff', () => referenceModel('dyestuff'), { draws: 1000, priors, acceptance: 0.95 }, 700],
  [
    'gamma, half-Cauchy',
    async () => glmm('Yield ~ 1 + (1 | Batch)', await shipped('dyestuff'), { family: gamma() }),
    { draws: 1000, priors: { sigma: halfCauchy(0.1) }, acceptance: 0.95 },
    600,
  ],
  [
    'infection, logistic intercepts',
    () =>
      glmm('x | trials(n) ~ t + (1 | clinic)', infection, {
        family: binomial(),
        randomEffect: logistic(),
      }),
    { warmup: 500, draws: 1000 },
    600,
  ],
  [
    'cluster weights',
    () => glmm('y | trials(n) ~ x + (1 | g)', table, { family: binomial(), clusterWeights: 'cw' }),
    { draws: 2000 },
    1000,
  ],
];
for (const [name, make, options, least] of others) {
  test(`${name}: against the quadrature posterior`, async (t) => {
    const model = await make();
    const exact = await quadraturePosterior(model, options.priors);
    const { draws } = await fit(model, nuts(options), { seed: 7 });
    agrees(t, draws, exactFrom(exact), least);
  });
}

/** nuts() on another density. */
function nutsOn(Posterior: typeof JointPosterior): Strategy<PosteriorFit> {
  const settings = { chains: 4, warmup: 300, draws: 700, thin: 1, acceptance: 0.9, maxTreeDepth: 8 };
  const self = { name: 'nuts', settings };
  return {
    ...self,
    async run(task: FitTask) {
      const known = resolvePriors(task.model);
      const { draws } = await sampleTrajectories(task, known, settings, Posterior);
      return finishPosteriorFit(self, task, { draws, priors: known });
    },
  };
}

/** log sigma with the Jacobian e^u twice: without it the density of u has no end on the left. */
class JacobianTwice extends JointPosterior {
  protected override logPrior(): number {
    return super.logPrior() + Math.log(this.sigma);
  }
}

class NoDispersionJacobian extends JointPosterior {
  protected override logPrior(): number {
    return super.logPrior() - 0.5 * Math.log(this.dispersion);
  }
}

/** Still exact: a wrong slope costs acceptance, nothing else. */
class WrongSlope extends JointPosterior {
  override gradient(x: Float64Array, out: Float64Array): number {
    const value = super.gradient(x, out);
    out[0] *= 0.7;
    return value;
  }
}

const caught: readonly [string, string, typeof JointPosterior, boolean][] = [
  ['the density as it is', 'booth_hobert', JointPosterior, true],
  ['a slope that is wrong', 'booth_hobert', WrongSlope, true],
  ['sigma with its Jacobian twice', 'booth_hobert', JacobianTwice, false],
  ['the dispersion without its Jacobian', 'dyestuff', NoDispersionJacobian, false],
];
for (const [what, name, Posterior, sound] of caught) {
  test(`${sound ? 'passes' : 'caught'}: ${what}`, async (t) => {
    const model = await referenceModel(name);
    const exact = await quadraturePosterior(model);
    const { draws } = await fit(model, nutsOn(Posterior), { seed: 5 });
    const z = Math.abs(distance(draws, exactFrom(exact)).z);
    t.log(`${z.toFixed(1)} combined errors off`);
    t.is(z < 4, sound);
  });
}
