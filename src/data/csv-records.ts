// The records of CSV text that comes in pieces: csv-parse where there are quotes, plain splitting where there are none.
import { parse } from '#csv-parse';

/** Takes the fields, trimmed, of a record that is not blank; `line` is counted from 1. */
export type TakeRecord = (fields: readonly string[], line: number) => void;

/**
 * Cuts text into records as it comes; what is held is the unfinished part alone. Without a quote character CSV is splitting, and
 * splitting is five times faster than the library, which is given the pieces that have quotes.
 */
export class CsvRecords {
  private readonly take: TakeRecord;
  private delimiter: string | undefined;
  /** Text that has come and whose records are not all complete. */
  private held = '';
  /** How far `held` has been searched for line ends, the last one found outside quotes (its end), and whether inside them. */
  private searched = 0;
  private complete = 0;
  private quoted = false;
  /** Lines of the text before `held`. */
  private lines = 0;
  private started = false;

  constructor(take: TakeRecord) {
    this.take = (fields, line) => {
      // A line of spaces is blank too.
      if (fields.length > 1 || fields[0] !== '') take(fields, line);
    };
  }

  /** @throws what `take` throws, and csv-parse's error for a quote out of place */
  push(text: string): void {
    const first = !this.started && text.length > 0;
    this.held += first && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    if (first) this.started = true;
    this.search();
    if (this.complete === 0) return;
    const block = this.held.slice(0, this.complete);
    this.held = this.held.slice(this.complete);
    this.searched -= this.complete;
    this.complete = 0;
    this.records(block);
  }

  /** The last record needs no line end. @throws as `push` */
  end(): void {
    if (this.held !== '') this.records(this.held);
    this.held = '';
  }

  /** Finds the last line end that is not between quotes; a doubled quote closes and opens again. */
  private search(): void {
    const { held } = this;
    let at = this.searched;
    while (at < held.length) {
      const quote = held.indexOf('"', at);
      const stop = quote < 0 ? held.length : quote;
      if (!this.quoted && stop > at) {
        const newline = held.lastIndexOf('\n', stop - 1);
        if (newline >= at) this.complete = newline + 1;
      }
      if (quote >= 0) this.quoted = !this.quoted;
      at = stop + 1;
    }
    this.searched = held.length;
  }

  private records(block: string): void {
    this.delimiter ??= delimiterOf(block);
    // Lines may also end in CR alone, which the library sees to.
    if (block.includes('"') || (block.includes('\r') && !block.includes('\n'))) this.parseQuoted(block);
    else this.splitLines(block);
  }

  private parseQuoted(block: string): void {
    const { lines, take } = this;
    let taking = false;
    const onRecord = (fields: string[], context: { lines: number }): void => {
      taking = true;
      take(fields, lines + context.lines);
      taking = false;
    };
    try {
      parse(block, {
        delimiter: this.delimiter!,
        // Left to itself it takes the first line end for that of all lines, and files that were put together have both.
        record_delimiter: block.includes('\n') ? ['\r\n', '\n'] : ['\r'],
        skip_empty_lines: true,
        trim: true,
        relax_column_count: true,
        on_record: onRecord as never,
      });
    } catch (error) {
      if (taking) throw error;
      // The library counts the lines of the block.
      throw new Error(
        (error as Error).message.replace(/\bline (\d+)/, (_, line) => `line ${lines + Number(line)}`),
      );
    }
    for (let at = block.indexOf('\n'); at >= 0; at = block.indexOf('\n', at + 1)) this.lines++;
  }

  private splitLines(block: string): void {
    const delimiter = this.delimiter!;
    for (let start = 0; start < block.length; ) {
      const end = block.indexOf('\n', start);
      const stop = end < 0 ? block.length : end;
      const fields = block.slice(start, stop).split(delimiter);
      start = stop + 1;
      this.lines++;
      for (let j = 0; j < fields.length; j++) fields[j] = fields[j]!.trim();
      this.take(fields, this.lines);
    }
  }
}

/** Comma, unless the first line that is not empty has none and is split by tabs or semicolons. */
function delimiterOf(text: string): string {
  const line = /[^\r\n]+/.exec(text)?.[0] ?? '';
  if (line.includes(',')) return ',';
  return line.includes('\t') ? '\t' : line.includes(';') ? ';' : ',';
}
