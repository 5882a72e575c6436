// sbc(): whether a sampler's posteriors are what they claim to be, on data simulated from the user's own design.
import * as v from 'valibot';
import { CountLaw } from '../../samplers/diagnostics/ecdf-bands.js';
import { GlmmcError } from '../../samplers/errors.js';
import {
  abortSignal,
  anySeed,
  between,
  checkOptions,
  count,
  describe,
  listener,
} from '../../samplers/options.js';
import { rng } from '../../samplers/rng.js';
import { table, wrap } from '../../samplers/text.js';
import { DEFAULT_SEED, fit, type PosteriorFit, type Progress, type Strategy } from '../estimate/fit.js';
import { type ResolvedPriors, resolvePriors } from '../estimate/priors.js';
import { findingLines } from '../estimate/summary.js';
import { requireModel } from '../model/arguments.js';
import type { Finding } from '../model/finding.js';
import { type Model, withResponse } from '../model/model.js';
import { ResponseDraws } from '../model/response-draws.js';
import { quantities, type Replication, replicate } from './sbc/replicate.js';
import { judgeRanks, type RankedQuantity } from './sbc/verdict.js';

export type { RankedQuantity, RankVerdict } from './sbc/verdict.js';

/** Options of `sbc()`. */
export interface SbcOptions {
  /** Data sets simulated (200). */
  readonly replications?: number;
  /** Draws, spread evenly over the chains, among which each truth is ranked (63); the sampler must keep as many. */
  readonly draws?: number;
  readonly seed?: number | string;
  /** Probability with which an exact sampler passes as a whole, and is inside each band (0.95). */
  readonly level?: number;
  readonly signal?: AbortSignal;
  /** Told of the data sets that are done. */
  readonly onProgress?: (progress: Progress) => void;
}

/** What `sbc()` gives: for each quantity, whether the ranks of the truths are uniform. */
export interface Sbc {
  readonly sampler: string;
  readonly replications: number;
  /** Draws that each truth was ranked among. */
  readonly draws: number;
  /** The priors that truths were drawn from, in one line. */
  readonly priors: string;
  /** Coefficients, `sigma`, `dispersion` where there is one, `eps[...]` of the first cluster, `log_lik`. */
  readonly parameters: readonly RankedQuantity[];
  /** The band of `difference`, for k = 0 .. draws: inside everywhere with probability `level`, quantity by quantity. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** No p-value is below (1 - level) over the number of quantities. */
  readonly calibrated: boolean;
  readonly findings: readonly Finding[];
  /** The text that people read. */
  toString(): string;
}

/** Effective draws may be fewer than those ranked among in this share of the replications. */
const FEW_SLOW = 0.05;

/**
 * Simulation-based calibration on the model's own design: parameters from the priors, new responses from them, the sampler's
 * posterior given these; the rank of each true value among (nearly) independent draws is uniform if, and only if, the posteriors
 * are right on average. Ranked are the parameters, an intercept, and the log-likelihood, without which a sampler that ignores
 * the data would pass. Uniformity is judged by the whole distribution function with an exact simultaneous band. One fit of
 * the model's own data comes first, from which the priors are taken: those that the sampler was given, or the defaults.
 *
 * Source: Talts, Betancourt, Simpson, Vehtari, Gelman (2018); Sailynoja, Buerkner, Vehtari (2022); Modrak et al. (2023).
 * @param sampler a posterior strategy; one chain is enough, and enough draws that `draws` of them are nearly independent
 * @throws GlmmcError `bad-model`, `bad-strategy`, `unknown-option`, `bad-option` (also where default priors would move with the
 *   data, as those of Gaussian responses do), `bad-weights`, `no-draws`; rejects with the signal's reason
 */
export async function sbc(
  model: Model,
  sampler: Strategy<PosteriorFit>,
  options: SbcOptions = {},
): Promise<Sbc> {
  requireModel('sbc()', model);
  const { replications, draws, seed, level, signal, onProgress } = checkOptions(
    'sbc()',
    {
      replications: v.optional(count(10), 200),
      draws: v.optional(count(1), 63),
      seed: v.optional(anySeed(), DEFAULT_SEED),
      level: v.optional(between(0, 1), 0.95),
      signal: v.optional(abortSignal()),
      onProgress: v.optional(listener<Progress>()),
    },
    options,
  );
  const responses = new ResponseDraws('sbc()', model);
  const abort = signal ? { signal } : {};
  const priors = await priorsOf(model, sampler, { seed, ...abort });
  const root = rng(seed).stream('sbc');
  const done: Replication[] = [];
  for (let r = 0; r < replications; r++) {
    onProgress?.({ stage: 'replications', done: r, total: replications });
    const stream = root.stream(`replication:${r}`);
    const found = await replicate(model, sampler, priors, responses, stream, draws, {
      seed: `${seed}/sbc/${r}`,
      ...abort,
    });
    if (found) done.push(found);
  }
  onProgress?.({ stage: 'replications', done: replications, total: replications });
  if (done.length === 0) {
    throw new GlmmcError(
      'bad-option',
      `sbc(): under these priors (${priors.text}) no simulated data were finite; give the sampler tighter ones`,
    );
  }
  return summarise(model, sampler.name, priors.text, done, replications, draws, level);
}

/** @throws GlmmcError `bad-strategy`, `bad-option` */
async function priorsOf(
  model: Model,
  sampler: Strategy<PosteriorFit>,
  options: { seed: number | string; signal?: AbortSignal },
): Promise<ResolvedPriors> {
  const own = await fit(model, sampler, options);
  if (own.kind !== 'posterior') {
    throw new GlmmcError(
      'bad-strategy',
      `sbc() takes a strategy that draws from a posterior, such as gibbs(), found ${describe(sampler.name)}`,
    );
  }
  const y = model.design.y.map((value) => 2 * value + 1);
  const moved = resolvePriors(withResponse(model, y), own.priors.given);
  if (moved.text !== own.priors.text) {
    throw new GlmmcError(
      'bad-option',
      `sbc(): the sampler's default priors take their scales from the responses (here ${own.priors.text}), so that there is no one prior to simulate from; give it all of them, as in gibbs({ priors: { beta, sigma, dispersion } })`,
    );
  }
  return own.priors;
}

function summarise(
  model: Model,
  sampler: string,
  priors: string,
  done: readonly Replication[],
  asked: number,
  draws: number,
  level: number,
): Sbc {
  const law = CountLaw.uniform(done.length, draws + 1);
  const band = law.bandAt(level);
  const names = quantities(model);
  const least = (1 - level) / names.length;
  const parameters = names.map((name, a) =>
    judgeRanks(
      name,
      Int32Array.from(done, ({ ranks }) => ranks[a]),
      draws,
      law,
      band,
      least,
    ),
  );
  const off = parameters.filter(({ verdict }) => verdict !== 'calibrated');
  const findings: Finding[] = [];
  if (off.length > 0) {
    findings.push({
      code: 'sbc-not-uniform',
      severity: 'error',
      message: `The posteriors are not what they claim to be: ${off.map(({ name, verdict }) => `${name} ${verdict}`).join(', ')}.`,
      advice:
        'Look at the effective sizes first: draws that hang together make ranks pile up at both ends. If they are ample, the sampler, its priors or the density is wrong.',
      where: off.map(({ name }) => name),
    });
  }
  const slow = done.filter(({ ess }) => ess < draws).length;
  if (slow > FEW_SLOW * done.length) {
    findings.push({
      code: 'sbc-ess-low',
      severity: 'warning',
      message: `In ${slow} of ${done.length} replications the draws were worth fewer than the ${draws} independent ones that ranks are made of; ranks then pile up at both ends.`,
      advice: 'Let the sampler keep more draws (they are thinned to those ranked), or rank among fewer.',
    });
  }
  if (done.length < asked) {
    findings.push({
      code: 'replications-lost',
      severity: 'warning',
      message: `${asked - done.length} of ${asked} replications had no finite data, and are left out: the priors reach where the model overflows.`,
      advice: 'Give the sampler tighter priors.',
    });
  }
  const share = (counts: Int32Array): Float64Array =>
    Float64Array.from(counts, (value, k) => value / done.length - (k + 1) / (draws + 1));
  const answer = {
    sampler,
    replications: done.length,
    draws,
    priors,
    parameters,
    lower: share(band.lower),
    upper: share(band.upper),
    calibrated: off.length === 0,
    findings,
  };
  return { ...answer, toString: () => print(answer) };
}

function print(answer: Omit<Sbc, 'toString'>): string {
  const { sampler, replications, draws, priors, parameters, calibrated, findings } = answer;
  return [
    `${calibrated ? '' : 'NOT CALIBRATED. '}Simulation-based calibration of ${sampler}`,
    `  ${replications} data sets, each truth ranked among ${draws} draws`,
    ...wrap(`Priors: ${priors}`, '  ', '    '),
    '',
    table(
      ['', 'mean rank', 'in band', 'p', 'verdict'],
      parameters.map(({ name, ranks, inside, pValue, verdict }) => [
        name,
        (ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length / draws).toFixed(3),
        inside ? 'yes' : 'no',
        pValue.toFixed(3),
        verdict,
      ]),
      { align: ['left', 'right', 'left', 'right', 'left'] },
    ),
    '',
    ...wrap('mean rank is 0.5 of a calibrated sampler; p judges the whole distribution of the ranks.'),
    ...findingLines(findings),
  ].join('\n');
}
