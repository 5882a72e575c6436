// The threads that integrate shards.
import { ThreadPool } from '../../numeric/threads.js';
import type { Job } from './job.js';

const pool = new ThreadPool<Job>(new URL('./worker.js', import.meta.url));

/**
 * Hands the job to `count` threads. They join in as they come up; one that fails takes no more shards, and the thread
 * that called does them all.
 */
export async function employ(count: number, job: Job): Promise<void> {
  for (let k = 0; k < count; k++) await pool.employ(job);
}
