// Student t intercepts, for clusters far from the rest.
import { GlmmcError } from '../../../samplers/errors.js';
import { describe } from '../../../samplers/options.js';
import { lgam } from '../../../samplers/special.js';
import { studentT as studentVariate } from '../../../samplers/variates.js';
import { type RandomEffect, withoutSigma } from '../random-effect.js';

/**
 * eps = sigma t, t Student's with `df` > 0 degrees of freedom (held, not estimated): sigma is the scale. The standard
 * deviation, sigma sqrt(df / (df - 2)), is infinite for df <= 2.
 * @throws GlmmcError `bad-option`
 */
export function studentT(df: number): RandomEffect {
  if (!(typeof df === 'number' && df > 0 && Number.isFinite(df))) {
    throw new GlmmcError(
      'bad-option',
      `studentT(df) takes degrees of freedom, a finite number > 0, found ${describe(df)}; normal() is the limit of large df`,
    );
  }
  const constant = logRatioOfGammas(df / 2) - 0.5 * Math.log(df * Math.PI);
  const n = df + 1;
  return {
    name: 'student-t',
    symmetric: true,
    scaleFamily: true,
    logConcave: false,
    tails: 'polynomial',
    tailDf: df,
    kink: false,
    smoothAtZero: df > 2,
    center: () => 0,
    // Poles at +-i sqrt(df): error exp(-2 pi sqrt(df) / step).
    step: () => Math.sqrt(df) / 6.2,
    logDensity: (z) => constant - 0.5 * n * Math.log1p((z * z) / df),
    derivatives(z, _sigma, out) {
      const square = z * z;
      const r = 1 / (df + square);
      out.z = -n * z * r;
      out.zz = -n * (df - square) * r * r;
      out.zzz = 2 * n * z * (3 * df - square) * r * r * r;
      withoutSigma(out);
    },
    draw: (rng) => studentVariate(rng, df),
    standardDeviation: ({ sigma }) => {
      if (sigma === 0) return 0;
      return df > 2 ? sigma * Math.sqrt(df / (df - 2)) : Number.POSITIVE_INFINITY;
    },
  };
}

/** log Gamma(a + 1/2) - log Gamma(a), whose two terms cancel for large a (series: Tricomi and Erdelyi 1951). */
function logRatioOfGammas(a: number): number {
  if (a < 25) return lgam(a + 0.5) - lgam(a);
  const q = 1 / (a * a);
  return 0.5 * Math.log(a) - (1 / a) * (1 / 8 - q * (1 / 192 - q * (1 / 640 - (q * 17) / 14336)));
}
