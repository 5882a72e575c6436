// Worker threads kept between fits, so that only the first pays for starting them.
import type { Worker } from 'node:worker_threads';
import type { Job } from './job.js';

const idle: Worker[] = [];

/** Hands the job to `count` threads, starting those that are lacking. They join in as they come up. */
export async function employ(count: number, job: Job): Promise<void> {
  // Loaded only where threads are asked for: there is no such module in a browser.
  const { Worker } = await import('node:worker_threads');
  for (let k = 0; k < count; k++) {
    const worker = idle.pop() ?? start(new Worker(new URL('./worker.js', import.meta.url)));
    worker.postMessage(job);
  }
}

function start(worker: Worker): Worker {
  // Threads that wait for work must not keep the program alive.
  worker.unref();
  worker.on('message', () => idle.push(worker));
  // A thread that fails takes no more shards; the thread that called does them all.
  worker.on('error', () => {});
  return worker;
}
