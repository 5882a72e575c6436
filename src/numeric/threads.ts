// Worker threads kept between jobs, so that only the first pays for starting them.
import type { Worker } from 'node:worker_threads';
import { builtin } from './builtin.js';

/** What a thread says when it is done with a job. */
export const IDLE = 'idle';

/** Threads that run one file. It works on each job it is sent, says what it likes, and `IDLE` at the end. */
export class ThreadPool<Job> {
  private readonly file: URL;
  private readonly idle: Worker[] = [];

  /** @param file the thread's file, beside the module that asks: `new URL('./worker.js', import.meta.url)` */
  constructor(file: URL) {
    this.file = file;
  }

  /**
   * Sends a job to a thread, which joins in as it comes up.
   * @param hear takes what the thread says of the job, `IDLE` too
   * @param lost called where the thread dies of it
   */
  async employ(job: Job, hear?: (message: unknown) => void, lost?: () => void): Promise<void> {
    const worker = this.idle.pop() ?? (await this.start());
    const stop = (): void => {
      worker.off('message', listen);
      worker.off('error', fail);
    };
    const listen = (message: unknown): void => {
      if (message === IDLE) {
        stop();
        this.idle.push(worker);
      }
      hear?.(message);
    };
    const fail = (): void => {
      stop();
      lost?.();
    };
    worker.on('message', listen);
    worker.on('error', fail);
    // Threads that wait for work must not keep the program alive. After the listeners, which would hold it again.
    worker.unref();
    worker.postMessage(job);
  }

  private async start(): Promise<Worker> {
    const { Worker } = builtin('node:worker_threads', 'threads are of Node; ask for one worker');
    const worker = new Worker(this.file);
    // What is told to `lost` must not end the program as well.
    worker.on('error', () => {});
    return worker;
  }
}
