// How large the numbers of each column of a design matrix are.

/** Rows gone through at a time, so that a column's next number is still near. */
const BLOCK = 512;

/** p: the largest |x| of each column of row-major x (n x p); NaN is passed over. */
export function columnExtents(x: Float64Array, n: number, p: number): Float64Array {
  const extent = new Float64Array(p);
  for (let from = 0; from < n; from += BLOCK) {
    const end = Math.min(n, from + BLOCK) * p;
    for (let j = 0; j < p; j++) {
      let most = extent[j]!;
      for (let at = from * p + j; at < end; at += p) {
        const size = Math.abs(x[at]!);
        if (size > most) most = size;
      }
      extent[j] = most;
    }
  }
  return extent;
}
