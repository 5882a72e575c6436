// CSV text or file in, table out: numeric columns as Float64Array, the others as text.
import { GlmmcError, nearestName } from '../../samplers/errors.js';
import { describe } from '../../samplers/options.js';
import { builtin } from '../numeric/builtin.js';
import { eachRecord } from './csv-records.js';
import type { Table } from './table.js';

/**
 * Reads a CSV file with a header line (UTF-8, quotes as RFC 4180, CRLF or LF, byte order mark ignored).
 * A column whose cells are all numbers, empty or `NA` becomes a `Float64Array` (missing as NaN);
 * any other an array of text (missing as null). A header without commas is split at tabs or semicolons.
 * @throws GlmmcError `file-not-found`, `unreadable-file`, `empty-csv`, `ragged-csv`, `bad-csv`, `duplicate-columns`;
 *   `needs-node` in a browser
 */
export async function readCsv(path: string): Promise<Table> {
  if (!(typeof path === 'string' || (path as unknown) instanceof URL)) {
    throw new GlmmcError('unreadable-file', `readCsv() takes the path of a file, found ${describe(path)}`);
  }
  const { readFile } = builtin('node:fs/promises', 'readCsv() reads files; give the text to parseCsv()');
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw await fileError(path, error as NodeJS.ErrnoException);
  }
  return parseTable(bytes, `'${path}'`);
}

/** The same from a string. @throws GlmmcError as `readCsv`, the file errors apart */
export function parseCsv(text: string): Table {
  if (typeof text !== 'string') {
    throw new GlmmcError('bad-csv', `parseCsv() takes the text of a CSV file, found ${describe(text)}`);
  }
  return parseTable(text, 'the CSV text');
}

function parseTable(input: string | Uint8Array, source: string): Table {
  let names: readonly string[] | undefined;
  const columns: string[][] = [];
  const take = (fields: readonly string[], line: number): void => {
    if (names === undefined) {
      names = header(fields, source);
      for (const _ of names) columns.push([]);
      return;
    }
    if (fields.length !== names.length) {
      throw new GlmmcError(
        'ragged-csv',
        `${source}, line ${line}: expected ${names.length} fields (${names.join(', ')}), found ${fields.length}; look for a missing or extra comma, or quote fields that contain one`,
      );
    }
    for (let j = 0; j < fields.length; j++) columns[j]!.push(fields[j]!);
  };
  try {
    eachRecord(input, take);
  } catch (error) {
    if (error instanceof GlmmcError) throw error;
    throw new GlmmcError('bad-csv', `${source}: ${(error as Error).message}`);
  }
  if (names === undefined || columns[0]!.length === 0) {
    throw new GlmmcError(
      'empty-csv',
      `${source} must have a header line and at least one row, found ${names === undefined ? 'nothing' : 'a header alone'}`,
    );
  }
  return Object.fromEntries(names.map((name, j) => [name, toColumn(columns[j]!)]));
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

function isMissing(text: string): boolean {
  return text === '' || text === 'NA';
}

function toColumn(texts: readonly string[]): Float64Array | (string | null)[] {
  const numbers = new Float64Array(texts.length);
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i]!;
    if (isMissing(text)) numbers[i] = Number.NaN;
    else {
      const value = toNumber(text);
      if (value === undefined) return texts.map((cell) => (isMissing(cell) ? null : cell));
      numbers[i] = value;
    }
  }
  return numbers;
}

const special: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Inf', Infinity],
  ['+Inf', Infinity],
  ['-Inf', -Infinity],
]);

/** A decimal number, or undefined; `0x10` and the like stay text. */
function toNumber(text: string): number | undefined {
  const value = Number(text);
  if (Number.isNaN(value)) return special.get(text);
  const second = text.charCodeAt(1) | 32;
  return text.charCodeAt(0) === 48 && (second === 120 || second === 98 || second === 111) ? undefined : value;
}

/** A missing file with the nearest name beside it; any other failure with the system's reason. */
async function fileError(path: string, error: NodeJS.ErrnoException): Promise<GlmmcError> {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') {
    const reason = error.code === 'EISDIR' ? 'it is a folder' : error.message;
    return new GlmmcError('unreadable-file', `cannot read '${path}': ${reason}`);
  }
  const { readdir } = builtin('node:fs/promises', 'readCsv() reads files');
  const { basename, dirname, join } = builtin('node:path', 'readCsv() reads files');
  const folder = dirname(path);
  const beside = await readdir(folder).catch(() => undefined);
  if (beside === undefined)
    return new GlmmcError('file-not-found', `no file '${path}': there is no folder '${folder}'`);
  const near = nearestName(basename(path), beside);
  return new GlmmcError(
    'file-not-found',
    `no file '${path}'${near === undefined ? '; check the path' : `; did you mean '${join(folder, near)}'?`}`,
  );
}
