// Parquet in, table out, one row group after another, so that little more than the columns is ever in memory.
import type { AsyncBuffer, Compressors, FileMetaData, SchemaElement } from 'hyparquet';
import { GlmmcError } from '../../samplers/errors.js';
import { builtin } from '../numeric/builtin.js';
import { CellColumn } from './cell-column.js';
import { type ColumnarOptions, checkColumnar, chooseColumns } from './column-options.js';
import { BYTES, type FileSource, fileSize } from './files.js';
import type { Table } from './table.js';

/**
 * Reads a Parquet file by hyparquet, in any of the format's codecs. Numbers and decimals become `Float64Array` (missing as
 * NaN); dates are days and timestamps seconds since 1970-01-01 UTC (as R counts them), times seconds of the day; text and
 * booleans become arrays (missing as null). Whole numbers beyond 2^53 are refused, or read as text where
 * `bigIntegers` says so. Nested columns are refused, and can be left out by `columns`.
 * @param source the path of a file, or its bytes
 * @throws GlmmcError `file-not-found`, `unreadable-file`, `bad-parquet` (not Parquet, cut short, damaged), `unknown-column`,
 *   `duplicate-columns`, `empty-data`, `inexact-integer`, `unreadable-column`, `unknown-option`, `bad-option`
 */
export async function readParquet(source: FileSource, options: ColumnarOptions = {}): Promise<Table> {
  const { columns: asked, bigIntegers } = checkColumnar('readParquet()', options);
  const { parquetMetadataAsync, parquetRead, parquetSchema } = await import('hyparquet');
  const { file, label, close } = await open(source);
  try {
    const metadata = await guard(label, () => parquetMetadataAsync(file));
    const schema = parquetSchema(metadata);
    const rows = Number(metadata.num_rows);
    const names = schema.children.map(({ element }) => element.name);
    const chosen = chooseColumns(label, names, rows, asked);
    for (const { element, children } of schema.children) {
      if (!chosen.includes(element.name)) continue;
      if (children.length > 0 || element.repetition_type === 'REPEATED') throw nested(label, element.name);
    }
    const columns = new Map(
      schema.children.map(({ element }) => [
        element.name,
        new CellColumn(label, element.name, rows, bigIntegers, ticksOfDay(element), isWholeDecimal(element)),
      ]),
    );
    const compressors = await compressorsFor(metadata);
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = start + Number(group.num_rows);
      let refused: unknown;
      const onChunk = ({ columnName, columnData, rowStart }: Chunk): void => {
        try {
          columns.get(columnName)?.put(rowStart, columnData);
        } catch (error) {
          refused ??= error;
        }
      };
      await guard(label, () =>
        parquetRead({
          file,
          metadata,
          columns: [...chosen],
          rowStart: start,
          rowEnd: end,
          onChunk,
          parsers: PARSERS,
          ...(compressors && { compressors }),
        }),
      );
      if (refused !== undefined) throw refused;
      start = end;
    }
    return Object.fromEntries(chosen.map((name) => [name, columns.get(name)!.finish()]));
  } finally {
    await close();
  }
}

interface Chunk {
  readonly columnName: string;
  readonly columnData: ArrayLike<unknown>;
  readonly rowStart: number;
}

/** Ticks a second of a column of times of day, 1 of any other. */
function ticksOfDay({ converted_type, logical_type }: SchemaElement): number {
  if (logical_type?.type === 'TIME') return { MILLIS: 1e3, MICROS: 1e6, NANOS: 1e9 }[logical_type.unit];
  return converted_type === 'TIME_MILLIS' ? 1e3 : converted_type === 'TIME_MICROS' ? 1e6 : 1;
}

function isWholeDecimal({ converted_type, scale }: SchemaElement): boolean {
  return converted_type === 'DECIMAL' && (scale ?? 0) === 0;
}

const decoder = new TextDecoder();

/** Dates and times as numbers, JSON as its text. */
const PARSERS = {
  dateFromDays: (days: number | undefined) => days,
  timestampFromMilliseconds: (t: bigint | number | undefined) => seconds(t, 1e3),
  timestampFromMicroseconds: (t: bigint | number | undefined) => seconds(t, 1e6),
  timestampFromNanoseconds: (t: bigint | number | undefined) => seconds(t, 1e9),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes),
} as never;

function seconds(ticks: bigint | number | null | undefined, perSecond: number): number | undefined {
  return ticks === undefined || ticks === null ? undefined : Number(ticks) / perSecond;
}

/** The codecs beyond Snappy, where the file needs one. */
async function compressorsFor({ row_groups }: FileMetaData): Promise<Compressors | undefined> {
  const builtIn = row_groups.every(({ columns }) =>
    columns.every(({ meta_data }) => ['UNCOMPRESSED', 'SNAPPY'].includes(meta_data?.codec ?? '')),
  );
  return builtIn ? undefined : (await import('hyparquet-compressors')).compressors;
}

interface Opened {
  readonly file: AsyncBuffer;
  readonly label: string;
  close(): Promise<void>;
}

async function open(source: FileSource): Promise<Opened> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source;
    const slice = (start: number, end?: number): ArrayBuffer =>
      new Uint8Array(bytes.slice(start, end)).buffer;
    return {
      file: { byteLength: bytes.byteLength, slice },
      label: 'the Parquet bytes',
      close: async () => {},
    };
  }
  const byteLength = await fileSize('readParquet()', source);
  const { open: openFile } = builtin('node:fs/promises', BYTES);
  const handle = await openFile(source);
  return {
    label: `'${source}'`,
    close: () => handle.close(),
    file: {
      byteLength,
      async slice(start, end = byteLength) {
        const bytes = new Uint8Array(Math.max(0, end - start));
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.buffer.slice(0, filled);
      },
    },
  };
}

async function guard<T>(label: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new GlmmcError(
      'bad-parquet',
      `${label} cannot be read as Parquet: ${(error as Error).message}; check that the file is Parquet and was written to its end`,
    );
  }
}

function nested(label: string, name: string): GlmmcError {
  return new GlmmcError(
    'unreadable-column',
    `${label}: column '${name}' is nested (a list, map or record), and tables hold numbers, text and booleans; leave it out by { columns: [...] }`,
  );
}
