// Models told by name, as worker threads must be told: functions cannot be sent to them.
import { bridge } from './effects/bridge.js';
import { laplaceEffect } from './effects/laplace.js';
import { logGamma } from './effects/log-gamma.js';
import { logistic } from './effects/logistic.js';
import { normal } from './effects/normal.js';
import { studentT } from './effects/student-t.js';
import { familiesByName } from './family.js';
import type { Model } from './model.js';
import type { RandomEffect } from './random-effect.js';

export interface ModelSpec {
  readonly family: string;
  readonly link: string;
  readonly effect: string;
  readonly df: number;
}

const EFFECTS: Readonly<Record<string, (df: number) => RandomEffect>> = {
  normal,
  'student-t': studentT,
  logistic,
  laplace: laplaceEffect,
  'log-gamma': logGamma,
  bridge,
};

/** What names the model's family and effect; undefined where it has functions of the user's. */
export function specOf({ family, randomEffect }: Model): ModelSpec | undefined {
  // A theta that was given is known to the family's functions alone.
  const given = family.name === 'negative-binomial' && !family.dispersion;
  const known = family.name in familiesByName && randomEffect.name in EFFECTS && !given;
  if (!known) return undefined;
  return {
    family: family.name,
    link: family.link.name,
    effect: randomEffect.name,
    df: randomEffect.tailDf,
  };
}

/** The family and effect of a specification. */
export function modelOf({ family, link, effect, df }: ModelSpec): Pick<Model, 'family' | 'randomEffect'> {
  return { family: familiesByName[family](link), randomEffect: EFFECTS[effect](df) };
}
