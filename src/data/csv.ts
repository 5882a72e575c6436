// CSV text or file in, table out: numeric columns as Float64Array, the others as text.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import { checkOptions, describe } from '../../samplers/options.js';
import { builtin } from '../numeric/builtin.js';
import { columnList } from './column-options.js';
import { CsvColumn } from './csv-column.js';
import { CsvRecords } from './csv-records.js';
import { BYTES, fileError, firstBytes, requirePath } from './files.js';
import type { Table } from './table.js';

/** Options of `readCsv()`. */
export interface CsvOptions {
  /** The columns to keep, in this order; all where left out. */
  readonly columns?: readonly string[];
}

/**
 * Reads a CSV file with a header line (UTF-8, quotes as RFC 4180, CRLF or LF, byte order mark ignored), gzipped or not, which
 * its first bytes tell. The file is read in pieces: what stays in memory are the columns.
 * A column whose cells are all numbers, empty or `NA` becomes a `Float64Array` (missing as NaN);
 * any other an array of text (missing as null), and so one with whole numbers that a double cannot hold: identifiers. A header without commas is split at tabs or semicolons.
 * A column whose first text comes after numbers makes the file be read a second time.
 * @throws GlmmcError `file-not-found`, `unreadable-file`, `empty-csv`, `ragged-csv`, `bad-csv`, `duplicate-columns`,
 *   `unknown-column`, `unknown-option`, `bad-option`; `needs-node` in a browser
 */
export async function readCsv(path: string, options: CsvOptions = {}): Promise<Table> {
  requirePath('readCsv()', path);
  const { columns } = checkOptions('readCsv()', { columns: columnList() }, options);
  const start = await firstBytes('readCsv()', path, 2);
  const gzipped = start[0] === 0x1f && start[1] === 0x8b;
  const first = new CsvTable(`'${path}'`, columns);
  await eachText(path, gzipped, (text) => first.push(text));
  const again = first.end();
  if (again === undefined) return first.table();
  const second = new CsvTable(`'${path}'`, columns, again);
  await eachText(path, gzipped, (text) => second.push(text));
  second.end();
  return second.table();
}

/** Reads the text of a CSV file as `readCsv()` reads a file. @throws GlmmcError as `readCsv`, the file errors apart */
export function parseCsv(text: string): Table {
  if (typeof text !== 'string') {
    throw new GlmmcError('bad-csv', `parseCsv() takes the text of a CSV file, found ${describe(text)}`);
  }
  let texts: ReadonlySet<number> = new Set();
  for (;;) {
    const reading = new CsvTable('the CSV text', undefined, texts);
    reading.push(text);
    const again = reading.end();
    if (again === undefined) return reading.table();
    texts = again;
  }
}

/** The text of a file, piece by piece. */
async function eachText(path: string, gzipped: boolean, take: (text: string) => void): Promise<void> {
  const { createReadStream } = builtin('node:fs', BYTES);
  const { pipeline } = builtin('node:stream/promises', BYTES);
  const { createGunzip } = builtin('node:zlib', BYTES);
  const decoder = new TextDecoder();
  let refused: unknown;
  const consume = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
    try {
      for await (const bytes of pieces) take(decoder.decode(bytes, { stream: true }));
      take(decoder.decode());
    } catch (error) {
      // A pipeline of three may report an abort in its place.
      refused = error;
      throw error;
    }
  };
  const source = createReadStream(path, { highWaterMark: PIECE });
  try {
    if (gzipped) await pipeline(source, createGunzip({ chunkSize: PIECE }), consume);
    else await pipeline(source, consume);
  } catch (error) {
    if (refused instanceof GlmmcError) throw refused;
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) {
      throw new GlmmcError(
        'unreadable-file',
        `'${path}' is gzipped, but not to its end: ${(error as Error).message}; fetch or make the file again`,
      );
    }
    throw await fileError(path, error as NodeJS.ErrnoException);
  }
}

/** Bytes read at a time. */
const PIECE = 1 << 20;

/** A table while its text comes in. */
class CsvTable {
  private readonly source: string;
  private readonly texts: ReadonlySet<number>;
  private readonly records: CsvRecords;
  private names: readonly string[] | undefined;
  private columns: (CsvColumn | undefined)[] = [];
  private readonly wanted: readonly string[] | undefined;
  private rows = 0;

  /**
   * @param wanted the columns to keep, all where undefined
   * @param texts the places of columns that are known to be text
   */
  constructor(source: string, wanted: readonly string[] | undefined, texts: ReadonlySet<number> = new Set()) {
    this.source = source;
    this.wanted = wanted;
    this.texts = texts;
    this.records = new CsvRecords((fields, line) => this.take(fields, line));
  }

  push(text: string): void {
    this.guard(() => this.records.push(text));
  }

  /** The places of columns that must be read again as text; undefined where the table is whole. */
  end(): ReadonlySet<number> | undefined {
    this.guard(() => this.records.end());
    if (this.names === undefined || this.rows === 0) {
      throw new GlmmcError(
        'empty-csv',
        `${this.source} must have a header line and at least one row, found ${this.names === undefined ? 'nothing' : 'a header alone'}`,
      );
    }
    const again = this.columns.flatMap((column, j) => (column?.mustReread ? [j] : []));
    return again.length > 0 ? new Set([...this.texts, ...again]) : undefined;
  }

  table(): Table {
    const names = this.names!;
    return Object.fromEntries(
      (this.wanted ?? names).map((name) => [name, this.columns[names.indexOf(name)]!.finish()]),
    );
  }

  private take(fields: readonly string[], line: number): void {
    const { names, columns } = this;
    if (names === undefined) {
      const found = header(fields, this.source);
      const unknown = this.wanted?.find((name) => !found.includes(name));
      if (unknown !== undefined) {
        throw new GlmmcError(
          'unknown-column',
          `${this.source} has no column '${unknown}'${didYouMean(unknown, found)}`,
        );
      }
      this.names = found;
      this.columns = found.map((name, j) =>
        (this.wanted?.includes(name) ?? true) ? new CsvColumn(this.texts.has(j)) : undefined,
      );
      return;
    }
    if (fields.length !== names.length) {
      throw new GlmmcError(
        'ragged-csv',
        `${this.source}, line ${line}: expected ${names.length} fields (${names.join(', ')}), found ${fields.length}; look for a missing or extra comma, or quote fields that contain one`,
      );
    }
    for (let j = 0; j < fields.length; j++) columns[j]?.push(fields[j]!);
    this.rows++;
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof GlmmcError) throw error;
      throw new GlmmcError('bad-csv', `${this.source}: ${(error as Error).message}`);
    }
  }
}

/** Column names; the nameless column that R writes its row names under is called X, as R reads it. */
function header(record: readonly string[], source: string): string[] {
  let nameless = 0;
  const names = record.map((name) => (name !== '' ? name : nameless++ === 0 ? 'X' : `X.${nameless - 1}`));
  const seen = new Map<string, number>();
  names.forEach((name, j) => {
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      throw new GlmmcError(
        'duplicate-columns',
        `${source}: columns ${earlier + 1} and ${j + 1} are both called '${name}'; rename one`,
      );
    }
    seen.set(name, j);
  });
  return names;
}
