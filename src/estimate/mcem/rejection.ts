// The rejection E-step: exact independent draws of each cluster's posterior.
import * as v from 'valibot';
import { GlmmcError } from '../../../samplers/errors.js';
import { checkOptions } from '../../../samplers/options.js';
import type { Stream } from '../../../samplers/rng.js';
import type { Integrand } from '../../likelihood/integrand.js';
import { likelihoodSupremum } from '../../likelihood/supremum.js';
import type { Model } from '../../model/model.js';
import { type ClusterDraws, DrawingFailed, type EStep } from './e-step.js';

/** Options of `rejection()`. */
export interface RejectionOptions {
  /**
   * `log-concave` (default): a flat top and two exponentials through the log integrand's tangents, for families and
   * intercepts whose integrand is log-concave; two in three proposals are accepted, whatever the data. `prior`: Booth and
   * Hobert's, eps from F accepted with probability f(y | eps) / sup f(y | eps); hopeless where a cluster says much.
   */
  readonly envelope?: RejectionEnvelope;
}

/** What proposals are drawn from, and held under. */
export type RejectionEnvelope = 'log-concave' | 'prior';

/** Tangents touch at the mode plus and minus so many curvature sds. */
const TOUCH = 1.1;
/** After so many proposals fewer than one in a thousand accepted is hopeless. */
const PATIENCE = 100_000;
const LEAST_ACCEPTANCE = 1e-3;

/**
 * Draws have equal weights. Sources: Gilks and Wild (1992) for envelopes of log-concave densities by tangents; Booth and
 * Hobert (1999), section 4.1, for proposals from F.
 * Where fewer than one in a thousand of the proposals are accepted the fit ends there, with the finding `rejection-hopeless`.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-model` before it starts where the envelope
 *   need not hold
 */
export function rejection(options: RejectionOptions = {}): EStep {
  const { envelope } = checkOptions(
    'rejection()',
    {
      envelope: v.optional(v.picklist(['log-concave', 'prior'], "'log-concave' or 'prior'"), 'log-concave'),
    },
    options,
  );
  const prior = envelope === 'prior';
  const of = prior ? fromPrior : underTangents;
  return {
    name: 'rejection',
    settings: { envelope },
    dependent: false,
    check: prior ? requireConcaveLikelihood : requireConcaveIntegrand,
    draw(integrand, stream, draws) {
      const propose = of(integrand, draws);
      const { z, logProposal } = draws;
      let proposals = 0;
      for (let k = 0; k < z.length; k++) {
        // The log integrand at an accepted point: the weights are equal at these parameters.
        let accepted = Number.NaN;
        while (Number.isNaN(accepted)) {
          proposals++;
          if (proposals > PATIENCE && k < LEAST_ACCEPTANCE * proposals) {
            throw hopeless(envelope, k, proposals);
          }
          accepted = propose(stream);
        }
        z[k] = propose.z;
        logProposal[k] = accepted;
      }
      return z.length / proposals;
    },
  };
}

/** Proposes a point, left in `z`; returns the log integrand there, NaN where it is rejected. */
interface Proposal {
  (stream: Stream): number;
  z: number;
}

function underTangents(integrand: Integrand, { mode, spread }: ClusterDraws): Proposal {
  const top = integrand.value(mode);
  const [low, lowRate] = tangent(integrand, mode - TOUCH * spread, top);
  const [high, highRate] = tangent(integrand, mode + TOUCH * spread, top);
  // Areas in units of the top's height.
  const left = 1 / lowRate;
  const middle = high - low;
  const all = left + middle + 1 / highRate;
  const propose = (stream: Stream): number => {
    const u = all * stream.uniform();
    let drop = 0;
    if (u >= left && u < left + middle) propose.z = low + (u - left);
    else {
      drop = -Math.log1p(-stream.uniform());
      propose.z = u < left ? low - drop / lowRate : high + drop / highRate;
    }
    const value = integrand.value(propose.z);
    return Math.log1p(-stream.uniform()) < value - (top - drop) ? value : Number.NaN;
  };
  propose.z = mode;
  return propose;
}

/** Where the tangent at `at` reaches the height `top`, and how steep it is. */
function tangent(integrand: Integrand, at: number, top: number): readonly [number, number] {
  const value = integrand.evaluate(at);
  const { gradient } = integrand;
  return [at + (top - value) / gradient, Math.abs(gradient)];
}

function fromPrior(integrand: Integrand): Proposal {
  const { effect, sigma } = integrand;
  const highest = likelihoodSupremum(integrand);
  const propose = (stream: Stream): number => {
    propose.z = effect.draw(stream, sigma);
    const value = integrand.value(propose.z);
    const logRatio = value - effect.logDensity(propose.z, sigma) - highest;
    return Math.log1p(-stream.uniform()) < logRatio ? value : Number.NaN;
  };
  propose.z = 0;
  return propose;
}

function hopeless(envelope: RejectionEnvelope, accepted: number, proposals: number): DrawingFailed {
  const [drawn, why, advice] =
    envelope === 'prior'
      ? ['drawn from F', 'that says much of its own', 'Use rejection(), importance() or quasiMonteCarlo().']
      : [
          'proposed under tangents',
          'whose log integrand is not concave to the last digits there',
          'Use importance() or quasiMonteCarlo(), or another start.',
        ];
  return new DrawingFailed({
    code: 'rejection-hopeless',
    severity: 'error',
    message: `rejection({ envelope: '${envelope}' }) accepted ${accepted} of ${proposals} intercepts ${drawn} for a cluster ${why}: these are the parameters where it ended.`,
    advice,
  });
}

/** @throws GlmmcError `unsupported-model` */
function requireConcaveIntegrand(model: Model): void {
  const { randomEffect } = model;
  requireConcaveLikelihood(model);
  if (randomEffect.logConcave) return;
  throw new GlmmcError(
    'unsupported-model',
    `rejection() needs a log-concave density of the intercepts, found ${randomEffect.name}; use rejection({ envelope: 'prior' }) or importance()`,
  );
}

/** @throws GlmmcError `unsupported-model` */
function requireConcaveLikelihood({ family }: Model): void {
  if (family.outcome.logConcave) return;
  throw new GlmmcError(
    'unsupported-model',
    `rejection() needs a likelihood that is log-concave in the intercept, which that of ${family.name} with the ${family.link.name} link need not be; use importance() or quasiMonteCarlo()`,
  );
}
