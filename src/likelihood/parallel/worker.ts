// A worker thread: works on one job after another, each until it is stopped.
import { parentPort } from 'node:worker_threads';
import { modelOf } from '../../model/registry.js';
import { IDLE } from '../../numeric/threads.js';
import { type Job, work } from './job.js';

parentPort?.on('message', (job: Job) => {
  work(job, modelOf(job.spec));
  parentPort?.postMessage(IDLE);
});
