// The chains of a posterior sampler, on this thread or on several: the same draws, to the last bit.
import { type Draws, makeDraws } from '../../../samplers/draws.js';
import { rng } from '../../../samplers/rng.js';
import type { Finding } from '../../model/finding.js';
import { hasBuiltins } from '../../numeric/builtin.js';
import { isShared, sharedNumbers } from '../../numeric/shared-arrays.js';
import { drawVariables } from '../draw-variables.js';
import type { FitTask } from '../fit.js';
import type { ResolvedPriors } from '../priors.js';
import type { ChainSettings, MakeChain } from './chain.js';
import { openCheckpoint } from './checkpoint.js';
import { ChainControl } from './control.js';
import { problemSpec } from './job.js';
import type { Recipe } from './makers.js';
import { noThreads } from './no-threads.js';
import { runChain } from './one.js';
import { ChainReporter } from './reporter.js';
import { ChainThreads } from './threads.js';

/** Draws of all chains, and what each said of its steps. */
export interface ChainDraws<R> {
  readonly draws: Draws;
  readonly reports: readonly R[];
  /** A note where threads were asked for and could not serve. */
  readonly findings: readonly Finding[];
}

/** Milliseconds of work left that are worth starting threads for. */
const WORTH_THREADS = 1000;

/**
 * Runs `settings.chains` chains. Chain c has the stream `chain:c`, below which it makes its own. With `task.workers`
 * threads (this one among them) the chains that are left are dealt out as soon as the first steps have shown that the
 * work is worth it. With `task.checkpoint` the chains are kept on disk, and go on from what is there.
 * @param recipe how a thread makes the same chains as `make`; absent where it cannot
 * @throws whatever a chain throws; `foreign-checkpoint`, `bad-checkpoint`; rejects with the reason of an abort
 */
export async function runChains<R>(
  task: FitTask,
  priors: ResolvedPriors,
  settings: ChainSettings,
  make: MakeChain<R>,
  recipe?: Recipe,
): Promise<ChainDraws<R>> {
  const { chains, draws } = settings;
  const workers = Math.min(task.workers, chains);
  const problem = workers > 1 ? problemSpec(task, priors) : undefined;
  const share = problem && recipe ? 0 : Number.POSITIVE_INFINITY;
  const variables = drawVariables(task.model);
  const control = new ChainControl(chains, variables.indexOf('lp__'), share);
  const blocks = Array.from({ length: chains }, () => sharedNumbers(variables.length * draws, share));
  const canShare = isShared(control.arrays.integers);
  const reporter = new ChainReporter(task, settings, control);
  const reports = new Map<number, R>();
  const folder = await openCheckpoint(task, priors);
  const run = { root: rng(task.seed), settings, blocks, control, folder };
  let threads: ChainThreads<R> | undefined;

  /** Starts threads if there is enough to do. */
  const employ = async (begun: number): Promise<void> => {
    if (threads || !canShare || !problem || !recipe) return;
    const { worthThreads = WORTH_THREADS } = task;
    if (!(worthThreads === 0 || reporter.timeLeft >= worthThreads)) return;
    const job = { problem, recipe, settings, seed: task.seed, blocks, control: control.arrays, folder };
    threads = new ChainThreads(workers, chains, begun);
    await threads.start(job);
  };
  const runHere = async (chain: number): Promise<void> => {
    const report = await runChain(run, make, chain, async () => {
      reporter.report();
      await task.pause();
      await employ(chain + 1);
    });
    reporter.report();
    reports.set(chain, report!);
  };

  try {
    if (task.worthThreads === 0) await employ(0);
    for (let chain = 0; chain < chains; chain++) {
      if (!threads?.has(chain)) await runHere(chain);
    }
    while (threads && !threads.finished) {
      await threads.wait();
      reporter.report();
      await task.pause();
    }
    threads?.reports.forEach((report, chain) => {
      reports.set(chain, report);
    });
    for (const chain of threads?.failed ?? []) await runHere(chain);
  } finally {
    control.stop();
    // What threads write is on disk before anybody goes on from it.
    while (folder !== undefined && threads && !threads.idle) await threads.wait();
  }
  return {
    draws: makeDraws(variables, chains, draws, blocks),
    reports: Array.from({ length: chains }, (_, chain) => reports.get(chain)!),
    findings: findingsOf(workers > 1, problem !== undefined, threads?.failed.size ?? 0),
  };
}

function findingsOf(asked: boolean, sendable: boolean, failed: number): Finding[] {
  if (asked && !hasBuiltins()) return [noThreads('chains')];
  if (asked && !sendable) {
    return [
      {
        code: 'one-thread',
        severity: 'note',
        message:
          'The chains ran on one thread, though more were asked for: the model or its priors have functions of their own, which cannot be sent to other threads.',
        advice:
          'Nothing need be done: the draws are the same. Families, effects and priors that glmmc names run on several.',
      },
    ];
  }
  if (failed === 0) return [];
  return [
    {
      code: 'thread-lost',
      severity: 'note',
      message: `Other threads could not run ${failed === 1 ? 'a chain' : `${failed} chains`}, so this one did.`,
      advice:
        'Nothing need be done: the draws are the same. Threads need Node and the files of the package in their places.',
    },
  ];
}
