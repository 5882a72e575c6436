// The other threads of a run: which chains they have, what they have said.
import { IDLE, ThreadPool } from '../../numeric/threads.js';
import type { ChainJob, ChainMessage } from './job.js';

const pool = new ThreadPool<ChainJob>(new URL('./worker.js', import.meta.url));

/** Milliseconds between two looks at threads that are at work. */
const LOOK = 50;

export class ChainThreads<R> {
  /** By chain. */
  readonly reports: Map<number, R> = new Map();
  /** Chains that a thread could not run, for this thread to run. */
  readonly failed: Set<number> = new Set();
  private readonly workers: number;
  private readonly chains: number;
  private readonly begun: number;
  private given = 0;
  /** Threads that are at work, or on their way to it. */
  private busy = 0;
  private wake: () => void = () => {};

  /** @param begun chains that this thread has begun already, the first ones */
  constructor(workers: number, chains: number, begun: number) {
    this.workers = workers;
    this.chains = chains;
    this.begun = begun;
  }

  /** Whether another thread than this one has the chain. */
  has(chain: number): boolean {
    return this.threadOf(chain) > 0;
  }

  /** The rest goes round, from this thread (0) or, where it has its hands full, the next. */
  private threadOf(chain: number): number {
    const { begun, workers } = this;
    return chain < begun ? 0 : (chain - begun + (begun > 0 ? 1 : 0)) % workers;
  }

  /** Hands out the chains. Where threads are not to be had, all of them fail. */
  async start(job: Omit<ChainJob, 'chains'>): Promise<void> {
    for (let k = 1; k < this.workers; k++) {
      const chains = Array.from({ length: this.chains }, (_, c) => c).filter((c) => this.threadOf(c) === k);
      this.given += chains.length;
      this.busy++;
      const lose = (): void => {
        this.busy--;
        for (const chain of chains) this.hear({ chain, failed: true });
      };
      const hear = (message: unknown): void => {
        if (message === IDLE) {
          this.busy--;
          this.wake();
        } else this.hear(message as ChainMessage);
      };
      try {
        await pool.employ({ ...job, chains }, hear, lose);
      } catch {
        lose();
      }
    }
  }

  /** Whether no thread is at work any more: after a stop a while passes. */
  get idle(): boolean {
    return this.busy === 0;
  }

  get finished(): boolean {
    return this.reports.size + this.failed.size === this.given;
  }

  /** Until a thread says something, or for a little while. The timer keeps the program alive, as the threads do not. */
  async wait(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, LOOK);
    });
    clearTimeout(timer);
  }

  private hear(message: ChainMessage): void {
    const { chain } = message;
    if ('report' in message) this.reports.set(chain, message.report as R);
    else if (!this.reports.has(chain)) this.failed.add(chain);
    this.wake();
  }
}
