// A worker thread that runs replications.
import { parentPort } from 'node:worker_threads';
import { IDLE } from '../../numeric/threads.js';
import { modelFrom, type StudyJob, type StudyMessage, strategyOf } from './job.js';
import type { Trial } from './replicate.js';
import { Study } from './study.js';

parentPort?.on('message', async (job: StudyJob) => {
  const say = (message: StudyMessage): void => parentPort?.postMessage(message);
  const pending = [...job.replications];
  try {
    const study = new Study(modelFrom(job.model), job.truth);
    const strategies = job.strategies.map(strategyOf);
    for (; pending.length > 0 && Atomics.load(job.stop, 0) === 0; pending.shift()) {
      const [replication] = pending;
      const simulated = study.simulated(replication);
      if (!simulated) {
        say({ replication });
        continue;
      }
      const trials: Trial[] = [];
      for (const strategy of strategies) trials.push(await study.tryOut(simulated, replication, strategy, 1));
      say({ replication, trials });
    }
  } catch {
    // The thread that asked runs these itself, and meets whatever went wrong.
    for (const replication of pending) say({ replication, failed: true });
  }
  parentPort?.postMessage(IDLE);
});
