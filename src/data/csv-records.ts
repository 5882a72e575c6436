// The records of CSV text, one call each: csv-parse where there are quotes, plain splitting where there are none.
import { parse } from '#csv-parse';

/**
 * Calls `take(fields, line)` for each record that is not blank, fields trimmed, `line` counted from 1.
 * Without a quote character in the input CSV is splitting, and splitting is five times faster than the library.
 * @throws what `take` throws, and csv-parse's error for a quote out of place
 */
export function eachRecord(
  input: string | Uint8Array,
  take: (fields: readonly string[], line: number) => void,
): void {
  const delimiter = delimiterOf(input);
  // A line of spaces is blank too.
  const takeFilled = (fields: readonly string[], line: number): void => {
    if (fields.length > 1 || fields[0] !== '') take(fields, line);
  };
  if (isPlain(input)) splitLines(decode(input), delimiter, takeFilled);
  else {
    parse(input as string, {
      bom: true,
      delimiter,
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
      on_record: ((fields: string[], context: { lines: number }) =>
        takeFilled(fields, context.lines)) as never,
    });
  }
}

/** Comma, unless the first line has none and is split by tabs or semicolons. */
function delimiterOf(input: string | Uint8Array): string {
  const line = /[^\r\n]+/.exec(decode(input, 65536))?.[0] ?? '';
  if (line.includes(',')) return ',';
  return line.includes('\t') ? '\t' : line.includes(';') ? ';' : ',';
}

/** No quotes, lines ended by LF or CRLF, short enough for one string. */
function isPlain(input: string | Uint8Array): boolean {
  if (typeof input === 'string')
    return !input.includes('"') && (input.includes('\n') || !input.includes('\r'));
  return input.length < 2 ** 28 && !input.includes(34) && (input.includes(10) || !input.includes(13));
}

/** Text without its byte order mark. */
function decode(input: string | Uint8Array, limit?: number): string {
  if (typeof input !== 'string') return new TextDecoder().decode(input.subarray(0, limit));
  return input.slice(input.charCodeAt(0) === 0xfeff ? 1 : 0, limit);
}

function splitLines(
  text: string,
  delimiter: string,
  take: (fields: readonly string[], line: number) => void,
): void {
  let line = 0;
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const stop = end < 0 ? text.length : end;
    const record = text.slice(start, stop);
    start = stop + 1;
    line++;
    const fields = record.split(delimiter);
    for (let j = 0; j < fields.length; j++) fields[j] = fields[j]!.trim();
    take(fields, line);
  }
}
