// The clusters cut into shards, always the same ones: what each adds up to, and in which order, is no matter of threads.
import type { Clusters } from '../model/clusters.js';
import { CompensatedSum } from '../numeric/compensated-sum.js';
import { sharedNumbers } from '../numeric/shared-arrays.js';
import type { ClusterSweep, SweepSums } from './sweep.js';

/** A shard ends with the cluster that brings it to this many rows. */
const SHARD_ROWS = 8_192;

/** Bounds of the shards: clusters bounds[s] .. bounds[s + 1] - 1. */
export function shardBounds({ count, starts }: Clusters): Int32Array {
  const bounds = [0];
  let from = 0;
  for (let i = 1; i <= count; i++) {
    if (starts[i] - starts[from] >= SHARD_ROWS || i === count) {
      bounds.push(i);
      from = i;
    }
  }
  return Int32Array.from(bounds);
}

/** What each shard added up to, in one array that threads can share. */
export class ShardSums {
  readonly values: Float64Array;
  private readonly size: number;
  private readonly stride: number;

  constructor(shards: number, size: number, values?: Float64Array) {
    this.size = size;
    this.stride = 2 + size + size * size;
    this.values = values ?? sharedNumbers(shards * this.stride, 2 * this.stride);
  }

  /** Runs the shard and keeps its sums. */
  run(sweep: ClusterSweep, bounds: Int32Array, shard: number): void {
    const sums = sweep.run(bounds[shard], bounds[shard + 1]);
    const { values, size } = this;
    const at = shard * this.stride;
    values[at] = sums.logLik;
    values[at + 1] = sums.error;
    values.set(sums.gradient, at + 2);
    values.set(sums.hessian, at + 2 + size);
  }

  /** Adds the shards up in their order. */
  total(shards: number, out: SweepSums): void {
    const { values, size, stride } = this;
    const logLik = new CompensatedSum();
    out.error = 0;
    out.gradient.fill(0);
    out.hessian.fill(0);
    for (let at = 0; at < shards * stride; at += stride) {
      logLik.add(values[at]);
      out.error += values[at + 1];
      for (let k = 0; k < size; k++) out.gradient[k] += values[at + 2 + k];
      for (let k = 0; k < size * size; k++) out.hessian[k] += values[at + 2 + size + k];
    }
    out.logLik = logLik.value;
  }
}
