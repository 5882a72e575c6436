// Numbers as R prints them: in coefficient names, levels and cluster labels.

/** As R's `deparse` and `as.character`: 15 significant digits, fixed where not wider than scientific. */
export function numberText(value: number): string {
  const rounded = Number(value.toPrecision(15));
  if (rounded === 0) return '0';
  if (!Number.isFinite(rounded)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Inf' : '-Inf';
  const [mantissa, power] = Math.abs(rounded).toExponential().split('e') as [string, string];
  const digits = mantissa.length - (mantissa.length > 1 ? 1 : 0);
  const exponent = Number(power);
  const exponentText = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const decimals = Math.max(0, digits - 1 - exponent);
  const fixedWidth = Math.max(exponent, 0) + 1 + (decimals > 0 ? decimals + 1 : 0);
  const scientificWidth = mantissa.length + 1 + exponentText.length;
  const sign = rounded < 0 ? '-' : '';
  if (fixedWidth > scientificWidth) return `${sign}${mantissa}e${exponentText}`;
  return `${sign}${Math.abs(rounded).toFixed(decimals)}`;
}

/**
 * A level or cluster label: whole numbers in full, as R prints integers (100000, not 1e+05), those of more than 15 digits too, which
 * are identifiers that may differ in the last one.
 */
export function labelText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21
    ? String(value === 0 ? 0 : value)
    : numberText(value);
}
