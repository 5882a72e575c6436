// The steps of one chain in their order: warm-up, then kept draws into their place.
import type { Memory } from '../../../samplers/memory.js';
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
  /** Takes each kept draw; the row is overwritten by the next. */
  onDraw: ((row: Float64Array) => void) | undefined;
  /** Whether every step that was begun has ended: not where one threw. */
  whole = true;
  private drawn = false;
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

  /** Numbers of a draw. */
  get width(): number {
    return this.row.length;
  }

  /** Draws kept so far. */
  get kept(): number {
    const { warmup, thin } = this.settings;
    return Math.max(0, Math.floor((this.done - warmup) / thin));
  }

  /** The last kept draw of this run; undefined before the first. */
  get lastDraw(): Float64Array | undefined {
    return this.drawn ? this.row : undefined;
  }

  /** Mean acceptance since the stage began; NaN where no step has told. */
  get acceptance(): number {
    return this.accepted / this.told;
  }

  /** Keeps where the chain is on its way, or puts it there. */
  remember(memory: Memory): void {
    this.done = memory.number(this.done);
    this.accepted = memory.number(this.accepted);
    this.told = memory.number(this.told);
    this.tuning.remember(memory);
    this.keeping.remember(memory);
    this.chain.remember(memory);
  }

  /** One step. */
  step(): void {
    const { chain, settings } = this;
    const { warmup, thin } = settings;
    this.whole = false;
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
    if (kept && (this.done - warmup) % thin === 0) {
      chain.record(this.row);
      this.drawn = true;
      this.place(this.row, this.kept - 1);
      this.onDraw?.(this.row);
    }
    this.whole = true;
  }

  /** Puts the draws kept so far in their place, from rows one after the other. */
  restore(rows: Float64Array): void {
    const { width } = this;
    for (let k = 0; k < this.kept; k++) this.place(rows.subarray(k * width, (k + 1) * width), k);
  }

  private place(row: Float64Array, k: number): void {
    const { block, settings } = this;
    for (let j = 0, at = k; j < row.length; j++, at += settings.draws) block[at] = row[j];
  }
}
