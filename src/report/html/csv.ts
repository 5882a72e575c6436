// Tables as CSV, inside links that need no script.

/** A cell; a number that is not finite is an empty one. */
export type CsvCell = string | number;

/**
 * RFC 4180 with line feeds; numbers in full, so that reading gives the same bits. A text that a spreadsheet would work out as a
 * formula gets an apostrophe before it, since names come from data that others may have written.
 */
export function csvText(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cellText).join(',')}\n`).join('');
}

function cellText(cell: CsvCell): string {
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  const text = /^\s*[=+\-@]/.test(cell) && !isNumber(cell) ? `'${cell}` : cell;
  return /[",\r\n\t;]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Of clusters that are numbers; they stay as they are. */
function isNumber(text: string): boolean {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) || text === '-Inf';
}

/** The same as the address of a link; half a surrogate pair has no UTF-8 and becomes the replacement character. */
export function csvAddress(text: string): string {
  const encoded = encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
  return `data:text/csv;charset=utf-8,${encoded.replaceAll("'", '%27')}`;
}
