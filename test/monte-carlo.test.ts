// saem(), mcnr() and mcml(): they land on the quadrature within their own Monte Carlo errors, and say where they cannot.
import test from 'ava';
import { compare } from '../src/compare/compare.js';
import { fit, type LikelihoodFit, type Strategy } from '../src/estimate/fit.js';
import type { EStep } from '../src/estimate/mcem/e-step.js';
import { importance } from '../src/estimate/mcem/importance.js';
import { quadratureEStep } from '../src/estimate/mcem/quadrature-e-step.js';
import { quasiMonteCarlo } from '../src/estimate/mcem/quasi-monte-carlo.js';
import { rejection } from '../src/estimate/mcem/rejection.js';
import { type McmlOptions, mcml } from '../src/estimate/mcml/mcml.js';
import { type McnrOptions, mcnr } from '../src/estimate/mcnr/mcnr.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { type SaemOptions, saem } from '../src/estimate/saem/saem.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { heavyTailed } from './heavy-tailed.js';
import { certified, certifiedModel, landed, near } from './helpers.js';

/** Errors of 10% of a standard error are enough to be right or wrong; at their defaults and on more data: test/slow. */
const strategies: readonly (readonly [string, () => Strategy<LikelihoodFit>])[] = [
  ['saem', () => saem({ exploration: 60, smoothing: 60, monteCarloError: 0.1 })],
  ['mcnr', () => mcnr()],
  ['mcml', () => mcml({ monteCarloError: 0.1 })],
];

for (const [name, make] of strategies) {
  for (const set of ['infection', 'dyestuff', 'booth_hobert']) {
    test(`${name}() lands on ${set}`, async (t) => {
      const model = await certifiedModel(certified(set));
      landed(t, await fit(model, make(), { seed: 1 }), await fit(model, quadrature()), 0.1);
    });
  }

  test(`${name}(): a sigma of 0 is found, and said`, async (t) => {
    const model = await certifiedModel(certified('dyestuff2'));
    const found = await fit(model, make(), { seed: 1 });
    t.is(found.parameters.sigma, 0);
    t.true(found.findings.some(({ code }) => code === 'sigma-boundary'));
    near(t, found.logLik, certified('dyestuff2').maximumLikelihood.logLik, 1e-7, 'logLik');
  });

  test(`${name}(): fixed parameters are held`, async (t) => {
    const model = await certifiedModel(certified('infection'));
    for (const fixed of [{ sigma: 0.5 }, { sigma: 0 }, { beta: { '(Intercept)': -1.5 } }]) {
      const exact = await fit(model, quadrature(), { fixed });
      const found = await fit(model, make(), { fixed, seed: 3 });
      t.true(found.converged);
      found.estimates.forEach((estimate, k) => {
        const allowed = 4 * estimate.monteCarloError + 1e-9;
        near(
          t,
          estimate.value,
          exact.estimates[k].value,
          allowed,
          `${JSON.stringify(fixed)} ${estimate.name}`,
        );
      });
    }
  });

  test(`${name}(): the same seed gives the same bits; another seed other numbers`, async (t) => {
    const model = await certifiedModel(certified('infection'));
    const [a, b, c] = [
      await fit(model, make(), { seed: 'x' }),
      await fit(model, make(), { seed: 'x', workers: 2 }),
      await fit(model, make(), { seed: 'y' }),
    ];
    t.deepEqual(a.estimates, b.estimates);
    t.notDeepEqual(a.estimates, c.estimates);
  });

  test(`${name}(): separation and a likelihood that rises for ever are said`, async (t) => {
    const separated = Array.from({ length: 40 }, (_, r) => ({
      g: r % 8,
      x: r < 20 ? 0 : 1,
      y: r < 20 ? r % 2 : 1,
    }));
    const apart = await fit(glmm('y ~ x + (1 | g)', separated, { family: binomial() }), make());
    t.false(apart.converged);
    t.deepEqual(apart.findings.find(({ code }) => code === 'separation')?.where, ['x']);
    const alike = Array.from({ length: 60 }, (_, r) => ({ g: r % 10, y: r % 10 < 5 ? 1 : 0 }));
    const endless = await fit(glmm('y ~ 1 + (1 | g)', alike, { family: binomial() }), make());
    t.false(endless.converged);
    const codes = endless.findings.map(({ code }) => code);
    t.true(codes.includes('sigma-unbounded'), codes.join());
  });

  test(`${name}(): progress is reported, history kept, abort rejects with the reason`, async (t) => {
    const model = await certifiedModel(certified('infection'));
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = fit(model, make(), {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    t.is(await t.throwsAsync(aborted), reason);
    const found = await fit(model, make(), { seed: 2 });
    t.true(found.history.length > 1);
    t.deepEqual(found.history.at(-1)!.parameters, found.parameters);
  });
}

test('lattices, nodes and equal weights: no error of their own is left in an estimate, and none is invented', async (t) => {
  const model = await certifiedModel(certified('dyestuff'));
  const exact = await fit(model, quadrature());
  const farthest = ({ estimates }: LikelihoodFit): number =>
    Math.max(
      ...exact.estimates.map(
        ({ value, standardError }, k) => Math.abs(estimates[k].value - value) / standardError,
      ),
    );
  for (const seed of [1, 2, 3, 4, 5]) {
    const found = await fit(model, mcml({ eStep: quasiMonteCarlo() }), { seed });
    t.true(found.landing!.landed, `seed ${seed}`);
    t.true(farthest(found) < 1e-6, `seed ${seed}: ${farthest(found)}`);
  }
  for (const strategy of [mcnr({ eStep: quadratureEStep() }), mcml({ eStep: quadratureEStep() })]) {
    const found = await fit(model, strategy);
    t.true(found.converged, strategy.name);
    t.true(found.history.length < 20, strategy.name);
    t.true(farthest(found) < 1e-6, strategy.name);
    for (const { monteCarloError } of found.estimates) t.is(monteCarloError, 0, strategy.name);
  }
  const accepted = await fit(model, mcnr({ eStep: rejection() }), { seed: 1 });
  t.is(accepted.landing!.largestK, Number.NaN);
  t.notRegex(accepted.toString(), /Infinity|NaN|Pareto/);
});

test('Poisson responses, and intercepts of other distributions', async (t) => {
  const epil = await certifiedModel(certified('epil'));
  landed(t, await fit(epil, mcnr(), { seed: 1 }), await fit(epil, quadrature()), 0.02);
  const heavy = await fit(heavyTailed(studentT(3)), quadrature());
  for (const strategy of [mcnr(), mcml({ monteCarloError: 0.1 })]) {
    landed(t, await fit(heavyTailed(studentT(3)), strategy, { seed: 3 }), heavy, 0.1);
  }
  // No scale family: the score and the likelihood need none.
  const gammas = await fit(heavyTailed(logGamma()), quadrature());
  for (const strategy of [mcnr(), mcml({ monteCarloError: 0.1 })]) {
    landed(t, await fit(heavyTailed(logGamma()), strategy, { seed: 3 }), gammas, 0.1);
  }
  await t.throwsAsync(fit(heavyTailed(logGamma()), saem()), {
    code: 'unsupported-effect',
    message: /saem\(\) needs intercepts from a scale family/,
  });
});

test('the objective of mcml() is a log-likelihood: the certified one, up to Monte Carlo error', async (t) => {
  const model = await certifiedModel(certified('booth_hobert'));
  const found = await fit(model, mcml({ monteCarloError: 0.03 }), { seed: 2 });
  near(t, found.objective, found.logLik, 0.02, 'objective');
});

test('SAEM that cannot reach its target says so, and errs within what it says', async (t) => {
  const model = await certifiedModel(certified('booth_hobert'));
  const exact = await fit(model, quadrature());
  const settings = { exploration: 50, smoothing: 20, maxIterations: 70, monteCarloError: 0.02 };
  const found = await fit(model, saem(settings), { seed: 1 });
  t.false(found.converged);
  t.is(found.history.length, 70);
  const finding = found.findings.find(({ code }) => code === 'monte-carlo-error-above-target');
  t.regex(finding!.advice, /draws or maxIterations/);
  found.estimates.forEach(({ name, value, monteCarloError }, k) => {
    near(t, value, exact.estimates[k].value, 4 * monteCarloError, name);
  });
});

test('more smoothing steps are made where they will be enough', async (t) => {
  const model = await certifiedModel(certified('infection'));
  const settings = { exploration: 60, smoothing: 10, monteCarloError: 0.02 };
  const found = await fit(model, saem(settings), { seed: 1 });
  t.true(found.converged);
  t.true(found.history.length > 70);
});

test('a budget too small is said, not hidden', async (t) => {
  const model = await certifiedModel(certified('booth_hobert'));
  for (const strategy of [
    mcnr({ monteCarloError: 0.0001, maxDraws: 1000 }),
    mcml({ monteCarloError: 0.0001, maxDraws: 1000 }),
  ]) {
    const found = await fit(model, strategy, { seed: 1 });
    t.false(found.converged);
    t.true(found.findings.some(({ code }) => code === 'monte-carlo-error-above-target'));
  }
  const stopped = await fit(model, mcml({ maxEvaluations: 1000 }), { seed: 1 });
  t.false(stopped.converged);
  t.true(stopped.findings.some(({ code }) => code === 'monte-carlo-budget'));
  t.true(stopped.history.length < 3);
  // With a maximum near its pilot by then, the error that is left is known.
  const short = await fit(model, mcml({ monteCarloError: 0.001, maxEvaluations: 1_000_000 }), { seed: 1 });
  t.false(short.converged);
  t.true(short.findings.some(({ code }) => code === 'monte-carlo-error-above-target'));
  t.true(short.estimates.every(({ monteCarloError }) => monteCarloError > 0));
  for (const strategy of [mcnr({ maxIterations: 2 }), mcml({ maxIterations: 1 })]) {
    const found = await fit(model, strategy, { seed: 1 });
    t.false(found.converged);
    t.true(found.findings.some(({ code }) => code === 'not-converged'));
    for (const { name, monteCarloError } of found.estimates) t.true(Number.isNaN(monteCarloError), name);
  }
});

test('a biased E-step is caught by the score test', async (t) => {
  const biased = (honest: EStep): EStep => ({
    ...honest,
    name: 'biased',
    draw(integrand, stream, draws, last) {
      const accepted = honest.draw(integrand, stream, draws, last);
      // Weights that favour the tails a little.
      for (let k = 0; k < draws.z.length; k++) {
        draws.logProposal[k] -= 0.1 * ((draws.z[k] - draws.mode) / draws.spread) ** 2;
      }
      return accepted;
    },
  });
  const model = await certifiedModel(certified('booth_hobert'));
  for (const strategy of [
    mcml({ eStep: biased(importance()), monteCarloError: 0.02 }),
    mcnr({ eStep: biased(importance()), controlVariates: false }),
    saem({ eStep: biased(rejection()), draws: 50, exploration: 30, smoothing: 60 }),
  ]) {
    const found = await fit(model, strategy, { seed: 1 });
    t.false(found.converged, strategy.name);
    t.true(
      found.findings.some(({ code }) => code === 'score-test-failed'),
      strategy.name,
    );
  }
});

test('compare() finds all three in agreement', async (t) => {
  const model = await certifiedModel(certified('infection'));
  const { rows } = await compare(
    model,
    strategies.map(([, make]) => make()),
  );
  t.deepEqual(
    rows.map(({ verdict }) => verdict),
    ['agrees', 'agrees', 'agrees'],
  );
});

const refused: readonly [string, () => unknown, string][] = [
  [
    'an unknown name',
    () => mcnr({ estep: importance() } as McnrOptions),
    "mcnr() has no option 'estep'; did you mean 'eStep'?",
  ],
  [
    'error 0',
    () => mcml({ monteCarloError: 0 }),
    'mcml(): monteCarloError must be a number between 0 and 1, found 0',
  ],
  [
    'no iterations',
    () => mcnr({ maxIterations: 0 }),
    'mcnr(): maxIterations must be a whole number >= 1, found 0',
  ],
  [
    'no draws',
    () => mcml({ draws: 0 } as McmlOptions),
    'mcml(): draws must be a whole number >= 10, found 0',
  ],
  [
    'weighted draws',
    () => saem({ eStep: importance() }),
    'saem(): eStep must draw from the posterior itself, found importance, whose weighted means of 10 draws are biased, and no number of steps averages a bias away; use metropolis() or rejection(), or importance() in mcem(), mcnr() or mcml()',
  ],
  ['few draws', () => saem({ draws: 4 }), 'saem(): draws must be a whole number >= 5, found 4'],
  [
    'a text for an E-step',
    () => saem({ eStep: 'metropolis' as unknown as EStep }),
    "saem(): eStep must be an E-step such as metropolis() or rejection(), found 'metropolis'",
  ],
  [
    'lattices, of which a step would see a part',
    () => saem({ eStep: quasiMonteCarlo() }),
    'saem(): eStep must draw single points, found quasi-monte-carlo, of whose points a few are no draws; use metropolis() or rejection(), or quasiMonteCarlo() and quadratureEStep() in mcem() or mcnr()',
  ],
  [
    'an E-step in part',
    () => mcnr({ eStep: { ...importance(), draw: 3 } as unknown as EStep }),
    'mcnr(): eStep must be an E-step such as importance() or metropolis(), found an object',
  ],
  [
    'too many steps',
    () => saem({ exploration: 1950 }),
    'saem(): exploration + smoothing must be at most maxIterations, found 1950 + 100 > 2000',
  ],
  [
    'no smoothing',
    () => saem({ smoothing: 0 } as SaemOptions),
    'saem(): smoothing must be a whole number >= 1, found 0',
  ],
];

for (const [what, make, message] of refused) {
  test(`refused: ${what}`, (t) => {
    t.throws(make, { name: 'GlmmcError', message });
  });
}

test('defaults', (t) => {
  t.like(saem().settings, {
    exploration: 300,
    smoothing: 100,
    draws: 10,
    monteCarloError: 0.05,
    expanded: true,
  });
  t.like(mcnr().settings, { draws: 100, monteCarloError: 0.02, controlVariates: true });
  t.like(mcml().settings, { draws: 200, monteCarloError: 0.05, maxEvaluations: 1e8 });
  t.is(saem({ exploration: 1900 }).settings.exploration, 1900);
});
