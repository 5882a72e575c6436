// exp by a table: the same bits on every engine (versions of V8 differ in Math.exp), and several times faster.

/** Steps of log(2) / STEPS; between them three terms of the series are enough. */
const STEPS = 2048;
const PER_STEP = STEPS / Math.LN2;
/** log(2) / STEPS in two parts: whole multiples of the first, to 2^26, are exact. */
const STEP_HIGH = 0.00033845076541183516;
const STEP_LOW = 6.345950631782172e-12;
const FRACTIONS = fractions();
/** 2^n for n = -1074 .. 1023. */
const LEAST_POWER = -1074;
const POWERS = powers();

/**
 * e^x, within 1.5 units in the last place; 0 below -745.2, Infinity above 709.79, subnormal results with one more rounding.
 * Tang (1989), "Table-driven implementation of the exponential function", ACM TOMS 15.
 */
export function exp(x: number): number {
  // Written so that NaN goes to Math.exp too.
  if (!(x > -707 && x < 709)) return Math.exp(x);
  // Math.round is slower than all the rest.
  const k = (x * PER_STEP + (x < 0 ? -0.5 : 0.5)) | 0;
  const r = x - k * STEP_HIGH - k * STEP_LOW;
  const fraction = FRACTIONS[k & (STEPS - 1)];
  return (fraction + fraction * (r * (1 + r * (0.5 + r * (1 / 6))))) * POWERS[(k >> 11) - LEAST_POWER];
}

/** 2^(j / STEPS), j = 0 .. STEPS - 1, rounded from 120 bits: Math.pow may not be used, it differs between engines. */
function fractions(): Float64Array {
  const bits = 120n;
  const one = 1n << bits;
  let root = 2n * one;
  for (let halvings = STEPS; halvings > 1; halvings /= 2) root = squareRoot(root << bits);
  const table = new Float64Array(STEPS);
  let power = one;
  for (let j = 0; j < STEPS; j++) {
    table[j] = Number(power) / Number(one);
    power = (power * root) >> bits;
  }
  return table;
}

/** The whole part of the square root (Newton's iteration from above). */
function squareRoot(n: bigint): bigint {
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function powers(): Float64Array {
  const table = new Float64Array(1024 - LEAST_POWER);
  for (let n = 0, power = 1; n < 1024; n++, power *= 2) table[n - LEAST_POWER] = power;
  for (let n = -1, power = 0.5; n >= LEAST_POWER; n--, power /= 2) table[n - LEAST_POWER] = power;
  return table;
}
