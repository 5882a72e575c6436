// A worker thread that runs chains.
import { parentPort } from 'node:worker_threads';
import { rng } from '../../../samplers/rng.js';
import { IDLE } from '../../numeric/threads.js';
import { ChainControl } from './control.js';
import { type ChainJob, type ChainMessage, problemOf } from './job.js';
import { chainMaker } from './makers.js';
import { runChain } from './one.js';

parentPort?.on('message', async (job: ChainJob) => {
  const say = (message: ChainMessage): void => parentPort?.postMessage(message);
  const { settings, blocks, folder } = job;
  const control = new ChainControl(
    settings.chains,
    job.control.points.length / settings.chains,
    0,
    job.control,
  );
  const pending = [...job.chains];
  try {
    const make = chainMaker(problemOf(job.problem), job.recipe);
    const run = { root: rng(job.seed), settings, blocks, control, folder };
    for (; pending.length > 0 && !control.stopped; pending.shift()) {
      const [chain] = pending;
      const report = await runChain(run, make, chain);
      if (report !== undefined) say({ chain, report });
    }
  } catch {
    // The thread that asked runs these chains itself, and meets whatever went wrong.
    for (const chain of pending) say({ chain, failed: true });
  }
  parentPort?.postMessage(IDLE);
});
