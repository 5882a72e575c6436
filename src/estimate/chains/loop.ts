// The steps of one chain in their order: warm-up, then kept draws into their place.
import type { Stream } from '../../../samplers/rng.js';
import type { ChainSettings, PosteriorChain } from './chain.js';

/** One chain on its way, from its own streams `warmup` and `draws`. */
export class ChainLoop {
  /** Steps taken. */
  done = 0;
  readonly total: number;
  readonly chain: PosteriorChain;
  private readonly settings: ChainSettings;
  private readonly tuning: Stream;
  private readonly keeping: Stream;
  private readonly block: Float64Array;
  private readonly row: Float64Array;
  private accepted = 0;
  private told = 0;

  /** @param block takes the draws, column after column */
  constructor(chain: PosteriorChain, stream: Stream, settings: ChainSettings, block: Float64Array) {
    const { warmup, draws, thin } = settings;
    this.chain = chain;
    this.settings = settings;
    this.total = warmup + draws * thin;
    this.tuning = stream.stream('warmup');
    this.keeping = stream.stream('draws');
    this.block = block;
    this.row = new Float64Array(block.length / draws);
  }

  /** Mean acceptance since the stage began; NaN where no step has told. */
  get acceptance(): number {
    return this.accepted / this.told;
  }

  /** One step. */
  step(): void {
    const { chain, settings, block, row } = this;
    const { warmup, draws, thin } = settings;
    const kept = this.done >= warmup;
    if (this.done === warmup) {
      chain.freeze();
      this.accepted = 0;
      this.told = 0;
    }
    const acceptance = chain.step(kept ? this.keeping : this.tuning);
    if (!Number.isNaN(acceptance)) {
      this.accepted += acceptance;
      this.told++;
    }
    this.done++;
    const since = this.done - warmup;
    if (!kept || since % thin !== 0) return;
    chain.record(row);
    let at = since / thin - 1;
    for (let j = 0; j < row.length; j++, at += draws) block[at] = row[j];
  }
}
