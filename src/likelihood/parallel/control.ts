// How threads agree on who integrates which shard of which evaluation: a few integers and the task, in shared memory.
import type { Parameters } from '../../model/parameters.js';
import type { Rule, SweepTask } from '../sweep.js';

/**
 * Shards are handed out by tickets. Evaluation g (from 1) owns tickets g * shards .. (g + 1) * shards - 1, and a ticket is
 * only taken by a thread that knows its evaluation: one that comes late finds none left, and takes none of the next.
 */
export class Control {
  readonly integers: Int32Array;
  readonly numbers: Float64Array;
  private readonly shards: number;

  constructor(shards: number, coefficients: number, buffers?: Pick<Control, 'integers' | 'numbers'>) {
    this.shards = shards;
    this.integers = buffers?.integers ?? new Int32Array(new SharedArrayBuffer(4 * 5));
    this.numbers = buffers?.numbers ?? new Float64Array(new SharedArrayBuffer(8 * (HEAD + coefficients)));
  }

  /** Announces an evaluation to all threads; all shards of the last one must be done. */
  announce(task: SweepTask): void {
    writeTask(task, this.numbers);
    const evaluation = Atomics.load(this.integers, EVALUATION) + 1;
    Atomics.store(this.integers, DONE, 0);
    Atomics.store(this.integers, TICKET, evaluation * this.shards);
    Atomics.store(this.integers, EVALUATION, evaluation);
    Atomics.notify(this.integers, EVALUATION);
  }

  /** Sleeps until there is an evaluation after this one (or a stop), and returns its number. */
  awaitEvaluation(after: number): number {
    Atomics.wait(this.integers, EVALUATION, after);
    return Atomics.load(this.integers, EVALUATION);
  }

  task(): SweepTask {
    return readTask(this.numbers);
  }

  /** The next shard of this evaluation; -1 where none is left. */
  take(evaluation: number): number {
    const end = (evaluation + 1) * this.shards;
    for (;;) {
      const ticket = Atomics.load(this.integers, TICKET);
      if (ticket >= end || ticket < evaluation * this.shards) return -1;
      if (Atomics.compareExchange(this.integers, TICKET, ticket, ticket + 1) === ticket) {
        return ticket - evaluation * this.shards;
      }
    }
  }

  finish(): void {
    Atomics.add(this.integers, DONE, 1);
    Atomics.notify(this.integers, DONE);
  }

  /** Sleeps until every shard of the evaluation is done. */
  awaitShards(): void {
    for (;;) {
      const done = Atomics.load(this.integers, DONE);
      if (done === this.shards) return;
      Atomics.wait(this.integers, DONE, done);
    }
  }

  get evaluation(): number {
    return Atomics.load(this.integers, EVALUATION);
  }

  /** A thread that failed says so, and its shard counts as done. */
  fail(): void {
    Atomics.store(this.integers, FAILED, 1);
  }

  get failed(): boolean {
    return Atomics.load(this.integers, FAILED) === 1;
  }

  /** Sends the threads home. */
  stop(): void {
    Atomics.store(this.integers, STOPPED, 1);
    Atomics.add(this.integers, EVALUATION, 1);
    Atomics.notify(this.integers, EVALUATION);
  }

  get stopped(): boolean {
    return Atomics.load(this.integers, STOPPED) === 1;
  }
}

const EVALUATION = 0;
const TICKET = 1;
const DONE = 2;
const FAILED = 3;
const STOPPED = 4;

const RULES = ['certified', 'plain', 'medium', 'rough', 'adaptive', 'gauss-hermite'] as const;
const DERIVATIVES = [false, 'gradient', true] as const;
/** Rule, its number, derivatives, every, sigma, dispersion (NaN for none); then the coefficients. */
const HEAD = 6;

function writeTask({ parameters, rule, derivatives, every }: SweepTask, out: Float64Array): void {
  out[0] = RULES.indexOf(rule.kind);
  out[1] = 'nodes' in rule ? rule.nodes : 'tolerance' in rule ? rule.tolerance : 0;
  out[2] = DERIVATIVES.indexOf(derivatives);
  out[3] = every;
  out[4] = parameters.sigma;
  out[5] = parameters.dispersion ?? Number.NaN;
  out.set(parameters.beta, HEAD);
}

function readTask(from: Float64Array): SweepTask {
  const kind = RULES[from[0]];
  const dispersion = from[5];
  const parameters: Parameters = {
    beta: from.slice(HEAD),
    sigma: from[4],
    ...(!Number.isNaN(dispersion) && { dispersion }),
  };
  return {
    parameters,
    rule: { kind, nodes: from[1], tolerance: from[1] } as Rule,
    derivatives: DERIVATIVES[from[2]],
    every: from[3],
  };
}
