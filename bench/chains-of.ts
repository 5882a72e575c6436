// The chains of one variable, as the diagnostics take them.
import type { Draws } from 'glmmc';

export function chainsOf(draws: Draws, name: string): Float64Array[] {
  return Array.from({ length: draws.chains }, (_, c) => draws.chain(name, c));
}
