// A single fit held against the certified answer, where that is cheap: a comparison of one.
import { type Comparison, compare } from '../compare/compare.js';
import type { Fit, Strategy } from '../estimate/fit.js';
import { fixedOf } from '../estimate/fixed-of.js';

/** Rows up to which the certified maximum is taken to be cheap, and the quadrature posterior. */
const CHEAP_ROWS = { likelihood: 20_000, posterior: 5_000 } as const;
/** Parameters up to which the quadrature posterior is. */
const CHEAP_PARAMETERS = 8;

/** @param wanted true or false to decide, undefined to leave it to the size of the model */
export async function heldAgainst(fit: Fit, wanted: boolean | undefined): Promise<Comparison | undefined> {
  if (wanted === false || isCertified(fit)) return undefined;
  if (wanted === undefined && !isCheap(fit)) return undefined;
  const again: Strategy = {
    name: fit.strategy,
    settings: fit.settings,
    // A copy: fit() notes of what it returns how it came about, and that is known of the fit itself.
    run: async () => ({ ...fit }),
  };
  try {
    return await compare(fit.model, [again], { seed: fit.seed, fixed: fixedOf(fit) });
  } catch {
    // Models that quadrature cannot serve, as custom ones may be: the page is about the fit alone.
    return undefined;
  }
}

/** Whether the fit is what others are held against. */
function isCertified({ kind, strategy }: Fit): boolean {
  return kind === 'likelihood' && strategy === 'quadrature';
}

function isCheap({ kind, model, estimates }: Fit): boolean {
  return (
    model.observations <= CHEAP_ROWS[kind] && (kind === 'likelihood' || estimates.length <= CHEAP_PARAMETERS)
  );
}
