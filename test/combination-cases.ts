// Models for every row of the table of combinations, with densities of their own: what the table-driven tests run over.
import { type Marginal, marginal } from '../src/likelihood/marginal.js';
import { type FamilyRow, familyRows } from '../src/model/combinations.js';
import { customFamily } from '../src/model/custom-family.js';
import { bridge } from '../src/model/effects/bridge.js';
import { customEffect } from '../src/model/effects/custom.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { normal } from '../src/model/effects/normal.js';
import { pointMasses } from '../src/model/effects/point-masses.js';
import { studentT } from '../src/model/effects/student-t.js';
import { type Family, familiesByName, negativeBinomial } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import type { Parameters } from '../src/model/parameters.js';
import type { RandomEffect } from '../src/model/random-effect.js';
import { effectDensities, outcomeDensities } from './brute-force.js';

/** A family and its link, with log f(y | eta) written out anew (one trial, dispersion 0.7). */
export interface FamilyCase {
  readonly name: string;
  readonly family: Family;
  readonly density: (y: number, eta: number) => number;
}

/** A distribution of intercepts, with log f(eps; sigma) written out anew; point masses have none. */
export interface EffectCase {
  readonly name: string;
  readonly effect: RandomEffect;
  readonly density: ((eps: number, sigma: number) => number) | undefined;
}

/** The families of a row of the table; negative binomial ones with theta estimated, and with theta given. */
export function familiesOf({ family, link }: FamilyRow): FamilyCase[] {
  const name = `${family}-${link}`;
  const density = outcomeDensities[name];
  if (!density) throw new Error(`no density of ${name} to hold the row of the table against`);
  const cases = [{ name, family: familiesByName[family](link), density }];
  if (family === 'negative-binomial') {
    cases.push({ name: `${name}, theta given`, family: negativeBinomial({ theta: 0.7 }), density });
  }
  return cases;
}

const logOnePlusExp = (u: number): number => (u > 0 ? u + Math.log1p(Math.exp(-u)) : Math.log1p(Math.exp(u)));

/** Families made of a log density alone: counts without a dispersion, numbers with one. */
export const customFamilies: readonly FamilyCase[] = [
  {
    name: 'custom-geometric',
    family: customFamily({
      name: 'custom-geometric',
      link: 'log',
      logDensity: (y, eta) => y * eta - (y + 1) * logOnePlusExp(eta),
      startingMean: (y) => y + 0.1,
    }),
    density: outcomeDensities['custom-geometric'],
  },
  {
    name: 'custom-logistic',
    family: customFamily({
      name: 'custom-logistic',
      logDensity: (y, eta, scale) => {
        const r = (y - eta) / scale;
        return -r - 2 * logOnePlusExp(-r) - Math.log(scale);
      },
      dispersion: { meaning: 'scale' },
      logConcave: true,
    }),
    density: outcomeDensities['custom-logistic'],
  },
];

const { leaning } = effectDensities;
const effectCases: Readonly<Record<string, readonly EffectCase[]>> = {
  normal: [effectCase('normal', normal())],
  'student-t': [effectCase('t1', studentT(1)), effectCase('t3', studentT(3))],
  logistic: [effectCase('logistic', logistic())],
  laplace: [effectCase('laplace', laplaceEffect())],
  'log-gamma': [effectCase('log-gamma', logGamma())],
  bridge: [effectCase('bridge', bridge())],
  'point-masses': [{ name: 'point-masses', effect: pointMasses(3), density: undefined }],
  custom: [effectCase('leaning', customEffect({ logDensityOfEps: leaning }))],
};

function effectCase(name: string, effect: RandomEffect): EffectCase {
  return { name, effect, density: effectDensities[name] };
}

/** The distributions of a row of the table. */
export function effectsOf({ effect }: { readonly effect: string }): readonly EffectCase[] {
  const cases = effectCases[effect];
  if (!cases) throw new Error(`no distribution to hold the table's row '${effect}' against`);
  return cases;
}

/** Places of mean 0 and standard deviation 1, and their masses. */
const PLACES = [-0.8, 0.3, 1.55].map((place) => place / Math.sqrt(0.8275));
const MASSES = [0.5, 0.3, 0.2];

/** Point masses of this standard deviation: log mass and place. */
export function masses(sigma: number): readonly (readonly [logMass: number, place: number])[] {
  return PLACES.map((place, j) => [Math.log(MASSES[j]), sigma * place]);
}

/** What a model's parameters take beside beta and sigma. */
export function rest(
  model: Pick<Model, 'family' | 'randomEffect'>,
  sigma: number,
  dispersion: number = 0.7,
): Pick<Parameters, 'dispersion' | 'shape'> {
  return {
    ...(model.family.dispersion && { dispersion }),
    ...(model.randomEffect.points && {
      shape: Float64Array.from([...PLACES.map((place) => sigma * place), ...MASSES]),
    }),
  };
}

/** Responses by family: mixed, and all alike where binomial. */
export function responses(family: string, count: number, alike: boolean): number[] {
  return Array.from({ length: count }, (_, j) => {
    if (family.startsWith('binomial')) return alike ? 1 : j % 2;
    // Equal responses would leave nothing to estimate theta from.
    if (family.startsWith('negative')) return alike ? Number(j === 0) : (3 * j) % 5;
    if (/^(poisson|custom-geometric)/.test(family)) return alike ? 0 : (3 * j) % 5;
    if (family.startsWith('gamma')) return 0.2 + (alike ? 5 : 1.7) * (j % 3);
    return alike ? 8 + 0.01 * j : (j % 4) - 1;
  });
}

/** Two equal clusters (one is refused) of these rows. */
export function twice(
  family: Family,
  effect: RandomEffect,
  y: readonly number[],
  eta: readonly number[],
): Model {
  const rows = [0, 1].flatMap((g) => y.map((value, j) => ({ y: value, eta: eta[j], g })));
  return glmm('y ~ 0 + offset(eta) + (1 | g)', rows, { family, randomEffect: effect });
}

/** The marginal likelihood of a model without coefficients. */
export function at(model: Model, sigma: number): Marginal {
  return marginal(model, { beta: new Float64Array(0), sigma, ...rest(model, sigma) });
}

/** The built-in families that take any intercept, and the distributions with a density. */
export const unbounded: readonly FamilyCase[] = familyRows.filter((row) => !row.improper).flatMap(familiesOf);
export const withDensity: readonly EffectCase[] = Object.values(effectCases)
  .flat()
  .filter(({ density }) => density !== undefined);
