// A table of a page: caption, headers with their scope, a link to its numbers as CSV.
import { type CsvCell, csvAddress, csvText } from './csv.js';
import { type Html, html } from './markup.js';

export interface DataTable {
  /** Of the element, and of the file that the link saves. */
  readonly id: string;
  readonly caption: string;
  readonly header: readonly string[];
  /** As they are read; the first cell names the row. */
  readonly rows: readonly (readonly string[])[];
  /** Columns of words, which stand to the left as the first does. */
  readonly words?: readonly string[];
  /** The numbers in full. */
  readonly csv: { readonly header: readonly string[]; readonly rows: readonly (readonly CsvCell[])[] };
  readonly note?: Html | string | undefined;
}

/** On narrow screens the table scrolls by itself, with the keyboard too. */
export function dataTable({ id, caption, header, rows, words = [], csv, note }: DataTable): Html {
  const side = (j: number): string => (j === 0 || words.includes(header[j]) ? 'word' : 'number');
  const text = csvText(csv.header, csv.rows);
  return html`<div class="table">
<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}-caption">
<table id="${id}">
<caption id="${id}-caption"><span>${caption}</span></caption>
<thead><tr>${header.map((name, j) => html`<th scope="col" class="${side(j)}">${name}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (row) =>
    html`<tr>${row.map((cell, j) =>
      j === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${side(j)}">${cell}</td>`,
    )}</tr>\n`,
)}</tbody>
</table>
</div>
<p class="under">${note ? html`${note} ` : ''}<a class="csv" download="${id}.csv" href="${csvAddress(text)}">Download “${caption}” as CSV</a></p>
</div>
`;
}
