// One chain from where it stands to its end, whichever thread it is on.
import type { Stream } from '../../../samplers/rng.js';
import type { ChainSettings, MakeChain } from './chain.js';
import type { ChainControl } from './control.js';
import { Journal } from './journal.js';
import { ChainLoop } from './loop.js';

/** Milliseconds of work between two looks at what else there is to do. */
const TURN = 50;

/** What the chains of a run have in common. */
export interface OneRun {
  readonly root: Stream;
  readonly settings: ChainSettings;
  readonly blocks: readonly Float64Array[];
  readonly control: ChainControl;
  /** Of the checkpoint. */
  readonly folder: string | undefined;
}

/**
 * Runs chain number `chain` and returns its report; undefined where it was told to stop before its end. What there is on
 * disk of it is gone on from, and whatever it did is left there.
 * @param turn awaited every 50 ms or so and at the end; a rejection ends the chain
 */
export async function runChain<R>(
  { root, settings, blocks, control, folder }: OneRun,
  make: MakeChain<R>,
  chain: number,
  turn?: () => Promise<void>,
): Promise<R | undefined> {
  const stream = root.stream(`chain:${chain}`);
  const made = make(stream, chain);
  const loop = new ChainLoop(made, stream, settings, blocks[chain]);
  const journal = folder === undefined ? undefined : await Journal.open(folder, chain, loop);
  control.resume(chain, loop.done);
  try {
    let next = performance.now() + TURN;
    while (loop.done < loop.total && !control.stopped) {
      loop.step();
      if (performance.now() < next && loop.done < loop.total) continue;
      control.tell(chain, loop.done, loop.acceptance, loop.lastDraw);
      journal?.tick();
      await turn?.();
      next = performance.now() + TURN;
    }
  } finally {
    journal?.close();
  }
  return loop.done === loop.total ? made.report() : undefined;
}
