// One chain on disk: its draws as they come, and now and then its whole state, from which it goes on to the same bits.
import { GlmmcError } from '../../../samplers/errors.js';
import { MemoryReader, MemoryWriter } from '../../../samplers/memory.js';
import { builtin } from '../../numeric/builtin.js';
import { IN_A_FOLDER, unusable } from './checkpoint.js';
import type { ChainLoop } from './loop.js';

type Files = typeof import('node:fs');

/** Milliseconds between two states; more where saving takes long, so that it takes a twentieth of the time at most. */
const BETWEEN_STATES = 250;
const SHARE = 20;
/** Numbers before those of the state: a mark, the length of a draw, the draws kept, a sum to tell a torn file by. */
const HEAD = 4;
const MARK = 0x676c6d6d63;

/**
 * `chain-1.draws` has the kept draws one after the other, each the numbers of the draws' variables in their order (64-bit,
 * in the machine's byte order). `chain-1.state` is written beside the last one and then takes its place, after the draws
 * it counts are on disk: whenever the program ends, the two make a state with all its draws, and maybe the beginning of
 * more, which is cut off.
 */
export class Journal {
  private readonly files: Files;
  private readonly loop: ChainLoop;
  private readonly path: string;
  private readonly draws: number;
  /** Rows that are not on disk yet. */
  private pending: Float64Array[] = [];
  private nextState = 0;

  /**
   * Opens the files of a chain, and puts the chain where they left it.
   * @param loop at its start
   * @throws GlmmcError `bad-checkpoint`
   */
  static async open(folder: string, chain: number, loop: ChainLoop): Promise<Journal> {
    const files = builtin('node:fs', IN_A_FOLDER);
    const { join } = builtin('node:path', IN_A_FOLDER);
    return new Journal(files, join(folder, `chain-${chain + 1}`), loop);
  }

  private constructor(files: Files, path: string, loop: ChainLoop) {
    this.files = files;
    this.path = path;
    this.loop = loop;
    this.draws = orUnusable(path, () =>
      files.openSync(`${path}.draws`, files.constants.O_RDWR | files.constants.O_CREAT),
    );
    try {
      orUnusable(path, () => files.ftruncateSync(this.draws, 8 * loop.width * this.resume()));
    } catch (error) {
      files.closeSync(this.draws);
      throw error;
    }
    loop.onDraw = (row) => this.pending.push(row.slice());
    this.nextState = performance.now() + BETWEEN_STATES;
  }

  /** Puts the chain where the files say; returns the number of draws it had kept. */
  private resume(): number {
    const { files, loop, path } = this;
    const state = readState(files, `${path}.state`, loop.width);
    if (!state) return 0;
    const rows = new Float64Array(loop.width * state.kept);
    const bytes = new Uint8Array(rows.buffer);
    // A state without its draws is none: the disk failed, not the program.
    if (files.readSync(this.draws, bytes, 0, bytes.length, 0) < bytes.length) return 0;
    const memory = new MemoryReader(state.numbers);
    loop.remember(memory);
    if (!memory.finished || loop.kept !== state.kept) {
      throw new GlmmcError(
        'bad-checkpoint',
        `checkpoint: the state in '${path}.state' is of another version of the sampler; remove the folder to begin anew`,
      );
    }
    loop.restore(rows);
    return state.kept;
  }

  /**
   * Writes the draws that have come, and where it is time the state. Between two steps.
   * @throws GlmmcError `bad-checkpoint`
   */
  tick(): void {
    const began = performance.now();
    if (began < this.nextState) {
      orUnusable(this.path, () => this.flush());
      return;
    }
    orUnusable(this.path, () => this.save());
    const now = performance.now();
    this.nextState = now + Math.max(BETWEEN_STATES, SHARE * (now - began));
  }

  /** Leaves everything on disk; a chain that a step has thrown in is left where it was last saved. */
  close(): void {
    try {
      if (this.loop.whole) orUnusable(this.path, () => this.save());
    } finally {
      this.loop.onDraw = undefined;
      this.files.closeSync(this.draws);
    }
  }

  private flush(): void {
    const { files, pending } = this;
    if (pending.length === 0) return;
    const { width, kept } = this.loop;
    const rows = new Float64Array(width * pending.length);
    pending.forEach((row, k) => {
      rows.set(row, k * width);
    });
    const bytes = new Uint8Array(rows.buffer);
    const from = 8 * width * (kept - pending.length);
    for (let done = 0; done < bytes.length; ) {
      done += files.writeSync(this.draws, bytes, done, bytes.length - done, from + done);
    }
    this.pending = [];
  }

  private save(): void {
    const { files, path, loop } = this;
    this.flush();
    files.fsyncSync(this.draws);
    const memory = new MemoryWriter();
    loop.remember(memory);
    const { values } = memory;
    const numbers = new Float64Array(HEAD + values.length);
    numbers.set([MARK, loop.width, loop.kept, checkSum(values)]);
    numbers.set(values, HEAD);
    const file = files.openSync(`${path}.state.new`, 'w');
    files.writeFileSync(file, new Uint8Array(numbers.buffer));
    files.fsyncSync(file);
    files.closeSync(file);
    files.renameSync(`${path}.state.new`, `${path}.state`);
  }
}

/** @throws GlmmcError `bad-checkpoint` for what the files refuse */
export function orUnusable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof GlmmcError ? error : unusable(path, error);
  }
}

/** What a state file holds; undefined where there is none, or a torn one. */
function readState(
  files: Files,
  path: string,
  width: number,
): { readonly kept: number; readonly numbers: Float64Array } | undefined {
  if (!files.existsSync(path)) return undefined;
  const bytes = files.readFileSync(path);
  const all = new Float64Array(Math.floor(bytes.length / 8));
  new Uint8Array(all.buffer).set(bytes.subarray(0, 8 * all.length));
  const [mark, length, kept, sum] = all;
  const numbers = all.subarray(HEAD);
  const sound =
    mark === MARK && length === width && bytes.length === 8 * all.length && sum === checkSum(numbers);
  return sound ? { kept, numbers } : undefined;
}

/** A number below 2^32 that changes with any bit (FNV-1a over 32-bit words). */
export function checkSum(values: Float64Array): number {
  const words = new Uint32Array(values.slice().buffer);
  let sum = 0x811c9dc5;
  for (let k = 0; k < words.length; k++) sum = Math.imul(sum ^ words[k], 0x01000193);
  return sum >>> 0;
}
