// Whether the pooled effect of a meta-analysis is finite, asked of the counts before anything is fitted.
import { GlmmcError } from '../../../samplers/errors.js';
import type { MetaModel } from './model.js';
import { type Arm, type Study, withBothArms } from './studies.js';
import type { OwnEffect } from './two-step.js';

export interface Question {
  readonly kind: MetaModel;
  readonly counts: boolean;
  readonly compared: boolean;
}

/**
 * Two studies must say something of the effect, and the counts must not all lie at the end of what was possible: no events, or
 * only events, in one of the arms that are compared (in all studies together where one effect holds for all; in each
 * study, given its total, where effects differ).
 * @throws GlmmcError `no-finite-effect`
 */
export function requireFinite(
  studies: readonly Study[],
  effects: readonly (OwnEffect | undefined)[],
  question: Question,
): void {
  const { compared } = question;
  const informative = effects.filter((effect) => effect !== undefined).length;
  if (informative < 2) {
    throw refused(
      `needs two studies that say something of the effect (${compared ? 'both arms, and events, but not only events, in one of them' : 'an arm'}), found ${informative}; add studies, or see that each column is named as what it holds`,
    );
  }
  const end =
    compared && question.kind !== 'random-study'
      ? conditionalEnd(studies, question)
      : armEnd(studies, question);
  if (end === undefined) return;
  throw refused(
    `found ${end}, so that the likelihood keeps rising as the effect goes to infinity; the two-step method would answer with the halves that it adds. A prior has a finite answer: gibbs() on the model itself`,
  );
}

function refused(what: string): GlmmcError {
  return new GlmmcError('no-finite-effect', `metaAnalysis() ${what}`);
}

function total(arms: readonly Arm[]): Arm {
  return arms.reduce((sum, { events, size }) => ({ events: sum.events + events, size: sum.size + size }), {
    events: 0,
    size: 0,
  });
}

/** An arm that has no events at all, or nothing else. */
function armEnd(studies: readonly Study[], { counts, compared }: Question): string | undefined {
  const sides = [
    [compared ? 'the control arms' : 'any study', studies.map(({ control }) => control)],
    ['the treated arms', studies.map(({ treated }) => treated)],
  ] as const;
  for (const [name, arms] of sides) {
    const present = arms.filter((arm) => arm !== undefined);
    if (present.length === 0) continue;
    const { events, size } = total(present);
    if (events === 0) return `no events in ${name}`;
    if (counts && events === size) return `nothing but events in ${compared ? name : 'all studies'}`;
  }
  return undefined;
}

/** Every study has as many of its events in the treated arm as its total allows, or as few. */
function conditionalEnd(studies: readonly Study[], { counts }: Question): string | undefined {
  const tables = withBothArms(studies).map(({ treated, control }) => {
    const sum = treated.events + control.events;
    return {
      least: treated.events === (counts ? Math.max(0, sum - control.size) : 0),
      most: treated.events === (counts ? Math.min(treated.size, sum) : sum),
    };
  });
  if (tables.every(({ least }) => least))
    return 'as few events in the treated arm of every study as its total allows';
  if (tables.every(({ most }) => most))
    return 'as many events in the treated arm of every study as its total allows';
  return undefined;
}
