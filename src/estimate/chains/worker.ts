// A worker thread that runs chains.
import { parentPort } from 'node:worker_threads';
import { rng } from '../../../samplers/rng.js';
import { IDLE } from '../../numeric/threads.js';
import { ChainControl } from './control.js';
import { type ChainJob, type ChainMessage, problemOf } from './job.js';
import { ChainLoop } from './loop.js';
import { chainMaker } from './makers.js';

parentPort?.on('message', (job: ChainJob) => {
  const say = (message: ChainMessage): void => parentPort?.postMessage(message);
  const control = new ChainControl(job.settings.chains, 0, job.control);
  const pending = [...job.chains];
  try {
    const make = chainMaker(problemOf(job.problem), job.recipe);
    const root = rng(job.seed);
    for (; pending.length > 0 && !control.stopped; pending.shift()) {
      const [chain] = pending;
      const stream = root.stream(`chain:${chain}`);
      const loop = new ChainLoop(make(stream, chain), stream, job.settings, job.blocks[chain]);
      while (loop.done < loop.total && !control.stopped) {
        loop.step();
        control.tell(chain, loop.done, loop.acceptance);
      }
      if (loop.done === loop.total) say({ chain, report: loop.chain.report() });
    }
  } catch {
    // The thread that asked runs these chains itself, and meets whatever went wrong.
    for (const chain of pending) say({ chain, failed: true });
  }
  parentPort?.postMessage(IDLE);
});
