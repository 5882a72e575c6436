// Families and strategies by the names that people type, with their variants after a colon.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import { albertChib } from '../estimate/albert-chib.js';
import { collapsed } from '../estimate/collapsed.js';
import type { Fit, PosteriorFit, Strategy } from '../estimate/fit.js';
import { fixedEffects } from '../estimate/fixed-effects.js';
import { type GibbsOptions, gibbs } from '../estimate/gibbs.js';
import type { EStep } from '../estimate/mcem/e-step.js';
import { importance } from '../estimate/mcem/importance.js';
import { mcem } from '../estimate/mcem/mcem.js';
import { metropolis } from '../estimate/mcem/metropolis.js';
import { quadratureEStep } from '../estimate/mcem/quadrature-e-step.js';
import { quasiMonteCarlo } from '../estimate/mcem/quasi-monte-carlo.js';
import { rejection } from '../estimate/mcem/rejection.js';
import { mcml } from '../estimate/mcml/mcml.js';
import { mcnr } from '../estimate/mcnr/mcnr.js';
import { nuts } from '../estimate/nuts.js';
import { polyaGamma } from '../estimate/polya-gamma.js';
import { pooled } from '../estimate/pooled.js';
import { laplace, quadrature } from '../estimate/quadrature.js';
import { mql, pql } from '../estimate/quasi-likelihood.js';
import { saem } from '../estimate/saem/saem.js';
import { type Family, familiesByName } from '../model/family.js';

/** The names `--family` takes, for help texts. */
export const FAMILY_NAMES: string = `${Object.keys(familiesByName).join(', ')}; with a link: binomial:probit`;
const E_STEPS = {
  importance,
  metropolis,
  rejection,
  'quasi-monte-carlo': quasiMonteCarlo,
  quadrature: quadratureEStep,
};
const RULES = ['adaptive', 'gauss-hermite'] as const;
const VARIANCES = ['ml', 'reml'] as const;

/** `NAME` or `NAME:LINK`. @throws GlmmcError `unknown-family`, `unknown-link` */
export function familyNamed(text: string): Family {
  const [name, link, ...rest] = text.split(':');
  if (!Object.hasOwn(familiesByName, name) || rest.length > 0) {
    throw new GlmmcError(
      'unknown-family',
      `--family takes NAME or NAME:LINK, found '${text}'${didYouMean(name, Object.keys(familiesByName))}`,
    );
  }
  return link === undefined ? familiesByName[name]() : familiesByName[name](link);
}

/** What `--chains`, `--warmup`, `--draws` and `--thin` said. */
export type SamplerSettings = Pick<GibbsOptions, 'chains' | 'warmup' | 'draws' | 'thin'>;

type Maker = (
  variant: string | undefined,
  detail: string | undefined,
  settings: SamplerSettings,
) => Strategy<Fit>;

const STRATEGIES: Readonly<Record<string, Maker>> = {
  quadrature(rule, nodes) {
    if (rule === undefined) return quadrature();
    const known = RULES.find((one) => one === rule);
    if (!known) throw unknown('quadrature', 'rule', rule, RULES);
    if (nodes !== undefined && !/^-?\d+$/.test(nodes)) {
      throw new GlmmcError(
        'bad-option',
        `quadrature:${rule}:N takes a whole number N, found '${nodes}'; write quadrature:${rule}:7, say`,
      );
    }
    return quadrature({ rule: known, ...(nodes !== undefined && { nodes: Number(nodes) }) });
  },
  laplace: plain('laplace', laplace),
  mcem: monteCarlo('mcem', mcem),
  saem: monteCarlo('saem', saem),
  mcnr: monteCarlo('mcnr', mcnr),
  mcml: monteCarlo('mcml', mcml),
  pql: quasi('pql', pql),
  mql: quasi('mql', mql),
  pooled: plain('pooled', () => pooled()),
  'fixed-effects': plain('fixed-effects', () => fixedEffects()),
  gibbs: plain('gibbs', gibbs),
  'polya-gamma': plain('polya-gamma', polyaGamma),
  'albert-chib': plain('albert-chib', albertChib),
  nuts: plain('nuts', nuts),
  collapsed: plain('collapsed', collapsed),
};

const SAMPLERS = ['gibbs', 'collapsed', 'polya-gamma', 'albert-chib', 'nuts'];

/** The names `--sampler` takes, for help texts. */
export const SAMPLER_NAMES: string = SAMPLERS.join(', ');

/** The names `--strategy` and `--strategies` take, for help texts. */
export const STRATEGY_NAMES =
  'quadrature, quadrature:adaptive:N, quadrature:gauss-hermite:N, laplace, pql, pql:reml, mql, pooled, fixed-effects, mcem, mcem:metropolis, mcem:rejection, mcem:quasi-monte-carlo, mcem:quadrature, saem, mcnr, mcml, gibbs, collapsed, polya-gamma, albert-chib, nuts';

/** `NAME`, or `NAME:VARIANT`. @throws GlmmcError `unknown-strategy`, and those of the strategy's options */
export function strategyNamed(text: string, settings: SamplerSettings = {}): Strategy<Fit> {
  const [name, variant, detail, ...rest] = text.trim().split(':');
  if (!Object.hasOwn(STRATEGIES, name) || rest.length > 0) {
    throw new GlmmcError(
      'unknown-strategy',
      `no strategy '${text}'${didYouMean(name, Object.keys(STRATEGIES))}`,
    );
  }
  return STRATEGIES[name](variant, detail, settings);
}

/** A strategy that draws. @throws GlmmcError `unknown-sampler` */
export function samplerNamed(name: string, settings: SamplerSettings): Strategy<PosteriorFit> {
  if (!SAMPLERS.includes(name)) {
    throw new GlmmcError('unknown-sampler', `no sampler '${name}'${didYouMean(name, SAMPLERS)}`);
  }
  return strategyNamed(name, settings) as Strategy<PosteriorFit>;
}

/** A strategy that draws the intercepts, by its own E-step or by the one named. */
function monteCarlo(name: string, make: (options: { readonly eStep?: EStep }) => Strategy<Fit>): Maker {
  return (eStep, detail) => {
    if (detail !== undefined) throw noVariant(`${name}:${eStep}`, detail);
    if (eStep === undefined) return make({});
    if (!Object.hasOwn(E_STEPS, eStep)) throw unknown(name, 'E-step', eStep, Object.keys(E_STEPS));
    return make({ eStep: E_STEPS[eStep as keyof typeof E_STEPS]() });
  };
}

/** `pql` and `mql`, `pql:reml`. */
function quasi(name: string, make: typeof pql): Maker {
  return (variance, detail) => {
    if (detail !== undefined) throw noVariant(`${name}:${variance}`, detail);
    if (variance === undefined) return make();
    const known = VARIANCES.find((one) => one === variance);
    if (!known) throw unknown(name, 'variance', variance, VARIANCES);
    return make({ variance: known });
  };
}

/** A strategy without variants. */
function plain(name: string, make: (settings: SamplerSettings) => Strategy<Fit>): Maker {
  return (variant, _detail, settings) => {
    if (variant !== undefined) throw noVariant(name, variant);
    return make(settings);
  };
}

function unknown(strategy: string, what: string, found: string, known: readonly string[]): GlmmcError {
  return new GlmmcError(
    'unknown-strategy',
    `${strategy} has no ${what} '${found}'${didYouMean(found, known)}`,
  );
}

function noVariant(name: string, found: string): GlmmcError {
  return new GlmmcError(
    'unknown-strategy',
    `${name} has no variants, found '${name}:${found}'; write ${name}`,
  );
}
