// The proof of landing of mcem(): true to the exact fit, passed by honest work, failed by planted wrong answers.
import test from 'ava';
import { fit, type LikelihoodFit } from '../../src/estimate/fit.js';
import type { EStep } from '../../src/estimate/mcem/e-step.js';
import { importance } from '../../src/estimate/mcem/importance.js';
import { type MStepFunction, mStep } from '../../src/estimate/mcem/m-step.js';
import { type McemOptions, mcem, mcemBy } from '../../src/estimate/mcem/mcem.js';
import { metropolis } from '../../src/estimate/mcem/metropolis.js';
import { fixedSize, geometricSize } from '../../src/estimate/mcem/schedules.js';
import { quadrature } from '../../src/estimate/quadrature.js';
import { studentT } from '../../src/model/effects/student-t.js';
import { poisson } from '../../src/model/family.js';
import { glmm } from '../../src/model/model.js';
import { certified, certifiedModel, landed, near } from '../helpers.js';

const boothHobertData = await certifiedModel(certified('booth_hobert'));
const cbpp = await certifiedModel(certified('cbpp'));

/** Whether the proof itself says that the fit is wrong. */
function caught(found: LikelihoodFit): boolean {
  const codes = found.findings.map(({ code }) => code);
  return (
    !found.converged &&
    !found.landing!.landed &&
    (codes.includes('score-test-failed') || codes.includes('estimate-off'))
  );
}

test('z by one Newton step is z by the quadrature fit', async (t) => {
  for (const model of [boothHobertData, cbpp]) {
    const exact = await fit(model, quadrature());
    const found = await fit(model, mcem({ eStep: metropolis() }), { seed: 3 });
    found.estimates.forEach(({ name, value, monteCarloError }, k) => {
      near(t, found.landing!.z[k], (value - exact.estimates[k].value) / monteCarloError, 0.02, name);
    });
    // The gap is the exact one too, to the next order.
    near(
      t,
      found.landing!.logLikGap,
      exact.logLik - found.logLik,
      0.02 * found.landing!.logLikGap + 1e-9,
      'gap',
    );
  }
});

test('parameters held fixed have no z', async (t) => {
  const { landing } = await fit(cbpp, mcem(), { seed: 1, fixed: { beta: { '(Intercept)': -1.4 } } });
  t.deepEqual(landing!.z.map(Number.isNaN), [true, false, false, false, false]);
  t.true(landing!.landed);
  t.is(landing!.scoreTest.df, 4);
});

/** A wrapper that changes what an honest E-step says of its draws. */
function tampered(honest: EStep, name: string, change: Partial<EStep>): EStep {
  return { ...honest, name, ...change };
}

for (const polish of [true, false]) {
  test(`a biased E-step is caught, ${polish ? 'with' : 'without'} the polish`, async (t) => {
    const honest = importance();
    // Weights that favour large z a little: 10% of a posterior sd.
    const biased = tampered(honest, 'biased', {
      draw(integrand, stream, draws, last) {
        const accepted = honest.draw(integrand, stream, draws, last);
        for (let k = 0; k < draws.z.length; k++) draws.logProposal[k] -= (0.1 * draws.z[k]) / draws.spread;
        return accepted;
      },
    });
    // The expanded M-step corrects for some of such a bias: what its maximum promises of the draws, they have to keep.
    const options = {
      controlVariates: false,
      polish,
      monteCarloError: 0.05,
      expanded: false,
      size: geometricSize(),
    };
    const short = { ...options, maxIterations: 20 };
    t.true(caught(await fit(cbpp, mcem({ ...short, eStep: biased }), { seed: 1 })));
    const loose = { ...options, monteCarloError: 0.15 };
    t.true((await fit(cbpp, mcem({ ...loose, eStep: honest }), { seed: 1 })).landing!.landed);
  });
}

/** The scale of the draws about their mean, which is right only where the coefficients take the mean over. */
const meanSubtracted: MStepFunction = (integrand, space, parameters, draws, ...rest) => {
  const step = mStep(integrand, space, parameters, draws, ...rest);
  const { count } = integrand.clusters;
  let mean = 0;
  for (let i = 0; i < count; i++) {
    const weights = draws.set.of(draws.calibrated, i);
    draws.set.of(draws.set.z, i).forEach((z, k) => {
      mean += (weights[k] * z) / count;
    });
  }
  const scale = Math.sqrt(step.law.scale ** 2 - mean ** 2);
  return { ...step, parameters: { ...step.parameters, sigma: step.fitted.sigma * scale } };
};

test('a wrong M-step, inside loose tolerances, is caught', async (t) => {
  const options: McemOptions = { polish: false, monteCarloError: 0.002 };
  const wrong = await fit(boothHobertData, mcemBy(meanSubtracted, options), { seed: 1 });
  // Where it converges to by theory, against 6.132163 and 1.3290829.
  near(t, wrong.parameters.beta[0], 6.13226, 0.005, 'beta');
  near(t, wrong.parameters.sigma, 1.32146, 0.003, 'sigma');
  t.true(caught(wrong));
  const right = await fit(boothHobertData, mcem(options), { seed: 1 });
  landed(t, right, await fit(boothHobertData, quadrature()), 0.002);
});

for (const polish of [true, false]) {
  test(`autocorrelation ignored is caught, ${polish ? 'with' : 'without'} the polish`, async (t) => {
    const chain = metropolis({ proposal: 'random-walk', scale: 0.1 });
    const size = fixedSize({ stages: [{ iterations: 12, draws: 400 }] });
    const options = { controlVariates: false, polish, monteCarloError: 0.1, size };
    const claimed = tampered(chain, 'claimed independent', { dependent: false });
    t.true(caught(await fit(cbpp, mcem({ ...options, eStep: claimed }), { seed: 2 })));
  });
}

test('the log-likelihood by importance sampling is the certified one, within its error', async (t) => {
  const heavy = glmm(
    'y ~ x + (1 | g)',
    Array.from({ length: 60 }, (_, r) => ({
      g: Math.floor(r / 5),
      x: (r % 5) / 5,
      y: (r * r) % (3 + Math.floor(r / 15)),
    })),
    { family: poisson(), randomEffect: studentT(3) },
  );
  for (const [model, options] of [
    [boothHobertData, { eStep: importance({ df: 3, scale: 1.3 }) }],
    [cbpp, { polish: false }],
    [heavy, {}],
  ] as const) {
    const found = await fit(model, mcem(options), { seed: 7 });
    const { value, error } = found.landing!.logLik!;
    t.true(error > 0 && error < 0.2);
    near(t, (value - found.logLik) / error, 0, 4, 'z of the log-likelihood');
  }
  const chain = await fit(cbpp, mcem({ eStep: metropolis() }), { seed: 7 });
  t.is(chain.landing!.logLik, undefined);
});

test("standard errors are within their own Monte Carlo errors of the exact information's", async (t) => {
  const exact = await fit(boothHobertData, quadrature());
  for (const seed of [1, 2]) {
    const found = await fit(boothHobertData, mcem(), { seed });
    const { standardErrorError, largestErrorRatio } = found.landing!;
    t.true(standardErrorError > 0 && standardErrorError <= 0.01);
    found.estimates.forEach(({ name, standardError }, k) => {
      const off = Math.abs(standardError / exact.estimates[k].standardError - 1);
      // The estimate is off by its own Monte Carlo error, and the standard error moves with it.
      t.true(off < 4 * (standardErrorError + largestErrorRatio), `${name}: ${off}`);
    });
  }
});

test('the proof is in the summary and in the JSON', async (t) => {
  const found = await fit(cbpp, mcem(), { seed: 1 });
  const text = String(found);
  t.regex(text, /\nLANDED, by the exact score and information at the estimates:\n {2}T = /);
  t.regex(text, /MC error +MC z\n/);
  t.regex(text, /\n {2}Log-likelihood by importance sampling -9\d\.\d{4}, MC error /);
  for (const line of text.split('\n')) t.true(line.length <= 80, line);
  const { landing, settings } = JSON.parse(JSON.stringify(found));
  t.is(landing.z.length, 5);
  t.true(landing.landed);
  t.is(settings.size.name, 'ascentBased');
});
