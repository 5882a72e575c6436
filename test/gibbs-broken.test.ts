// Steps broken on purpose: the exactness test must catch every one of them, or it is worth nothing.
import test from 'ava';
import { type FitTask, fit, type PosteriorFit, type Strategy } from '../src/estimate/fit.js';
import { CarryStep } from '../src/estimate/gibbs/carry-step.js';
import { DispersionStep } from '../src/estimate/gibbs/dispersion-step.js';
import { InterceptStep } from '../src/estimate/gibbs/intercept-step.js';
import { JointStep } from '../src/estimate/gibbs/joint-step.js';
import { sampleChains } from '../src/estimate/gibbs/run.js';
import { ScaleStep } from '../src/estimate/gibbs/scale-step.js';
import type { GibbsState } from '../src/estimate/gibbs/state.js';
import type { GibbsStep } from '../src/estimate/gibbs/step.js';
import { gibbsSteps } from '../src/estimate/gibbs/steps.js';
import type { Transport } from '../src/estimate/gibbs/transport.js';
import type { FixedParameters } from '../src/estimate/parameter-space.js';
import { finishPosteriorFit } from '../src/estimate/posterior-fit.js';
import { resolvePriors } from '../src/estimate/priors.js';
import { quadraturePosterior } from '../src/estimate/quadrature-posterior.js';
import type { Model } from '../src/model/model.js';
import { distance, exactFrom, referenceModel } from './gibbs-helpers.js';

const settings = { chains: 4, warmup: 500, draws: 4000, thin: 1 };

type Steps = (state: GibbsState, transport: Transport) => GibbsStep[];

/** gibbs() with other steps. */
function gibbsWith(steps: Steps): Strategy<PosteriorFit> {
  const self = { name: 'gibbs', settings };
  return {
    ...self,
    async run(task: FitTask) {
      const priors = resolvePriors(task.model);
      const sampled = await sampleChains(task, priors, settings, steps);
      return finishPosteriorFit(self, task, { ...sampled, priors });
    },
  };
}

/** The sweep of gibbs() with one step replaced by another of its name. */
function replacing(make: (state: GibbsState, transport: Transport) => GibbsStep): Steps {
  return (state, transport) => {
    const other = make(state, transport);
    return gibbsSteps(state, transport).map((step) => (step.name === other.name ? other : step));
  };
}

/** log sigma without the Jacobian e^u. */
class NoJacobian extends ScaleStep {
  protected override logDensity(logSigma: number): number {
    return super.logDensity(logSigma) - logSigma;
  }
}

class NoReverseJoint extends JointStep {
  protected override correction(): number {
    return 0;
  }
}

class NoReverseCarry extends CarryStep {
  protected override correction(): number {
    return 0;
  }
}

class NoReverseIntercepts extends InterceptStep {
  protected override correction(): number {
    return 0;
  }
}

/** The prior of sqrt(dispersion) without the Jacobian e^(v/2). */
class NoDispersionJacobian extends DispersionStep {
  protected override logDensity(logDispersion: number): number {
    return super.logDensity(logDispersion) - 0.5 * logDispersion;
  }
}

const boothHobert = await referenceModel('booth_hobert');
const infection = await referenceModel('infection');
const dyestuff = await referenceModel('dyestuff');

/** Largest distance from the exact posterior in combined errors. */
async function off(model: Model, steps: Steps, fixed: FixedParameters = {}): Promise<number> {
  const exact = await quadraturePosterior(model, {}, { fixed });
  const { draws } = await fit(model, gibbsWith(steps), { seed: 5, fixed });
  return Math.abs(
    distance(
      draws,
      exactFrom(exact).filter(({ sd }) => sd > 0),
      fixed.beta ? 2 : 0,
    ).z,
  );
}

/** With the coefficients held two steps are a whole sampler, and none of the sound ones can hide what they do. */
const held = { beta: { '(Intercept)': -1.2, t: 0.75 } };

test('sound steps pass', async (t) => {
  t.true((await off(boothHobert, gibbsSteps)) < 4);
  t.true((await off(dyestuff, gibbsSteps)) < 4);
  t.true((await off(infection, (state) => [new InterceptStep(state), new ScaleStep(state)], held)) < 4);
});

const broken: readonly [string, Model, Steps, FixedParameters?][] = [
  [
    'sigma without its Jacobian',
    infection,
    (state) => [new InterceptStep(state), new NoJacobian(state)],
    held,
  ],
  [
    'intercepts without the reverse proposal',
    infection,
    (state) => [new NoReverseIntercepts(state), new ScaleStep(state)],
    held,
  ],
  [
    '(beta, sigma) without the reverse proposal',
    boothHobert,
    replacing((state) => new NoReverseJoint(state)),
  ],
  [
    'carried (beta, sigma) without the reverse proposal',
    boothHobert,
    replacing((state, transport) => new NoReverseCarry(state, transport)),
  ],
  [
    'a transport without its volume',
    boothHobert,
    replacing((state, transport) => {
      const volumeSlope = transport.volumeSlope.map(() => 0);
      return new CarryStep(state, { ...transport, volumeSlope });
    }),
  ],
  ['the dispersion without its Jacobian', dyestuff, replacing((state) => new NoDispersionJacobian(state))],
];
for (const [what, model, steps, fixed] of broken) {
  test(`caught: ${what}`, async (t) => {
    const z = await off(model, steps, fixed);
    t.log(`${z.toFixed(1)} combined errors off`);
    // NaN where the chains run off to infinity.
    t.false(z <= 4, `only ${z} errors off`);
  });
}
