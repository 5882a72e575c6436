// Progress of chains as people are told of it.
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask } from '../fit.js';
import type { ChainSettings } from './chain.js';
import type { ChainControl } from './control.js';

/** The parameters in the order of a draw. */
function pointOf(draw: Float64Array, { coefficientNames: { length: p }, family }: Model): Parameters {
  return {
    beta: draw.slice(0, p),
    sigma: draw[p],
    ...(family.dispersion && { dispersion: draw[p + 1] }),
  };
}

/** Tells of each chain that has moved since it was last told of. */
export class ChainReporter {
  private readonly task: FitTask;
  private readonly settings: ChainSettings;
  private readonly control: ChainControl;
  private readonly told: Int32Array;
  private readonly began = performance.now();
  private sum = 0;

  constructor(task: FitTask, settings: ChainSettings, control: ChainControl) {
    this.task = task;
    this.settings = settings;
    this.control = control;
    this.told = new Int32Array(settings.chains);
  }

  /** Steps of all chains together. */
  get total(): number {
    const { chains, warmup, draws, thin } = this.settings;
    return chains * (warmup + draws * thin);
  }

  /** Milliseconds of work left as far as the steps of this run tell; not finite before the first. */
  get timeLeft(): number {
    const [all, now] = this.control.progress;
    return all === this.total ? 0 : ((performance.now() - this.began) * (this.total - all)) / now;
  }

  report(): void {
    const { task, settings, control, told, total } = this;
    const [all, now] = control.progress;
    // Chains that go on from disk have moved, but nothing is known yet of the time that a step takes.
    if (now === 0 && all < total) return;
    for (let chain = 0; chain < told.length; chain++) {
      const iteration = control.done(chain);
      if (iteration === told[chain]) continue;
      this.sum += iteration - told[chain];
      told[chain] = iteration;
      const point = control.point(chain);
      task.onProgress({
        stage: iteration > settings.warmup ? 'sampling' : 'warmup',
        done: this.sum,
        total,
        detail: {
          chain: chain + 1,
          iteration,
          acceptance: control.acceptance(chain),
          secondsLeft: this.timeLeft / 1000,
        },
        ...(point && { parameters: pointOf(point, task.model) }),
      });
    }
  }
}
