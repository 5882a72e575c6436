// A run on disk: whose it is, so that no other is resumed from it. The chains' own files: journal.ts.
import { GlmmcError } from '../../../samplers/errors.js';
import type { Model } from '../../model/model.js';
import { builtin } from '../../numeric/builtin.js';
import type { FitTask } from '../fit.js';
import { priorSpecsOf } from '../prior-specs.js';
import type { ResolvedPriors } from '../priors.js';

/** Goes up when files of the last one could not be read any more. */
const FORMAT = 1;
/** What the run is, in the folder of the checkpoint. */
const RUN = 'run.json';

/** Why files are needed, and what to do without. */
export const IN_A_FOLDER = 'checkpoint keeps draws in a folder of Node; leave it out';

/** Everything that a run's numbers depend on. */
export type Identity = Readonly<Record<string, unknown>>;

/**
 * The folder of a fit's checkpoint, made or found as the same run left it.
 * @returns the folder; undefined where there is to be none
 * @throws GlmmcError `foreign-checkpoint`, `bad-checkpoint`
 */
export async function openCheckpoint(
  { model, space, start, seed, checkpoint }: FitTask,
  priors: ResolvedPriors,
): Promise<string | undefined> {
  if (!checkpoint) return undefined;
  const { path, strategy, settings } = checkpoint;
  return openRun(path, {
    strategy,
    seed: String(seed),
    settings,
    priors: priorSpecsOf(priors.given) ?? priors.text,
    ...(await modelIdentity(model)),
    fixed: space.fixed,
    start: start ? { ...start, beta: Array.from(start.beta) } : null,
  });
}

/**
 * Makes the folder of a checkpoint, or finds it as the same run left it.
 * @param run everything that its numbers depend on, as plain data
 * @returns the folder
 * @throws GlmmcError `foreign-checkpoint` where it is another run's, `bad-checkpoint` where it cannot be read or written
 */
export async function openRun(path: string, run: Identity): Promise<string> {
  const fs = builtin('node:fs', IN_A_FOLDER);
  const { join } = builtin('node:path', IN_A_FOLDER);
  const identity = { format: FORMAT, ...run };
  const file = join(path, RUN);
  let found: string | undefined;
  try {
    fs.mkdirSync(path, { recursive: true });
    if (fs.existsSync(file)) found = fs.readFileSync(file, 'utf8');
    else if (fs.readdirSync(path).some((name) => !name.startsWith(RUN)))
      throw foreign(path, 'no run.json in it');
    else {
      // Whole or not at all, whenever the program ends.
      fs.writeFileSync(`${file}.new`, `${JSON.stringify(identity, null, 2)}\n`);
      fs.renameSync(`${file}.new`, file);
    }
  } catch (error) {
    throw error instanceof GlmmcError ? error : unusable(path, error);
  }
  if (found !== undefined) requireSame(path, found, identity);
  return path;
}

/** What tells a model from others, its data by their digest. */
export async function modelIdentity(model: Model): Promise<Identity> {
  const { formula, family, randomEffect } = model;
  return {
    formula,
    family: `${family.name}, ${family.link.name}`,
    randomEffect: `${randomEffect.name}, ${randomEffect.tailDf}`,
    data: await digest(model),
  };
}

/** One number for all the numbers of the data. */
async function digest({ clusters, clusterLabels, coefficientNames }: Model): Promise<string> {
  const { createHash } = builtin('node:crypto', IN_A_FOLDER);
  const { starts, x, y, trials, weights, offset, clusterWeights } = clusters;
  const hash = createHash('sha256').update(JSON.stringify([clusterLabels, coefficientNames]));
  for (const { buffer, byteOffset, byteLength } of [starts, x, y, trials, weights, offset, clusterWeights]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

function requireSame(path: string, text: string, identity: Identity): void {
  let found: Identity;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw unusable(path, error);
  }
  const plain: Identity = JSON.parse(JSON.stringify(identity));
  const show = (value: unknown): string => JSON.stringify(value) ?? 'absent';
  for (const key of Object.keys(plain)) {
    const [one, other] = [show(found[key]), show(plain[key])];
    if (one === other) continue;
    throw foreign(path, key === 'data' ? 'its data differ' : `its ${key} is ${one}, this one's ${other}`);
  }
}

function foreign(path: string, why: string): GlmmcError {
  return new GlmmcError(
    'foreign-checkpoint',
    `checkpoint: '${path}' is not of this run: ${why}; give another folder, or what that run was begun with`,
  );
}

/** The error for files that cannot be read or written. */
export function unusable(path: string, error: unknown): GlmmcError {
  const why = error instanceof Error ? error.message : String(error);
  return new GlmmcError(
    'bad-checkpoint',
    `checkpoint: '${path}' cannot be used (${why}); give a folder that can be written to, with room in it`,
  );
}
