// A file of data in any of the formats that are read, told by its first bytes and not by its name.
import { readArrow } from './arrow.js';
import { type ColumnarOptions, checkColumnar } from './column-options.js';
import { readCsv } from './csv.js';
import { firstBytes } from './files.js';
import { readParquet } from './parquet.js';
import type { Table } from './table.js';

/**
 * Reads a file by the reader that its first bytes ask for: Parquet, Arrow (file or stream), else CSV, gzipped or not.
 * @param options as for `readParquet()`; of a CSV file `columns` picks those that are kept
 * @throws GlmmcError as `readParquet`, `readArrow` and `readCsv`
 */
export async function readData(path: string, options: ColumnarOptions = {}): Promise<Table> {
  const { columns } = checkColumnar('readData()', options);
  const start = String.fromCharCode(...(await firstBytes('readData()', path, 6)));
  if (start.startsWith('PAR1')) return readParquet(path, options);
  if (start === 'ARROW1' || start.startsWith('\xff\xff\xff\xff')) return readArrow(path, options);
  return readCsv(path, columns && { columns });
}
