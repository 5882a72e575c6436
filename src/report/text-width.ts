// How wide a text is in a sans-serif face, about: the same everywhere, whatever fonts and canvases are installed.

const NARROW = new Set("ijl.,:;|!'()[]{}tfrI/ ");
const WIDE = new Set('mwMW@%');
const SIGNS = new Set('<>=+~&#±−×');

/** Pixels of `text` at this font size; the widths of wide faces (DejaVu, Verdana) by classes of characters. */
export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const character of text) {
    if (NARROW.has(character)) width += 0.36;
    else if (WIDE.has(character)) width += 0.95;
    else if (SIGNS.has(character)) width += 0.84;
    else if (character > '\u2e7f') width += 1;
    else if (/\p{Lu}/u.test(character)) width += 0.72;
    else width += 0.62;
  }
  return width * fontSize;
}
