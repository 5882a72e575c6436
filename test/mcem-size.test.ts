// The Monte Carlo sizes of mcem(): each lands, with and without the polish; their rules by hand; the M-step's own error.

import test from 'ava';
import { EigenvalueDecomposition } from 'ml-matrix';
import { fit } from '../src/estimate/fit.js';
import { ascentBased } from '../src/estimate/mcem/ascent-based.js';
import { boothHobert, insideEllipsoid } from '../src/estimate/mcem/booth-hobert.js';
import { ControlVariates, controlsFor } from '../src/estimate/mcem/control-variates.js';
import { drawAll, type EStep } from '../src/estimate/mcem/e-step.js';
import type { McemDetail } from '../src/estimate/mcem/em.js';
import { emRate } from '../src/estimate/mcem/em-rate.js';
import { importance } from '../src/estimate/mcem/importance.js';
import { mStep } from '../src/estimate/mcem/m-step.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { metropolis } from '../src/estimate/mcem/metropolis.js';
import { quadratureEStep } from '../src/estimate/mcem/quadrature-e-step.js';
import { quasiMonteCarlo } from '../src/estimate/mcem/quasi-monte-carlo.js';
import { fixedSize, geometricSize } from '../src/estimate/mcem/schedules.js';
import type { EmStep, MonteCarloSize } from '../src/estimate/mcem/size.js';
import { stepError } from '../src/estimate/mcem/step-error.js';
import { weigh } from '../src/estimate/mcem/weigh.js';
import { mcml } from '../src/estimate/mcml/mcml.js';
import { mcnr } from '../src/estimate/mcnr/mcnr.js';
import { ParameterSpace } from '../src/estimate/parameter-space.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { saem } from '../src/estimate/saem/saem.js';
import { Integrand } from '../src/likelihood/integrand.js';
import { constantDirection } from '../src/model/constant-direction.js';
import type { Model } from '../src/model/model.js';
import { certified, certifiedModel, landed, near } from './helpers.js';

const boothHobertData = await certifiedModel(certified('booth_hobert'));
const cbpp = await certifiedModel(certified('cbpp'));

const sizes: readonly MonteCarloSize[] = [
  ascentBased(),
  boothHobert(),
  geometricSize(),
  fixedSize({
    stages: [
      { iterations: 10, draws: 50 },
      { iterations: 10, draws: 1500 },
    ],
  }),
];

for (const size of sizes) {
  for (const polish of [true, false]) {
    test(`mcem() lands by ${size.name}, ${polish ? 'with' : 'without'} the polish`, async (t) => {
      const exact = await fit(boothHobertData, quadrature());
      const found = await fit(boothHobertData, mcem({ size, polish }), { seed: 4 });
      landed(t, found, exact, 0.02);
      t.true(found.landing!.landed);
    });
  }
}

test('schedules are kept to the letter', async (t) => {
  const draws = async (size: MonteCarloSize, maxIterations: number): Promise<number[]> => {
    const { history } = await fit(cbpp, mcem({ size, maxIterations }), { seed: 1 });
    return history.map(({ detail }) => (detail as McemDetail).draws);
  };
  const stages = [
    { iterations: 2, draws: 30 },
    { iterations: 1, draws: 70 },
  ];
  t.deepEqual(await draws(fixedSize({ stages }), 200), [30, 30, 70]);
  t.deepEqual(await draws(geometricSize({ draws: 40, growth: 1.5 }), 4), [40, 60, 90, 135]);
  t.deepEqual(await draws(geometricSize({ draws: 40, growth: 1 }), 3), [40, 40, 40]);
  const mccullochs = fixedSize().settings.stages;
  const endless = fixedSize({ stages: [{ iterations: 1e9, draws: 50 }] });
  t.like(endless.start(1).decide({ ...oneStep(0, 0, 0), iteration: 1e6 }), { draws: 50, ended: false });
  t.deepEqual(mccullochs, [
    { iterations: 19, draws: 50 },
    { iterations: 20, draws: 200 },
    { iterations: 11, draws: 5000 },
  ]);
});

/** A step of 90 draws on one parameter that moved by `change` with Monte Carlo variance 1. */
function oneStep(change: number, gain: number, gainError: number): EmStep {
  const at = (beta: number) => ({ beta: Float64Array.of(beta), sigma: 1 });
  return {
    iteration: 1,
    draws: 90,
    mostDraws: 1e6,
    previous: at(0),
    proposed: at(change),
    gain,
    gainError,
    stepError: () => ({ change: Float64Array.of(change), covariance: Float64Array.of(1) }),
  };
}

test("Booth and Hobert's ellipsoid: chi-square's upper quarter begins at 1.3233 on 1 df, at 2.7726 on 2", (t) => {
  const point = (d: number, df: number) => ({
    change: new Float64Array(df).fill(Math.sqrt(d / df)),
    covariance: Float64Array.from({ length: df * df }, (_, k) => (k % (df + 1) === 0 ? 1 : 0)),
  });
  t.true(insideEllipsoid(point(1.323, 1), 0.25));
  t.false(insideEllipsoid(point(1.324, 1), 0.25));
  t.true(insideEllipsoid(point(2.772, 2), 0.25));
  t.false(insideEllipsoid(point(2.773, 2), 0.25));
  const rule = boothHobert().start(10);
  t.deepEqual(rule.decide(oneStep(1.1, 0, 0)), { decision: 'taken, more draws', draws: 120, ended: false });
  t.deepEqual(rule.decide(oneStep(1.2, 0, 0)), { decision: 'taken', draws: 90, ended: false });
});

test('the ascent rule by hand', (t) => {
  const rule = ascentBased().start(10);
  // .5 - .674 < 0: not taken, a third more draws. 1 - .674 > 0: taken; (2 * .6745)^2 * 90 = 163.8.
  t.deepEqual(rule.decide(oneStep(1, 0.5, 1)), { decision: 'more draws', draws: 120, ended: false });
  t.deepEqual(rule.decide(oneStep(1, 1, 1)), { decision: 'taken', draws: 164, ended: false });
  t.deepEqual(rule.decide(oneStep(1, 1, 0.1)), { decision: 'taken', draws: 90, ended: false });
  const ends = [1, 2, 3].map(() => rule.decide(oneStep(0, 1e-4, 1e-4)).ended);
  t.deepEqual(ends, [false, false, true]);
});

test('reused draws are said to be, and serve again only at the same size', async (t) => {
  const found = await fit(boothHobertData, mcem({ reuse: true }), { seed: 1 });
  const details = found.history.map(({ detail }) => detail as McemDetail);
  t.is(details[0].drawn, 'fresh');
  t.true(details.some(({ drawn }) => drawn === 'reused'));
  details.forEach(({ drawn, draws }, k) => {
    if (drawn === 'reused') t.is(draws, details[k - 1].draws);
  });
  const never = await fit(boothHobertData, mcem(), { seed: 1 });
  t.true(never.history.every(({ detail }) => detail!.drawn === 'fresh'));
});

test('an end by maxIterations is said where no polish follows', async (t) => {
  const found = await fit(cbpp, mcem({ polish: false, maxIterations: 3 }), { seed: 1 });
  t.false(found.converged);
  t.true(found.findings.some(({ code }) => code === 'monte-carlo-budget'));
  t.is(found.history.length, 3);
  const polished = await fit(cbpp, mcem({ maxIterations: 3 }), { seed: 1 });
  t.true(polished.converged);
});

test('EM without a polish lands where its draws leave no error, Gaussian responses and nodes', async (t) => {
  const model = await certifiedModel(certified('dyestuff'));
  const exact = await fit(model, quadrature());
  for (const eStep of [importance(), quadratureEStep()]) {
    const found = await fit(model, mcem({ eStep, polish: false }), { seed: 1 });
    t.true(found.converged, eStep.name);
    t.true(found.landing!.landed, eStep.name);
    t.true(found.history.length < 40, eStep.name);
    found.estimates.forEach(({ name, value, monteCarloError }, k) => {
      const { value: truth, standardError } = exact.estimates[k];
      near(t, value, truth, 3e-6 * standardError, `${eStep.name} ${name}`);
      if (eStep.nodes) t.is(monteCarloError, 0);
    });
  }
});

function setUp(model: Model) {
  const space = new ParameterSpace(model);
  const integrand = new Integrand(model);
  const direction = constantDirection(
    model,
    space.free.filter((k) => k < model.coefficientNames.length),
  );
  return { space, integrand, direction };
}

test("an M-step's sandwich is the scatter of M-steps", (t) => {
  for (const [model, expanded] of [
    [boothHobertData, true],
    [cbpp, true],
    [cbpp, false],
  ] as const) {
    const { space, integrand, direction } = setUp(model);
    const start = { beta: new Float64Array(model.coefficientNames.length).fill(-1), sigma: 0.8 };
    const values: number[][] = [];
    const expected = new Float64Array(space.free.length);
    const repeats = 200;
    for (let round = 1; round <= repeats; round++) {
      integrand.setParameters(start);
      const draws = drawAll(importance(), integrand, 60, 'scatter', round, undefined);
      const controls = new ControlVariates(60, false, true);
      const weighed = weigh(integrand, draws, controls);
      const step = mStep(integrand, space, start, weighed, controls, direction, expanded, 1e-12);
      values.push([...step.parameters.beta, step.parameters.sigma]);
      if (round % 10 > 0) continue;
      const found = stepError(integrand, space, start, step, weighed, controls, direction, expanded);
      const q = space.free.length;
      for (let a = 0; a < q; a++) expected[a] += found.covariance[a * q + a] / (repeats / 10);
    }
    space.free.forEach((k, a) => {
      const mean = values.reduce((sum, row) => sum + row[k], 0) / repeats;
      const variance = values.reduce((sum, row) => sum + (row[k] - mean) ** 2, 0) / (repeats - 1);
      // Of 200 repeats a standard deviation has a relative error of 5%.
      near(t, Math.sqrt(variance / expected[a]), 1, 0.2, `${space.names[k]}, expanded ${expanded}`);
    });
  }
});

test("an M-step's sandwich of lattices is the scatter of M-steps, and that of nodes is nothing", (t) => {
  const { space, integrand, direction } = setUp(cbpp);
  const start = { beta: new Float64Array(cbpp.coefficientNames.length).fill(-1), sigma: 0.8 };
  const values: number[] = [];
  let expected = 0;
  const repeats = 60;
  const step = (eStep: EStep, round: number) => {
    integrand.setParameters(start);
    const draws = drawAll(eStep, integrand, 128, 'lattice', round, undefined);
    const controls = controlsFor(draws, true);
    const weighed = weigh(integrand, draws, controls);
    const made = mStep(integrand, space, start, weighed, controls, direction, true, 1e-14);
    return { made, error: stepError(integrand, space, start, made, weighed, controls, direction, true) };
  };
  for (let round = 1; round <= repeats; round++) {
    const { made, error } = step(quasiMonteCarlo(), round);
    values.push(made.parameters.sigma);
    expected += error.covariance.at(-1)! / repeats;
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / repeats;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (repeats - 1);
  // Of 60 repeats a standard deviation has a relative error of 9%; independent draws would have 30 times that.
  near(t, Math.sqrt(variance / expected), 1, 0.4, 'sd of sigma');
  const { error } = step(quadratureEStep(), 1);
  t.true(error.covariance.every((value) => value === 0));
});

test("EM's rate by the draws is that of theory", async (t) => {
  const rates = [
    ['booth_hobert', 0.814, 0.414, Number.NaN],
    ['cbpp', 0.713, 0.687, 0.149],
    ['seeds', 0.892, 0.478, 0.477],
  ] as const;
  for (const [name, ...expected] of rates) {
    const model = await certifiedModel(certified(name));
    const { parameters } = await fit(model, quadrature());
    const { space, integrand, direction } = setUp(model);
    const controls = new ControlVariates(4000, true, true);
    const ways = [
      [false, direction],
      [true, undefined],
      [true, direction],
    ] as const;
    ways.forEach(([expanded, along], k) => {
      if (Number.isNaN(expected[k])) return;
      integrand.setParameters(parameters);
      const draws = drawAll(importance(), integrand, 4000, 'rate', 1, undefined);
      const weighed = weigh(integrand, draws, controls);
      const rate = emRate(integrand, space, parameters, weighed, controls, along, expanded)!;
      const largest = Math.max(...new EigenvalueDecomposition(rate).realEigenvalues);
      near(t, largest, expected[k], 0.01, `${name}, ${expanded ? 'expanded' : 'textbook'}`);
    });
  }
});

const refused: readonly [() => unknown, string][] = [
  [() => ascentBased({ alpha: 1 }), 'ascentBased(): alpha must be a number between 0 and 1, found 1'],
  [() => ascentBased({ tolerance: 0 }), 'ascentBased(): tolerance must be a number > 0, found 0'],
  [() => boothHobert({ k: 0 }), 'boothHobert(): k must be a number > 0, found 0'],
  [() => boothHobert({ delta2: -1 }), 'boothHobert(): delta2 must be a number > 0, found -1'],
  [() => geometricSize({ growth: 0.9 }), 'geometricSize(): growth must be a number >= 1, found 0.9'],
  [
    () => fixedSize({ stages: [] }),
    'fixedSize(): stages must be stages such as [{ iterations: 20, draws: 1000 }], iterations >= 1, draws >= 10, found an array',
  ],
  [
    () => mcem({ size: 100 as unknown as MonteCarloSize }),
    'mcem(): size must be a Monte Carlo size such as ascentBased() or boothHobert(), found 100',
  ],
  [() => mcem({ polish: 1 as unknown as boolean }), 'mcem(): polish must be true or false, found 1'],
  [() => mcem({ reuse: 'yes' as unknown as boolean }), "mcem(): reuse must be true or false, found 'yes'"],
];

for (const [make, message] of refused) {
  test(`refused: ${message}`, (t) => {
    t.throws(make, { name: 'GlmmcError', message });
  });
}

test('defaults and least values', (t) => {
  t.deepEqual(boothHobert().settings, {
    draws: 100,
    alpha: 0.25,
    k: 3,
    delta1: 0.001,
    delta2: 0.002,
    times: 3,
  });
  t.deepEqual(ascentBased({ draws: 10 }).settings, {
    draws: 10,
    alpha: 0.25,
    beta: 0.25,
    gamma: 0.25,
    tolerance: 1e-3,
    k: 3,
  });
  const { polish, reuse, size } = mcem().settings;
  t.deepEqual([polish, reuse, (size as { name: string }).name], [true, false, 'ascentBased']);
});

test('a size that is no number of draws is refused before any work', async (t) => {
  const own = (first: number, draws = 100): MonteCarloSize => ({
    name: 'own',
    settings: {},
    start: () => ({ first, decide: () => ({ decision: 'taken', draws, ended: false }) }),
  });
  for (const first of [Number.NaN, -5, 0, 12.5, Number.POSITIVE_INFINITY, undefined as unknown as number]) {
    const message = /size 'own' should start with 'first', a whole number of draws a cluster >= 1, found/;
    await t.throwsAsync(fit(cbpp, mcem({ size: own(first) })), { code: 'bad-size', message });
  }
  await t.throwsAsync(fit(cbpp, mcem({ size: own(100, Number.NaN) })), {
    code: 'bad-size',
    message: /decide\(\) of the Monte Carlo size 'own' should return 'draws', .* found NaN/,
  });
  await t.throwsAsync(fit(cbpp, mcem({ size: ascentBased({ draws: 1000 }), maxDraws: 500 })), {
    code: 'bad-size',
    message: /starts with 1000 draws a cluster, which is above maxDraws, found 500/,
  });
});

test('options that mean nothing are refused with what was expected', (t) => {
  const stage = { iterations: 5, draws: 100 };
  const wrong: readonly [() => unknown, RegExp][] = [
    [
      () => fixedSize({ stages: [stage, { iterations: 5, draws: Number.NaN }] }),
      /stages\[1\]: draws must be a whole number >= 10, found NaN/,
    ],
    [
      () => fixedSize({ stages: [{ iterations: 0.5, draws: 100 }] }),
      /stages\[0\]: iterations must be a whole number >= 1, found 0.5/,
    ],
    [() => fixedSize({ stages: [{ ...stage, draw: 3 } as never] }), /stages\[0\] has no option 'draw'/],
    [() => fixedSize({ stages: [] }), /stages must be stages such as/],
    [() => mcem({ size: fixedSize as never }), /write fixedSize\(\)/],
    [
      () => mcem({ size: fixedSize({ stages: [stage] }) as never, eStep: fixedSize() as never }),
      /eStep must be an E-step/,
    ],
    [() => quadratureEStep({ nodes: 5 } as never), /has no option 'nodes'/],
    [() => metropolis({ proposal: 'prior', scale: 2 }), /leave it out/],
    [() => mcnr({ draws: 1000, maxDraws: 100 }), /draws must be at most maxDraws, found 1000 > 100/],
    [() => mcml({ draws: 1000, maxDraws: 100 }), /draws must be at most maxDraws, found 1000 > 100/],
  ];
  for (const [make, message] of wrong) t.throws(make, { message });
});

/** @param names of the options that are numbers */
const takes = (name: string, make: (options: never) => unknown, names: string): void => {
  for (const option of names.split(' ')) {
    test(`${name}({ ${option} }) is a number that makes sense, or refused`, (t) => {
      for (const value of [Number.NaN, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, '3', null]) {
        const found = t.throws(() => make({ [option]: value } as never), { code: 'bad-option' });
        t.regex(found!.message, new RegExp(`${option} must be .*, found `), String(value));
      }
      t.throws(() => make({ [`${option}s_`]: 3 } as never), { code: 'unknown-option' });
    });
  }
};
takes('ascentBased', ascentBased, 'draws alpha beta gamma tolerance k');
takes('boothHobert', boothHobert, 'draws alpha k delta1 delta2 times');
takes('geometricSize', geometricSize, 'draws growth delta1 delta2 times');
takes('importance', importance, 'df scale');
takes('metropolis', metropolis, 'scale');
takes('quasiMonteCarlo', quasiMonteCarlo, 'shifts scale');
takes('mcem', mcem, 'monteCarloError maxIterations maxDraws');
takes('mcnr', mcnr, 'monteCarloError maxIterations draws maxDraws');
takes('mcml', mcml, 'monteCarloError maxIterations draws maxDraws');
takes('saem', saem, 'monteCarloError exploration smoothing maxIterations draws');
