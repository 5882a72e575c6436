// Arrow's IPC formats in (files, also called Feather 2, and streams), table out.
import type { Table as ArrowTable, DataType } from '@uwdata/flechette';
import { GlmmcError } from '../../samplers/errors.js';
import { CellColumn } from './cell-column.js';
import { type ColumnarOptions, checkColumnar, chooseColumns } from './column-options.js';
import { type FileSource, readBytes } from './files.js';
import { decodeLz4Frame } from './lz4-frame.js';
import type { Table } from './table.js';

type Flechette = typeof import('@uwdata/flechette');

/**
 * Reads an Arrow IPC file or stream, compressed or not (LZ4, Zstandard), by flechette. Columns become what those of
 * `readParquet()` become: numbers `Float64Array` (missing as NaN), dates days and timestamps seconds since 1970-01-01 UTC, times
 * seconds of the day, text, dictionaries of text and booleans arrays (missing as null). Whole numbers beyond 2^53 are
 * refused, or read as text where `bigIntegers` says so.
 * @param source the path of a file, or its bytes
 * @throws GlmmcError `file-not-found`, `unreadable-file`, `bad-arrow` (not Arrow, cut short, damaged), `unknown-column`,
 *   `duplicate-columns`, `empty-data`, `inexact-integer`, `unreadable-column`, `unknown-option`, `bad-option`
 */
export async function readArrow(source: FileSource, options: ColumnarOptions = {}): Promise<Table> {
  const { columns: asked, bigIntegers } = checkColumnar('readArrow()', options);
  const isBytes = source instanceof Uint8Array || source instanceof ArrayBuffer;
  const label = isBytes ? 'the Arrow bytes' : `'${source}'`;
  const bytes = isBytes ? new Uint8Array(source) : await readBytes('readArrow()', source);
  const flechette = await import('@uwdata/flechette');
  await addCodecs(flechette);
  const arrow = decode(flechette, bytes, label);
  const names = arrow.schema.fields.map(({ name }) => name);
  const chosen = chooseColumns(label, names, arrow.numRows, asked);
  return Object.fromEntries(
    chosen.map((name) => {
      const { type } = arrow.schema.fields[names.indexOf(name)]!;
      const isWhole =
        type.typeId === flechette.Type.Decimal && (type as unknown as { scale: number }).scale === 0;
      const divisor = divisorOf(flechette, type);
      const column = new CellColumn(label, name, arrow.numRows, bigIntegers, divisor, isWhole);
      let at = 0;
      for (const batch of arrow.getChildAt(names.indexOf(name)).data) {
        column.put(at, [...batch]);
        at += batch.length;
      }
      return [name, column.finish()];
    }),
  );
}

function decode({ tableFromIPC }: Flechette, bytes: Uint8Array, label: string): ArrowTable {
  let problem: string;
  try {
    const table = tableFromIPC(bytes, { useBigInt: true, useBigIntTimestamp: true });
    if (table.schema !== undefined && table.schema.fields.length > 0) return table;
    problem = 'it has no columns';
  } catch (error) {
    problem = (error as Error).message;
  }
  throw new GlmmcError(
    'bad-arrow',
    `${label} cannot be read as Arrow: ${problem}; check that it is an Arrow (Feather 2) file or stream and was written to its end`,
  );
}

/** flechette leaves codecs to its users; those that have set their own keep them. */
async function addCodecs({
  CompressionType,
  getCompressionCodec,
  setCompressionCodec,
}: Flechette): Promise<void> {
  const encode = (): never => {
    throw new Error('compressing is not supported');
  };
  if (!getCompressionCodec(CompressionType.LZ4_FRAME)) {
    setCompressionCodec(CompressionType.LZ4_FRAME, { decode: decodeLz4Frame, encode });
  }
  if (!getCompressionCodec(CompressionType.ZSTD)) {
    const { decompressZstd } = await import('hyparquet-compressors');
    setCompressionCodec(CompressionType.ZSTD, {
      // A copy: typed arrays are made of it, and must start at a multiple of their size.
      decode: (bytes) => decompressZstd(bytes).slice(),
      encode,
    });
  }
}

const TICKS = [1, 1e3, 1e6, 1e9];
const MILLISECONDS_A_DAY = 86_400_000;

/** What makes days of dates, which flechette gives in milliseconds, and seconds of times, given in their own unit. */
function divisorOf({ Type }: Flechette, type: DataType): number {
  if (type.typeId === Type.Date) return MILLISECONDS_A_DAY;
  const isTime = type.typeId === Type.Timestamp || type.typeId === Type.Time || type.typeId === Type.Duration;
  return isTime ? TICKS[(type as unknown as { unit: number }).unit]! : 1;
}
