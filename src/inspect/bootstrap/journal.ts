// Replications on disk as they come: what is there need not be run again, whenever the program ended.
import { IN_A_FOLDER } from '../../estimate/chains/checkpoint.js';
import { checkSum, orUnusable } from '../../estimate/chains/journal.js';
import { builtin } from '../../numeric/builtin.js';

type Files = typeof import('node:fs');

/** Numbers of a record beside the replication's own: its number, whether it failed, and a sum to tell a torn one by. */
const EXTRA = 3;

/**
 * `replications` has one record after the other, in the order in which they were finished: 64-bit numbers in the
 * machine's byte order. A record that is torn, and what comes after it, is cut off.
 */
export class ReplicationJournal {
  /** What was there, by replication; undefined for one whose fit had failed. */
  readonly found: ReadonlyMap<number, Float64Array | undefined>;
  private readonly files: Files;
  private readonly path: string;
  private readonly width: number;
  private readonly file: number;
  private end: number;

  /** @throws GlmmcError `bad-checkpoint` */
  static async open(folder: string, width: number): Promise<ReplicationJournal> {
    const files = builtin('node:fs', IN_A_FOLDER);
    const { join } = builtin('node:path', IN_A_FOLDER);
    return new ReplicationJournal(files, join(folder, 'replications'), width);
  }

  private constructor(files: Files, path: string, width: number) {
    this.files = files;
    this.path = path;
    this.width = width;
    const { O_RDWR, O_CREAT } = files.constants;
    this.file = orUnusable(path, () => files.openSync(path, O_RDWR | O_CREAT));
    const length = width + EXTRA;
    const found = new Map<number, Float64Array | undefined>();
    this.found = found;
    this.end = orUnusable(path, () => {
      const bytes = files.readFileSync(path);
      const records = Math.floor(bytes.length / (8 * length));
      const numbers = new Float64Array(records * length);
      new Uint8Array(numbers.buffer).set(bytes.subarray(0, 8 * numbers.length));
      let sound = 0;
      for (; sound < records; sound++) {
        const record = numbers.subarray(sound * length, (sound + 1) * length);
        if (record[length - 1] !== checkSum(record.subarray(0, length - 1))) break;
        found.set(record[0], record[1] === 1 ? undefined : record.slice(2, 2 + width));
      }
      files.ftruncateSync(this.file, 8 * sound * length);
      return 8 * sound * length;
    });
  }

  /** @throws GlmmcError `bad-checkpoint` */
  add(k: number, values: Float64Array | undefined): void {
    const record = new Float64Array(this.width + EXTRA);
    record.set([k, values ? 0 : 1]);
    if (values) record.set(values, 2);
    record[record.length - 1] = checkSum(record.subarray(0, record.length - 1));
    const bytes = new Uint8Array(record.buffer);
    orUnusable(this.path, () => {
      for (let done = 0; done < bytes.length; ) {
        done += this.files.writeSync(this.file, bytes, done, bytes.length - done, this.end + done);
      }
    });
    this.end += bytes.length;
  }

  close(): void {
    this.files.closeSync(this.file);
  }
}
