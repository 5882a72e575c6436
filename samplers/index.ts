// The samplers room, `glmmc/samplers`: densities in, draws out, and what the draws are worth.

/**
 * Densities in, draws out, and what the draws are worth; nothing here knows of mixed models. A {@link Target} makes a {@link Kernel},
 * {@link run} makes {@link Draws} of it, {@link summarizeDraws} judges these. Variates come from the streams of {@link rng}.
 *
 * @module glmmc/samplers
 */

export { CovarianceAdapter, ScaleAdapter, type ScaleAdapterOptions } from './adapt.js';
export { autocorrelation } from './diagnostics/autocorrelation.js';
export { type BatchMeans, batchMeansCovariance } from './diagnostics/batch-means.js';
export type { Chains } from './diagnostics/chains.js';
export { quantile } from './diagnostics/descriptive.js';
export { ebfmi } from './diagnostics/ebfmi.js';
export { type EcdfBand, ecdfBand } from './diagnostics/ecdf-bands.js';
export { essBulk, essMean, essQuantile, essSd, essTail } from './diagnostics/ess.js';
export { geweke } from './diagnostics/geweke.js';
export { type HeidelbergerWelch, heidelbergerWelch } from './diagnostics/heidelberger-welch.js';
export { mcseMean, mcseQuantile, mcseSd } from './diagnostics/mcse.js';
export { rhatNested } from './diagnostics/nested-rhat.js';
export { type Psis, paretoK, paretoThreshold, psis } from './diagnostics/pareto.js';
export { type ChainRanks, type RankPlot, type RankPlotOptions, rankPlot } from './diagnostics/rank-plot.js';
export { potentialScaleReduction, rhat } from './diagnostics/rhat.js';
export { spectrum0 } from './diagnostics/spectrum.js';
export { type Summary, type SummaryRow, summarizeDraws } from './diagnostics/summary.js';
export { binomial, negativeBinomial, poisson } from './discrete-variates.js';
export { allChains, type Draws, makeDraws } from './draws.js';
export { GlmmcError } from './errors.js';
export type { Covariance } from './gaussian.js';
export type { HamiltonianInfo, HamiltonianState } from './hamiltonian/phase.js';
export type { HamiltonianKernel, HamiltonianOptions } from './hamiltonian/tuned.js';
export { type HmcOptions, hmc } from './hmc.js';
export { type IndependenceOptions, type IndependenceState, independence } from './independence.js';
export { type Adaptation, type Info, initialState, type Kernel, type State, type Target } from './kernel.js';
export type { Memory } from './memory.js';
export { type RandomWalkOptions, randomWalk } from './metropolis.js';
export { type NutsOptions, nuts } from './nuts.js';
export { polyaGamma } from './polya-gamma.js';
export { rng, type Stream } from './rng.js';
export { run } from './run.js';
export type { Run, RunOptions, RunProgress, RunSettings } from './run-options.js';
export { type SliceOptions, slice, sliceStep } from './slice.js';
export type { Init } from './start.js';
export {
  type Align,
  alignPoints,
  decimalsFor,
  digitsFor,
  formatNumber,
  type TableOptions,
  table,
  wrap,
} from './text.js';
export { normalAbove, truncatedNormal } from './truncated-normal.js';
export {
  beta,
  chiSquared,
  exponential,
  fillNormal,
  gamma,
  inverseGamma,
  laplace,
  logGamma,
  logistic,
  normal,
  openUniform,
  studentT,
} from './variates.js';
