// What nuts() is told, checked and complete.
import type { ChainSettings } from '../chains/chain.js';

export interface NutsSettings extends ChainSettings {
  readonly acceptance: number;
  readonly maxTreeDepth: number;
}
