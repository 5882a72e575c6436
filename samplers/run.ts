// The loop around a kernel: warm-up, chains, thinning, progress, abort.
import { makeDraws } from './draws.js';
import { GlmmcError } from './errors.js';
import type { Info, Kernel, State } from './kernel.js';
import { rng, type Stream } from './rng.js';
import {
  type Run,
  type RunOptions,
  type RunProgress,
  type RunSettings,
  readRunOptions,
} from './run-options.js';
import { startingState } from './start.js';

/**
 * Runs a kernel: each chain on its own streams (`chain:c`, then `init`, `warmup`, `draws`), so that a chain's numbers
 * do not depend on how many others there are. Tuning happens in warm-up only. Lets the event loop turn every 20 ms.
 * @throws GlmmcError (as a rejection) `bad-option`, `unknown-option`, `bad-seed`, `bad-init`, `bad-kernel`,
 *   `broken-density`; and the signal's reason
 */
export async function run<S, I>(kernel: Kernel<S, I>, options: RunOptions<I> = {}): Promise<Run> {
  checkKernel(kernel);
  const settings = readRunOptions(options);
  const { chains, warmup, draws, thin } = settings;
  const root = rng(settings.seed);
  const { signal } = options;
  signal?.throwIfAborted();
  const streams = Array.from({ length: chains }, (_, chain) => root.stream(`chain:${chain}`));
  // Everything that can be refused is refused before the first step.
  const first = streams.map((stream, chain) =>
    startingState(kernel, options.init, chain, chains, stream.stream('init')),
  );
  const variables = kernel.variables ?? Array.from(positionOf(kernel, first[0]), (_, i) => `x${i + 1}`);
  const storage = first.map(() => new Float64Array(variables.length * draws));
  const made = makeDraws(variables, chains, draws, storage);

  const perChain = warmup + draws * thin;
  const turn = turns(options, chains * perChain);
  const acceptance = new Float64Array(chains);
  for (const [chain, stream] of streams.entries()) {
    acceptance[chain] = await runChain(
      kernel,
      stream,
      first[chain],
      settings,
      storage[chain],
      (done, rate, final) =>
        turn(chain, chain * perChain + done, done <= warmup ? 'warmup' : 'sampling', rate, final),
      (info) => options.onStep?.(info, chain),
    );
  }
  return { ...made, kernel: kernel.name, settings, acceptance };
}

/** One chain into `block` (column after column); returns the mean acceptance after warm-up. */
async function runChain<S, I>(
  kernel: Kernel<S, I>,
  stream: Stream,
  first: S,
  { warmup, draws, thin }: RunSettings,
  block: Float64Array,
  turn: (done: number, acceptance: number, final: boolean) => Promise<void> | undefined,
  told: (info: I) => void,
): Promise<number> {
  const row = new Float64Array(block.length / draws);
  let state = first;
  let sum = 0;
  let pause: Promise<void> | undefined;

  const warming = stream.stream('warmup');
  const adaptation = warmup > 0 ? kernel.adapt?.(warmup) : undefined;
  const tuned = adaptation ?? kernel;
  for (let t = 1; t <= warmup; t++) {
    const [next, info] = tuned.step(warming, state);
    state = next;
    sum += acceptanceOf(info);
    // Awaiting only where the time is up: an await per step would cost more than many a step.
    pause = turn(t, sum / t, false);
    if (pause !== undefined) await pause;
  }

  const keeping = stream.stream('draws');
  const frozen = adaptation?.frozen() ?? kernel;
  sum = 0;
  for (let t = 1; t <= draws * thin; t++) {
    const [next, info] = frozen.step(keeping, state);
    state = next;
    sum += acceptanceOf(info);
    told(info);
    if (t % thin === 0) {
      if (kernel.record !== undefined) kernel.record(state, row);
      else row.set(positionOf(kernel, state));
      for (let j = 0; j < row.length; j++) block[j * draws + t / thin - 1] = row[j];
    }
    pause = turn(warmup + t, sum / t, t === draws * thin);
    if (pause !== undefined) await pause;
  }
  return sum / (draws * thin);
}

/** Milliseconds of work between two looks at the event loop. */
const TURN = 20;

/** Reports, lets the event loop turn and honours the signal, each 20 ms and at the end of a chain. */
function turns(
  { signal, onProgress, pause }: Pick<RunOptions, 'signal' | 'onProgress' | 'pause'>,
  total: number,
) {
  const wait = pause ?? (() => new Promise<void>((resolve) => setTimeout(resolve, 0)));
  let end = performance.now() + TURN;
  return (
    chain: number,
    done: number,
    stage: RunProgress['stage'],
    acceptance: number,
    final: boolean,
  ): Promise<void> | undefined => {
    if (!final && performance.now() < end) return undefined;
    onProgress?.({ stage, done, total, detail: { chain, acceptance } });
    return wait().then(() => {
      signal?.throwIfAborted();
      end = performance.now() + TURN;
    });
  };
}

function checkKernel(kernel: unknown): void {
  const whole = kernel as Partial<Kernel> | undefined;
  if (typeof whole?.init !== 'function' || typeof whole.step !== 'function') {
    throw new GlmmcError(
      'bad-kernel',
      'run() takes a kernel { name, init(position), step(rng, state) }; make one of a target, as in randomWalk(target)',
    );
  }
}

function positionOf<S, I>(kernel: Kernel<S, I>, state: S): ArrayLike<number> {
  const position = (state as Partial<State> | undefined)?.position;
  if (position === undefined) {
    throw new GlmmcError(
      'bad-kernel',
      `run(): the states of '${kernel.name}' have no 'position'; give the kernel variables and record(state, out)`,
    );
  }
  return position;
}

function acceptanceOf(info: unknown): number {
  return (info as Partial<Info> | undefined)?.acceptance ?? Number.NaN;
}
