// How the reports of special models print a p-value.

/** Four decimals, or that it is smaller; a dash where it is not known. */
export function pText(p: number): string {
  if (Number.isNaN(p)) return '-';
  return p < 1e-4 ? '< 0.0001' : p.toFixed(4);
}
