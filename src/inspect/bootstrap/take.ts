// Replications taken one after the other from a counter that all threads share.
import type { ReplicationJob } from './job.js';
import type { Replicate } from './replicate.js';

export type Taking = Pick<ReplicationJob, 'replications' | 'done' | 'control'>;

/**
 * Runs the replications that nobody has taken yet, until there are none or it is told to stop.
 * @param between awaited before each
 */
export async function takeReplications(
  { replications, done, control }: Taking,
  replicate: Replicate,
  tell: (k: number, values: Float64Array | undefined) => void,
  between: () => Promise<void> = async () => {},
  signal?: AbortSignal,
): Promise<void> {
  while (Atomics.load(control, 1) === 0) {
    await between();
    const k = Atomics.add(control, 0, 1);
    if (k >= replications) return;
    if (done[k] === 0) tell(k, await replicate(k, signal));
  }
}
