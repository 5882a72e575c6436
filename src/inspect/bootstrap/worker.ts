// A worker thread that runs replications.
import { parentPort } from 'node:worker_threads';
import { IDLE } from '../../numeric/threads.js';
import { planOf, type ReplicationJob, type ReplicationMessage } from './job.js';
import { replicatorOf } from './replicate.js';
import { takeReplications } from './take.js';

parentPort?.on('message', async (job: ReplicationJob) => {
  try {
    const replicate = replicatorOf('bootstrap()', planOf(job));
    await takeReplications(job, replicate, (k, values) => {
      const message: ReplicationMessage = { k, values };
      parentPort?.postMessage(message);
    });
  } catch {
    // The thread that asked runs what is missing itself, and meets whatever went wrong.
  }
  parentPort?.postMessage(IDLE);
});
