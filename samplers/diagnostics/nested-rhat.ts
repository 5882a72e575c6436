// Nested R-hat: for many short chains, grouped by where they began.
import { GlmmcError } from '../errors.js';
import { type Chains, readChains, undiagnosable } from './chains.js';
import { mean, variance } from './descriptive.js';

/**
 * Nested R-hat of superchains: chains that began at the same point. The between-superchain variance over the within-superchain
 * one tells whether the starts have been forgotten, however short the chains. Neither split nor rank-normalised; with
 * one chain a superchain it is the R-hat of 1992 (but for (n - 1) / n). NaN where a draw is not finite or all are equal.
 *
 * Source: Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari, Gelman (2024), Bayesian Analysis, equations 15 to 19;
 * `rhat_nested` of the R package posterior.
 * @param chains one array per chain, of equal length
 * @param superchains for each chain, what names its superchain; every superchain has as many chains, and there are two or more
 * @throws GlmmcError `bad-chains`
 */
export function rhatNested(chains: Chains, superchains: ArrayLike<number | string>): number {
  const values = readChains(chains);
  const names = Array.from(superchains);
  const members = new Map<number | string, Float64Array[]>();
  names.forEach((name, c) => {
    if (values[c]) members.set(name, [...(members.get(name) ?? []), values[c]]);
  });
  const groups = [...members.values()];
  const size = groups[0]?.length ?? 0;
  if (names.length !== values.length || groups.length < 2 || groups.some((group) => group.length !== size)) {
    throw new GlmmcError(
      'bad-chains',
      `rhatNested takes the superchain of each of the ${values.length} chains, two or more superchains of equal size, found [${names.join(', ')}]`,
    );
  }
  if (undiagnosable(values)) return Number.NaN;
  const n = values[0].length;
  const within = groups.map((group) => {
    const amongChains = size > 1 ? variance(group.map(mean)) : 0;
    return amongChains + (n > 1 ? mean(group.map(variance)) : 0);
  });
  const between = variance(groups.map((group) => mean(group.map(mean))));
  return Math.sqrt(1 + between / mean(within));
}
