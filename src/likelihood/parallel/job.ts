// What a worker thread is told of a likelihood: the model by name, its clusters and results in shared memory.
import type { Clusters } from '../../model/clusters.js';
import type { ModelSpec } from '../../model/registry.js';
import { ShardSums } from '../shards.js';
import { type ClusterSummaries, ClusterSweep } from '../sweep.js';
import { Control } from './control.js';

export interface Job {
  readonly spec: ModelSpec;
  readonly clusters: Clusters;
  readonly summaries: ClusterSummaries;
  readonly bounds: Int32Array;
  readonly sums: Float64Array;
  readonly control: Pick<Control, 'integers' | 'numbers'>;
}

/** Takes shards of evaluation after evaluation until the job is stopped. */
export function work(job: Job, model: ConstructorParameters<typeof ClusterSweep>[0]): void {
  const shards = job.bounds.length - 1;
  const control = new Control(shards, job.clusters.columns, job.control);
  const sweep = new ClusterSweep(model, job.clusters, job.summaries);
  const sums = new ShardSums(shards, sweep.size, job.sums);
  let evaluation = control.evaluation;
  while (!control.stopped) {
    if (evaluation > 0) takeShards(control, evaluation, sweep, sums, job.bounds);
    evaluation = control.awaitEvaluation(evaluation);
  }
}

/** This thread's share of one evaluation. */
export function takeShards(
  control: Control,
  evaluation: number,
  sweep: ClusterSweep,
  sums: ShardSums,
  bounds: Int32Array,
): void {
  let begun = false;
  for (;;) {
    const shard = control.take(evaluation);
    if (shard < 0) return;
    try {
      if (!begun) sweep.begin(control.task());
      begun = true;
      sums.run(sweep, bounds, shard);
    } catch {
      control.fail();
    }
    control.finish();
  }
}
