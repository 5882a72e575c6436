// Models told by name, as worker threads must be told: functions cannot be sent to them.
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from './family.js';
import type { Model } from './model.js';
import { normal, type RandomEffect } from './random-effect.js';

export interface ModelSpec {
  readonly family: string;
  readonly link: string;
  readonly effect: string;
}

const FAMILIES: Readonly<Record<string, (link: string) => Family>> = {
  binomial,
  poisson,
  gaussian,
  gamma,
  'negative-binomial': () => negativeBinomial(),
};
const EFFECTS: Readonly<Record<string, () => RandomEffect>> = { normal };

/** What names the model's family and effect; undefined where it has functions of the user's. */
export function specOf({ family, randomEffect }: Model): ModelSpec | undefined {
  // A theta that was given is known to the family's functions alone.
  const given = family.name === 'negative-binomial' && !family.dispersion;
  const known = family.name in FAMILIES && randomEffect.name in EFFECTS && !given;
  return known ? { family: family.name, link: family.link.name, effect: randomEffect.name } : undefined;
}

/** The family and effect of a specification. */
export function modelOf({ family, link, effect }: ModelSpec): Pick<Model, 'family' | 'randomEffect'> {
  return { family: FAMILIES[family](link), randomEffect: EFFECTS[effect]() };
}
