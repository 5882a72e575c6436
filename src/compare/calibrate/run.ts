// The replications of a study, on one thread or several: the same trials on any number of them.
import type { Strategy } from '../../estimate/fit.js';
import { type Telling, tellingOf } from '../../estimate/telling.js';
import type { Model } from '../../model/model.js';
import { hasBuiltins } from '../../numeric/builtin.js';
import { IDLE, ThreadPool } from '../../numeric/threads.js';
import { modelData, type StudyJob, type StudyMessage } from './job.js';
import type { Trial } from './replicate.js';
import { Study, type Truth } from './study.js';

const pool = new ThreadPool<StudyJob>(new URL('./worker.js', import.meta.url));

/** Milliseconds of work left for which threads are started. */
const WORTH_THREADS = 1000;
/** Milliseconds between two looks at threads that are at work. */
const LOOK = 50;

export interface RunOptions {
  readonly replications: number;
  readonly workers: number;
  readonly signal: AbortSignal | undefined;
  readonly onReplication: (done: number) => void;
}

/** By replication: a trial for each strategy, or undefined where its data are not finite. */
type Results = (readonly Trial[] | undefined)[];

/**
 * Replication 0 tells how long the work is. Where it is worth it, the others go round the threads; strategies that threads cannot be
 * told of run on this one, with the threads for their chains.
 */
export async function runStudy(
  model: Model,
  strategies: readonly Strategy[],
  truth: Truth,
  { replications, workers, signal, onReplication }: RunOptions,
): Promise<Results> {
  const study = new Study(model, truth);
  const results: Results = new Array(replications).fill(undefined);
  let done = 0;
  const finish = (r: number, trials: readonly Trial[] | undefined): void => {
    results[r] = trials;
    onReplication(++done);
  };
  /** Trials of the strategies that are asked for; the others' places are left. */
  const run = async (r: number, of: (s: number) => boolean): Promise<(Trial | undefined)[] | undefined> => {
    signal?.throwIfAborted();
    const simulated = study.simulated(r);
    if (!simulated) return undefined;
    const trials: (Trial | undefined)[] = [];
    for (const [s, strategy] of strategies.entries()) {
      trials.push(of(s) ? await study.tryOut(simulated, r, strategy, workers, signal) : undefined);
    }
    return trials;
  };
  const whole = async (r: number): Promise<void> =>
    finish(r, (await run(r, () => true)) as Trial[] | undefined);

  const startedAt = performance.now();
  await whole(0);
  const left = (performance.now() - startedAt) * (replications - 1);
  const tellings = strategies.map(tellingOf);
  const worthIt = workers > 1 && left > WORTH_THREADS && tellings.some(Boolean);
  // In a browser there are no threads to tell.
  const data = worthIt && hasBuiltins() ? modelData(model) : undefined;
  if (!data) {
    for (let r = 1; r < replications; r++) await whole(r);
    return results;
  }

  const threads = new StudyThreads();
  try {
    const mine: number[] = [];
    const theirs: number[] = [];
    for (let r = 1; r < replications; r++) (r % workers === 0 ? mine : theirs).push(r);
    for (let k = 1; k < workers; k++) {
      await threads.start({
        model: data,
        truth,
        strategies: tellings.filter((telling): telling is Telling => telling !== undefined),
        replications: theirs.filter((r) => r % workers === k),
      });
    }
    for (const r of mine) await whole(r);
    for (const r of theirs) {
      const here = await run(r, (s) => tellings[s] === undefined);
      const there = await threads.answer(r, signal);
      if (there === 'failed') await whole(r);
      else finish(r, here && there && merged(here, there));
    }
    return results;
  } finally {
    threads.stop();
  }
}

/** The threads' trials in the places that were left for them. */
function merged(here: readonly (Trial | undefined)[], there: readonly Trial[]): Trial[] {
  let at = 0;
  return here.map((trial) => trial ?? there[at++]);
}

class StudyThreads {
  private readonly flag = new Int32Array(new SharedArrayBuffer(4));
  private readonly heard = new Map<number, StudyMessage>();
  private wake: () => void = () => {};

  /** Hands a thread its replications. Where it is not to be had, all of them fail. */
  async start(job: Omit<StudyJob, 'stop'>): Promise<void> {
    const lose = (): void => {
      for (const replication of job.replications) {
        if (!this.heard.has(replication)) this.heard.set(replication, { replication, failed: true });
      }
      this.wake();
    };
    const hear = (message: unknown): void => {
      if (message === IDLE) return;
      const told = message as StudyMessage;
      this.heard.set(told.replication, told);
      this.wake();
    };
    try {
      await pool.employ({ ...job, stop: this.flag }, hear, lose);
    } catch {
      lose();
    }
  }

  /** What a thread says of a replication, once it does. */
  async answer(r: number, signal: AbortSignal | undefined): Promise<readonly Trial[] | undefined | 'failed'> {
    for (;;) {
      signal?.throwIfAborted();
      const message = this.heard.get(r);
      if (message) return message.failed ? 'failed' : message.trials;
      await this.wait();
    }
  }

  stop(): void {
    Atomics.store(this.flag, 0, 1);
  }

  /** Until a thread says something, or for a little while. The timer keeps the program alive, as the threads do not. */
  private async wait(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, LOOK);
    });
    clearTimeout(timer);
  }
}
