// The steps of a sweep of gibbs(), in their order.
import { CarryStep } from './carry-step.js';
import { DispersionStep } from './dispersion-step.js';
import { InterceptStep } from './intercept-step.js';
import { JointStep } from './joint-step.js';
import { ScaleStep } from './scale-step.js';
import type { GibbsState } from './state.js';
import type { GibbsStep } from './step.js';
import { TranslationStep } from './translation-step.js';
import type { Transport } from './transport.js';

/** The sweep: each intercept; then what moves with eps held; then what moves with z held. */
export function gibbsSteps(state: GibbsState, transport: Transport): GibbsStep[] {
  const steps: GibbsStep[] = [];
  if (state.hasEffects) {
    steps.push(new InterceptStep(state, transport));
    if (state.sigmaIsFree) steps.push(new ScaleStep(state));
    const translation = new TranslationStep(state);
    if (translation.directions > 0) steps.push(translation);
  }
  if (state.sigmaIsFree || state.freeBeta.length > 0) {
    const carry = new CarryStep(state, transport);
    steps.push(new JointStep(state, carry), carry);
  }
  if (state.model.family.dispersion) steps.push(new DispersionStep(state));
  return steps;
}
