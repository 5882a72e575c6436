// All replications of a bootstrap, on this thread or on several, from disk where they are there: the same bits.
import { type Identity, modelIdentity, openRun } from '../../estimate/chains/checkpoint.js';
import { noThreads } from '../../estimate/chains/no-threads.js';
import type { Progress } from '../../estimate/fit.js';
import type { Finding } from '../../model/finding.js';
import { hasBuiltins } from '../../numeric/builtin.js';
import { isShared, sharedIntegers } from '../../numeric/shared-arrays.js';
import { IDLE, ThreadPool } from '../../numeric/threads.js';
import { fitSpecs, type ReplicationJob, type ReplicationMessage } from './job.js';
import { ReplicationJournal } from './journal.js';
import { type Plan, type Replicate, replicatorOf, widthOf } from './replicate.js';
import { takeReplications } from './take.js';

export interface RunOptions {
  readonly replications: number;
  readonly workers: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly checkpoint?: string | undefined;
  /** Milliseconds of work left that are worth starting threads for (1000). */
  readonly worthThreads?: number;
}

export interface Replications {
  /** In the order of the replications; undefined where a fit failed. */
  readonly values: readonly (Float64Array | undefined)[];
  readonly findings: readonly Finding[];
}

const pool = new ThreadPool<ReplicationJob>(new URL('./worker.js', import.meta.url));
/** Milliseconds of work between two looks at what else is waiting, and between two at threads that are at work. */
const PAUSE_EVERY = 30;
const LOOK = 50;

/**
 * @param owner what people called, for messages
 * @throws GlmmcError `bad-weights`, `no-draws`, `foreign-checkpoint`, `bad-checkpoint`; rejects with the signal's reason
 */
export async function runReplications(owner: string, plan: Plan, options: RunOptions): Promise<Replications> {
  const { replications, checkpoint, signal, onProgress } = options;
  const replicate = replicatorOf(owner, plan);
  signal?.throwIfAborted();
  const folder = checkpoint === undefined ? undefined : await openRun(checkpoint, await identityOf(plan));
  const journal = folder === undefined ? undefined : await ReplicationJournal.open(folder, widthOf(plan));
  const run = new Run(replications, journal, onProgress);
  try {
    return await everyReplication(run, plan, replicate, options);
  } finally {
    run.close();
  }
}

async function everyReplication(
  run: Run,
  plan: Plan,
  replicate: Replicate,
  { workers, signal, worthThreads = 1000 }: RunOptions,
): Promise<Replications> {
  const { control, replications } = run;
  const specs = workers > 1 ? fitSpecs(plan) : undefined;
  const threads = Math.min(workers, replications) - 1;
  let employed = !specs || !isShared(control);
  let busy = 0;
  const begun = performance.now();
  let last = begun;
  const employ = async (): Promise<void> => {
    if (employed || !(worthThreads === 0 || run.timeLeft(begun) >= worthThreads)) return;
    employed = true;
    const { type, tells, seed } = plan;
    const done = run.doneFlags();
    const job = { plan: { type, tells, seed }, fits: specs!, replications, done, control };
    for (let thread = 0; thread < threads; thread++) {
      busy++;
      const hear = (message: unknown): void => {
        if (message === IDLE) busy--;
        else run.hear(message as ReplicationMessage);
      };
      const lost = (): void => {
        busy--;
      };
      await pool.employ(job, hear, lost).catch(lost);
    }
  };
  const between = async (): Promise<void> => {
    signal?.throwIfAborted();
    run.throwTrouble();
    if (performance.now() - last >= PAUSE_EVERY) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      last = performance.now();
      signal?.throwIfAborted();
    }
    await employ();
  };
  const tell = run.tell.bind(run);
  await takeReplications({ replications, done: run.doneFlags(), control }, replicate, tell, between, signal);
  while (busy > 0) {
    signal?.throwIfAborted();
    run.throwTrouble();
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
  // Those that a thread took and did not bring back.
  for (let k = 0; k < replications; k++) {
    await between();
    if (!run.has(k)) run.tell(k, await replicate(k, signal));
  }
  return { values: run.all(), findings: workers > 1 ? threadFindings(specs !== undefined) : [] };
}

/** What is known so far. */
class Run {
  readonly replications: number;
  readonly control: Int32Array = sharedIntegers(2, 0);
  private readonly results: Map<number, Float64Array | undefined>;
  private readonly onProgress: ((progress: Progress) => void) | undefined;
  private journal: ReplicationJournal | undefined;
  private readonly foundAtStart: number;
  private failures = 0;
  /** What went wrong where nobody could catch it: in a message from a thread. */
  private trouble: unknown;

  constructor(
    replications: number,
    journal: ReplicationJournal | undefined,
    onProgress: ((progress: Progress) => void) | undefined,
  ) {
    this.replications = replications;
    this.journal = journal;
    this.onProgress = onProgress;
    // The folder may hold more than are asked for now.
    this.results = new Map([...(journal?.found ?? [])].filter(([k]) => k < replications));
    this.foundAtStart = this.results.size;
    for (const values of this.results.values()) if (!values) this.failures++;
    this.report();
  }

  has(k: number): boolean {
    return this.results.has(k);
  }

  /** A word that comes after the end, from a thread that was on its way, is not listened to. */
  tell(k: number, values: Float64Array | undefined): void {
    if (Atomics.load(this.control, 1) === 1 || this.results.has(k)) return;
    this.journal?.add(k, values);
    this.results.set(k, values);
    if (!values) this.failures++;
    this.report();
  }

  hear({ k, values }: ReplicationMessage): void {
    try {
      this.tell(k, values);
    } catch (error) {
      this.trouble ??= error;
    }
  }

  throwTrouble(): void {
    if (this.trouble !== undefined) throw this.trouble;
  }

  doneFlags(): Uint8Array {
    return Uint8Array.from({ length: this.replications }, (_, k) => (this.results.has(k) ? 1 : 0));
  }

  /** Milliseconds, by the pace since `begun`. */
  timeLeft(begun: number): number {
    const done = this.results.size - this.foundAtStart;
    if (done === 0) return 0;
    return ((performance.now() - begun) / done) * (this.replications - this.results.size);
  }

  all(): (Float64Array | undefined)[] {
    return Array.from({ length: this.replications }, (_, k) => this.results.get(k));
  }

  close(): void {
    Atomics.store(this.control, 1, 1);
    this.journal?.close();
    this.journal = undefined;
  }

  private report(): void {
    const { results, replications, failures } = this;
    this.onProgress?.({
      stage: 'replications',
      done: results.size,
      total: replications,
      detail: { failures },
    });
  }
}

/** Everything that a replication depends on; not how many there are to be, as more may be asked for later. */
async function identityOf({ type, tells, seed, fits }: Plan): Promise<Identity> {
  const models = [];
  for (const { model, strategy, fixed, start } of fits) {
    const { beta, sigma, dispersion, shape } = start;
    models.push({
      ...(await modelIdentity(model)),
      strategy: strategy.name,
      settings: strategy.settings,
      fixed,
      start: { beta: [...beta], sigma, dispersion, shape: shape && [...shape] },
    });
  }
  return { bootstrap: type, tells, seed: String(seed), ...models[0], others: models.slice(1) };
}

function threadFindings(sendable: boolean): Finding[] {
  if (!hasBuiltins()) return [noThreads('replications')];
  return sendable ? [] : [oneThread()];
}

function oneThread(): Finding {
  return {
    code: 'one-thread',
    severity: 'note',
    message:
      'The replications ran on one thread, though more were asked for: the model or the strategy has functions of its own, which cannot be sent to other threads.',
    advice:
      'Nothing need be done: the numbers are the same. quadrature(), laplace(), pql() and mql() run on several, with families and effects that glmmc names.',
  };
}
