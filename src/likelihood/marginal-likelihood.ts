// The marginal log-likelihood: a sum over clusters of one-dimensional integrals, with derivatives and its own error.

import type { Memory } from '../../samplers/memory.js';
import type { Clusters } from '../model/clusters.js';
import { type MergedClusters, mergeClusters } from '../model/merge.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { predictorUnit } from '../model/predictor-unit.js';
import { specOf } from '../model/registry.js';
import { mirror } from '../numeric/cholesky.js';
import { isShared } from '../numeric/shared-arrays.js';
import type { Derivatives } from './engines/engine.js';
import { Control } from './parallel/control.js';
import { takeShards } from './parallel/job.js';
import { employ } from './parallel/pool.js';
import { ShardSums, shardBounds } from './shards.js';
import {
  type ClusterSummaries,
  ClusterSweep,
  clusterSummaries,
  type Rule,
  SweepSums,
  type SweepTask,
} from './sweep.js';

/** A marginal log-likelihood that remembers each cluster's mode from one evaluation to the next. */
export class MarginalLikelihood {
  readonly model: Model;
  /** Number of parameters: p coefficients, sigma, and the dispersion where the family has one. */
  readonly size: number;
  readonly clusters: ClusterSummaries;
  readonly gradient: Float64Array;
  /** size x size, symmetric. */
  readonly hessian: Float64Array;
  logLik: number = Number.NaN;
  error = 0;
  private done: SweepTask | undefined;
  private readonly merged: MergedClusters;
  private readonly distinct: ClusterSummaries;
  private readonly bounds: Int32Array;
  private readonly sweep: ClusterSweep;
  private readonly sums: ShardSums;
  private readonly total: SweepSums;
  private control: Control | undefined;

  constructor(model: Model) {
    const { clusters } = model;
    this.model = model;
    this.merged = mergeClusters(clusters, model.family.outcome.mergesResponses);
    const { distinct } = this.merged;
    this.distinct = clusterSummaries(distinct.count);
    this.clusters = this.isMerged() ? clusterSummaries(clusters.count) : this.distinct;
    this.bounds = shardBounds(distinct);
    this.sweep = new ClusterSweep(model, distinct, this.distinct);
    this.size = this.sweep.size;
    this.sums = new ShardSums(this.shards, this.size);
    this.total = new SweepSums(this.size);
    this.gradient = this.total.gradient;
    this.hessian = this.total.hessian;
  }

  private get shards(): number {
    return this.bounds.length - 1;
  }

  /**
   * Evaluates on this many threads from now on, until `release`; the numbers stay the same to the last bit. One thread
   * does it all where the data are small, or the model has functions of the user's, which cannot be sent to others.
   */
  async employ(threads: number): Promise<void> {
    const spec = specOf(this.model);
    const shared = [this.merged.distinct.y, this.distinct.mode, this.sums.values].every(isShared);
    if (threads < 2 || !spec || !shared) return;
    const control = new Control(this.shards, this.model.coefficientNames.length);
    this.control = control;
    const { distinct: clusters } = this.merged;
    await employ(threads - 1, {
      spec,
      clusters,
      summaries: this.distinct,
      bounds: this.bounds,
      sums: this.sums.values,
      control: { integers: control.integers, numbers: control.numbers },
    });
  }

  /** Sends the other threads home. */
  release(): void {
    this.control?.stop();
    this.control = undefined;
  }

  /** Keeps what the next evaluation starts from, or puts it back. */
  remember(memory: Memory): void {
    memory.numbers(this.distinct.mode);
    memory.numbers(this.distinct.logLik);
  }

  private isMerged(): boolean {
    return this.merged.distinct !== this.model.clusters;
  }

  /** The distinct clusters, each integrated once, with the weights of all that were merged into it. */
  get distinctClusters(): Clusters {
    return this.merged.distinct;
  }

  /** What a search may find its start from. */
  get startClusters(): Clusters {
    return this.model.clusters;
  }

  /**
   * Evaluates at `parameters`, filling `logLik`, `error` and `clusters`; with `derivatives` also `gradient` and
   * `hessian`, in the order (beta, sigma, dispersion). For the adaptive rule both are those of the approximation
   * itself, the Hessian by differences of the gradient. With `every` = k only every k-th distinct cluster is integrated,
   * and counts k times; `clusters` then says nothing.
   */
  evaluate(parameters: Parameters, rule: Rule, derivatives: Derivatives, every: number = 1): number {
    const task = { parameters: { ...parameters, beta: parameters.beta.slice() }, rule, derivatives, every };
    if (this.isDone(task)) return this.logLik;
    this.accumulate(task);
    this.done = task;
    if (derivatives && rule.kind === 'adaptive') this.differenceHessian(task);
    return this.logLik;
  }

  /** Whether the last evaluation already answers this one. */
  private isDone({ parameters, rule, derivatives, every }: SweepTask): boolean {
    const { done } = this;
    return (
      done !== undefined &&
      done.every === every &&
      (done.derivatives === derivatives || done.derivatives === true) &&
      sameRule(done.rule, rule) &&
      sameParameters(done.parameters, parameters)
    );
  }

  private accumulate(task: SweepTask): void {
    const { sweep, sums, bounds, total, shards, control } = this;
    if (control) {
      control.announce(task);
      takeShards(control, control.evaluation, sweep, sums, bounds);
      control.awaitShards();
    }
    if (!control || control.failed) {
      sweep.begin(task);
      for (let shard = 0; shard < shards; shard++) sums.run(sweep, bounds, shard);
    }
    sums.total(shards, total);
    mirror(total.hessian, this.size);
    this.logLik = total.logLik;
    this.error = total.error;
    if (this.isMerged() && task.every === 1) this.expand();
  }

  /** Gives every cluster the summaries of the distinct one it was merged into. */
  private expand(): void {
    const { memberOf } = this.merged;
    for (const name of Object.keys(this.clusters) as (keyof ClusterSummaries)[]) {
      const from = this.distinct[name];
      const to = this.clusters[name];
      for (let i = 0; i < to.length; i++) to[i] = from[memberOf[i]];
    }
  }

  /** Central differences of the exact gradient, Richardson-extrapolated once: good to about 1e-10 relative. */
  private differenceHessian(task: SweepTask): void {
    const { parameters } = task;
    const { size, logLik, error } = this;
    const gradient = this.gradient.slice();
    const hessian = new Float64Array(size * size);
    const slope = (a: number, step: number): Float64Array => {
      this.accumulate({ ...task, parameters: shifted(parameters, a, step) });
      const up = this.gradient.slice();
      this.accumulate({ ...task, parameters: shifted(parameters, a, -step) });
      return up.map((value, b) => (value - this.gradient[b]) / (2 * step));
    };
    const scales = parameterScales(this.model, parameters);
    for (let a = 0; a < size; a++) {
      const step = 2e-3 * scales[a];
      const wide = slope(a, step);
      const narrow = slope(a, step / 2);
      for (let b = 0; b < size; b++) {
        const value = (4 * narrow[b] - wide[b]) / 3;
        hessian[a * size + b] += value / 2;
        hessian[b * size + a] += value / 2;
      }
    }
    this.accumulate({ ...task, derivatives: false });
    this.gradient.set(gradient);
    this.hessian.set(hessian);
    this.logLik = logLik;
    this.error = error;
  }
}

function sameRule(a: Rule, b: Rule): boolean {
  const detail = (rule: Rule): number =>
    'nodes' in rule ? rule.nodes : 'tolerance' in rule ? rule.tolerance : 0;
  return a.kind === b.kind && detail(a) === detail(b);
}

function sameParameters(a: Parameters, b: Parameters): boolean {
  return (
    a.sigma === b.sigma &&
    a.dispersion === b.dispersion &&
    a.beta.every((value, j) => value === b.beta[j]) &&
    (a.shape ?? []).every((value, j) => value === b.shape?.[j])
  );
}

/** The parameters with the a-th of (beta, sigma, dispersion) moved by `step`. */
function shifted(parameters: Parameters, a: number, step: number): Parameters {
  const p = parameters.beta.length;
  if (a === p) return { ...parameters, sigma: parameters.sigma + step };
  if (a === p + 1) return { ...parameters, dispersion: parameters.dispersion! + step };
  const beta = parameters.beta.slice();
  beta[a] += step;
  return { ...parameters, beta };
}

/** A change of each parameter that moves the linear predictor (or its own scale) by about one unit. */
function parameterScales(model: Model, parameters: Parameters): Float64Array {
  const { x, rows, columns } = model.clusters;
  const unit = predictorUnit(model, parameters);
  const scales = new Float64Array(columns + 2);
  for (let j = 0; j < columns; j++) {
    let square = 0;
    for (let r = 0; r < rows; r++) square += x[r * columns + j] ** 2;
    scales[j] = unit / Math.sqrt(square / rows);
  }
  scales[columns] = Math.max(parameters.sigma, 0.1 * unit);
  scales[columns + 1] = parameters.dispersion ?? 1;
  return scales;
}
