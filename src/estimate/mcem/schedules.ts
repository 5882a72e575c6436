// Monte Carlo sizes stated beforehand: stages of fixed size, and geometric growth.
import * as v from 'valibot';
import { checkOptions, count } from '../../../samplers/options.js';
import { RelativeChange, type RelativeChangeOptions, relativeChangeOptions } from './relative-change.js';
import type { MonteCarloSize } from './size.js';

/** Iterations of one size, in a schedule of `fixedSize()`. */
export interface Stage {
  readonly iterations: number;
  /** Draws a cluster. */
  readonly draws: number;
}

/** Options of `fixedSize()`. */
export interface FixedSizeOptions {
  /** What is done, in order; EM ends with the last (default: 19 iterations of 50 draws, 20 of 200, 11 of 5000). */
  readonly stages?: readonly Stage[];
}

const STAGES = 'stages such as [{ iterations: 20, draws: 1000 }], iterations >= 1, draws >= 10';
/** McCulloch's sizes: 50 draws to iteration 19, 200 to 39, 5000 from then on. */
const MCCULLOCH: readonly Stage[] = [
  { iterations: 19, draws: 50 },
  { iterations: 20, draws: 200 },
  { iterations: 11, draws: 5000 },
];

/**
 * A schedule of fixed sizes, whatever the steps say; EM ends with it. Source: McCulloch (1997), section 4, whose sizes are
 * the default (where to end is not said there). Nothing in it knows of the Monte Carlo error: the proof of landing does.
 * @throws GlmmcError `unknown-option`, `bad-option`
 */
export function fixedSize(options: FixedSizeOptions = {}): MonteCarloSize {
  const settings = checkOptions(
    'fixedSize()',
    {
      stages: v.optional(
        v.custom<readonly Stage[]>((x) => Array.isArray(x) && x.length > 0, STAGES),
        MCCULLOCH,
      ),
    },
    options,
  );
  const stages = settings.stages.map((stage, k) =>
    checkOptions(`fixedSize(), stages[${k}]`, { iterations: count(1), draws: count(10) }, stage),
  );
  const all = stages.reduce((sum, { iterations }) => sum + iterations, 0);
  return {
    name: 'fixedSize',
    settings,
    stated: true,
    start: () => ({
      first: stages[0].draws,
      decide: ({ iteration }) => ({
        decision: 'taken',
        draws: drawsAt(stages, iteration + 1),
        ended: iteration >= all,
      }),
    }),
  };
}

/** Draws of an iteration (from 1); those of the last stage after it. */
function drawsAt(stages: readonly Stage[], iteration: number): number {
  let before = 0;
  for (const { iterations, draws } of stages) {
    before += iterations;
    if (iteration <= before) return draws;
  }
  return stages[stages.length - 1].draws;
}

/** Options of `geometricSize()`. */
export interface GeometricSizeOptions extends RelativeChangeOptions {
  /** Draws a cluster in the first E-step (default 100). */
  readonly draws?: number;
  /** m_t = m_0 growth^t (default 1.05). */
  readonly growth?: number;
}

const atLeastOne = v.pipe(
  v.number('a number >= 1'),
  v.check((x) => Number.isFinite(x) && x >= 1, 'a number >= 1'),
);

/**
 * Draws that grow by a factor with every iteration, m_t = m_0 growth^t; EM ends where the parameters' relative change
 * stays small (Booth and Hobert 1999). Source of the factor: the R package mcemGLM (MCf = 1.05).
 * @throws GlmmcError `unknown-option`, `bad-option`
 */
export function geometricSize(options: GeometricSizeOptions = {}): MonteCarloSize {
  const settings = checkOptions(
    'geometricSize()',
    { draws: v.optional(count(10), 100), growth: v.optional(atLeastOne, 1.05), ...relativeChangeOptions },
    options,
  );
  return {
    name: 'geometricSize',
    settings,
    start() {
      const change = new RelativeChange(settings);
      return {
        first: settings.draws,
        decide: ({ draws, previous, proposed }) => ({
          decision: 'taken',
          draws: Math.ceil(draws * settings.growth),
          ended: change.ends(previous, proposed),
        }),
      };
    },
  };
}
