// Whether an array holds one number only.

/** A loop, not `every`, which costs ten times as much on long arrays. */
export function isFilledWith(array: Float64Array, number: number): boolean {
  for (let k = 0; k < array.length; k++) if (array[k] !== number) return false;
  return true;
}
