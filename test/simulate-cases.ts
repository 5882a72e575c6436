// Families, links and intercepts to simulate from, and Bartlett's identities of the scores of what comes out.
import { mean, sd } from '../samplers/diagnostics/descriptive.js';
import { simulate } from '../src/estimate/simulate.js';
import { marginal } from '../src/likelihood/marginal.js';
import { customFamily } from '../src/model/custom-family.js';
import { bridge } from '../src/model/effects/bridge.js';
import { laplaceEffect } from '../src/model/effects/laplace.js';
import { logGamma } from '../src/model/effects/log-gamma.js';
import { logistic } from '../src/model/effects/logistic.js';
import { normal } from '../src/model/effects/normal.js';
import { studentT } from '../src/model/effects/student-t.js';
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import type { RandomEffect } from '../src/model/random-effect.js';

export const table: Readonly<Record<'g' | 'x' | 'n' | 'y' | 'pos', readonly number[]>> = {
  g: [1, 1, 1, 2, 2, 3, 3, 3, 4, 4],
  x: [0.2, -0.7, 1.1, 0.4, -1.2, 0.8, 0.3, -0.2, 1.3, -0.6],
  n: [3, 2, 4, 3, 5, 6, 2, 4, 6, 3],
  y: [1, 0, 2, 3, 1, 4, 2, 2, 5, 1],
  pos: [1.4, 1.3, 2.2, 0.9, 3.1, 0.7, 1.6, 1.1, 0.5, 2.4],
};
/** Counts with no family of their own here. */
const geometric = customFamily({
  name: 'geometric',
  link: 'log',
  logDensity: (y, eta) => y * eta - (y + 1) * Math.log1p(Math.exp(eta)),
  response: { expected: 'whole numbers >= 0', allows: (y) => Number.isInteger(y) && y >= 0 },
  startingMean: (y) => y + 0.1,
  draw: (stream, eta) => Math.floor(Math.log1p(-stream.uniform()) / (eta - Math.log1p(Math.exp(eta)))),
});
/** Response, family, intercepts, and the dispersion where there is one. */
export type Combination = readonly [string, Family, RandomEffect, number?];
export const combinations: readonly Combination[] = [
  ['y | trials(n)', binomial(), normal()],
  ['y | trials(n)', binomial('probit'), laplaceEffect()],
  ['y | trials(n)', binomial('cloglog'), bridge()],
  ['y | trials(n)', binomial('cauchit'), normal()],
  ['y', poisson(), logGamma()],
  ['y', poisson('sqrt'), normal()],
  ['pos', gaussian(), studentT(6), 0.8],
  ['pos', gaussian('log'), normal(), 0.8],
  ['pos', gamma(), logistic(), 0.6],
  ['y', negativeBinomial(), normal(), 2.2],
  ['y', negativeBinomial({ theta: 1.5 }), normal()],
  ['y', geometric, normal()],
];

export function titleOf([, family, randomEffect]: Combination): string {
  return `${family.name}${family.given ? ' given theta' : ''}, ${family.link.name}, ${randomEffect.name}`;
}

/**
 * Per parameter, over so many data sets: z of the mean of the marginal score, which is 0, and of score^2 + Hessian, which is 0 as
 * well (Bartlett).
 */
export function identities(combination: Combination, size: number): { score: number; information: number }[] {
  const [response, family, randomEffect, dispersion] = combination;
  const text = `${response} ~ x + (1 | g)`;
  const model = glmm(text, table, { family, randomEffect });
  const parameters = { beta: Float64Array.of(0.3, -0.4), sigma: 0.6, ...(dispersion && { dispersion }) };
  const column = response === 'pos' ? 'pos' : 'y';
  const found = simulate(model, parameters, { seed: 5, draws: size }).map((y) => {
    const again = glmm(text, { ...table, [column]: y }, { family, randomEffect });
    return marginal(again, parameters, { tolerance: 1e-6 });
  });
  const z = (values: Float64Array): number => (mean(values) / sd(values)) * Math.sqrt(size);
  return Array.from(found[0].gradient, (_, a) => ({
    score: z(Float64Array.from(found, ({ gradient }) => gradient[a])),
    information: z(Float64Array.from(found, ({ gradient, hessian }) => gradient[a] ** 2 + hessian.get(a, a))),
  }));
}
