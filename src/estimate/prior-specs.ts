// Priors told by name, as worker threads must be told: functions cannot be sent to them.
import {
  exponentialPrior,
  halfCauchy,
  halfNormal,
  halfT,
  inverseGammaVariance,
  type NormalPrior,
  normalPrior,
  type Prior,
  type Priors,
  pcPrior,
  type ScalePrior,
  uniformPrior,
} from './priors.js';

interface PriorSpec {
  readonly distribution: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** What was given of `Priors`, as plain data. */
export type PriorSpecs = Readonly<Partial<Record<keyof Priors, PriorSpec>>>;

const BY_NAME: Readonly<Record<string, (numbers: Readonly<Record<string, number>>) => Prior>> = {
  normal: ({ mean, sd }) => normalPrior(mean, sd),
  'half-normal': ({ scale }) => halfNormal(scale),
  'half-t': ({ df, scale }) => halfT(df, scale),
  'half-Cauchy': ({ scale }) => halfCauchy(scale),
  exponential: ({ rate }) => exponentialPrior(rate),
  pc: ({ u, alpha }) => pcPrior(u, alpha),
  'inverse-gamma-variance': ({ a, b }) => inverseGammaVariance(a, b),
  uniform: ({ lo, hi }) => uniformPrior(lo, hi),
};

/** What names the priors; undefined where one of them is of the user's own making. */
export function priorSpecsOf(priors: Priors): PriorSpecs | undefined {
  const specs: Partial<Record<keyof Priors, PriorSpec>> = {};
  for (const [name, prior] of Object.entries(priors) as [keyof Priors, NormalPrior | ScalePrior][]) {
    if (!(prior.distribution in BY_NAME)) return undefined;
    const numbers = 'scaleParameters' in prior ? prior.scaleParameters : { mean: prior.mean, sd: prior.sd };
    specs[name] = { distribution: prior.distribution, numbers };
  }
  return specs;
}

/** The priors of a specification. */
export function priorsOf(specs: PriorSpecs): Priors {
  const entries = Object.entries(specs).map(([name, { distribution, numbers }]) => [
    name,
    BY_NAME[distribution](numbers),
  ]);
  return Object.fromEntries(entries);
}
