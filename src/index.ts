// The package `glmmc`: data, models, strategies, what fits say, and all strategies on one yardstick.

/**
 * Data, models, strategies, what fits say, and all strategies on one yardstick. The way through it is `readCsv()` or another
 * reader, {@link glmm}, {@link fit} with a strategy, and what is asked of the {@link Fit}; {@link compare} holds strategies against each
 * other. Errors are {@link GlmmcError}.
 *
 * @module glmmc
 */

export { autocorrelation } from '../samplers/diagnostics/autocorrelation.js';
export type { Chains } from '../samplers/diagnostics/chains.js';
export { ebfmi } from '../samplers/diagnostics/ebfmi.js';
export { type EcdfBand, ecdfBand } from '../samplers/diagnostics/ecdf-bands.js';
export { essBulk, essMean, essQuantile, essSd, essTail } from '../samplers/diagnostics/ess.js';
export { geweke } from '../samplers/diagnostics/geweke.js';
export { type HeidelbergerWelch, heidelbergerWelch } from '../samplers/diagnostics/heidelberger-welch.js';
export { mcseMean, mcseQuantile, mcseSd } from '../samplers/diagnostics/mcse.js';
export { rhatNested } from '../samplers/diagnostics/nested-rhat.js';
export { type Psis, paretoK, paretoThreshold, psis } from '../samplers/diagnostics/pareto.js';
export {
  type ChainRanks,
  type RankPlot,
  type RankPlotOptions,
  rankPlot,
} from '../samplers/diagnostics/rank-plot.js';
export { rhat } from '../samplers/diagnostics/rhat.js';
export { type Summary, type SummaryRow, summarizeDraws } from '../samplers/diagnostics/summary.js';
export type { Draws } from '../samplers/draws.js';
export { GlmmcError } from '../samplers/errors.js';
export {
  type CalibratedParameter,
  type CalibrateOptions,
  type Calibration,
  type CalibrationRow,
  type Coverage,
  calibrate,
} from './compare/calibrate.js';
export {
  type CompareOptions,
  type Comparison,
  compare,
  type PosteriorYardstick,
} from './compare/compare.js';
export type { ComparisonRow, Verdict } from './compare/row.js';
export { type RankedQuantity, type RankVerdict, type Sbc, type SbcOptions, sbc } from './compare/sbc.js';
export {
  type MovedCluster,
  type Sensitivity,
  type SensitivityOptions,
  type SensitivityRow,
  sensitivity,
} from './compare/sensitivity.js';
export { readArrow } from './data/arrow.js';
export type { BigIntegers } from './data/cell-column.js';
export type { ColumnarOptions } from './data/column-options.js';
export { type CsvOptions, parseCsv, readCsv } from './data/csv.js';
export type { AppliedDesign, Covariate, Design } from './data/design.js';
export type { FileSource } from './data/files.js';
export { readParquet } from './data/parquet.js';
export { readData } from './data/read-data.js';
export type { ArrowShaped, DataSource, Table } from './data/table.js';
export { albertChib } from './estimate/albert-chib.js';
export type { ImportanceAnswers, ImportanceEstimate } from './estimate/collapsed/importance.js';
export { type CollapsedFit, type CollapsedOptions, collapsed } from './estimate/collapsed.js';
export { type DiagnoseOptions, diagnose } from './estimate/diagnose.js';
export {
  type Estimate,
  type Fit,
  type FitBase,
  type FitOptions,
  type FitTask,
  fit,
  type Landing,
  type LikelihoodFit,
  type PosteriorFit,
  type Progress,
  type ScoreTest,
  type Strategy,
} from './estimate/fit.js';
export { type ClusterCoefficient, type FixedEffectsFit, fixedEffects } from './estimate/fixed-effects.js';
export { type GibbsOptions, gibbs } from './estimate/gibbs.js';
export type { Iteration } from './estimate/maximum-likelihood.js';
export { type AscentBasedOptions, ascentBased } from './estimate/mcem/ascent-based.js';
export { type BoothHobertOptions, boothHobert } from './estimate/mcem/booth-hobert.js';
export type { ClusterDraws, EStep } from './estimate/mcem/e-step.js';
export type { McemDetail, McemIteration } from './estimate/mcem/em.js';
export { type ImportanceOptions, importance } from './estimate/mcem/importance.js';
export { type McemOptions, mcem } from './estimate/mcem/mcem.js';
export { type MetropolisOptions, metropolis } from './estimate/mcem/metropolis.js';
export { quadratureEStep } from './estimate/mcem/quadrature-e-step.js';
export { type QuasiMonteCarloOptions, quasiMonteCarlo } from './estimate/mcem/quasi-monte-carlo.js';
export { type RejectionEnvelope, type RejectionOptions, rejection } from './estimate/mcem/rejection.js';
export type { RelativeChangeOptions } from './estimate/mcem/relative-change.js';
export {
  type FixedSizeOptions,
  fixedSize,
  type GeometricSizeOptions,
  geometricSize,
  type Stage,
} from './estimate/mcem/schedules.js';
export type {
  EmStep,
  MonteCarloSize,
  SizeDecision,
  SizeRule,
  StepDecision,
} from './estimate/mcem/size.js';
export type { StepError } from './estimate/mcem/step-error.js';
export { type McmlOptions, mcml } from './estimate/mcml/mcml.js';
export { type McnrOptions, mcnr } from './estimate/mcnr/mcnr.js';
export { type NutsStrategyOptions, nuts } from './estimate/nuts.js';
export type { FixedParameters, HeldParameters, ParameterSpace } from './estimate/parameter-space.js';
export { polyaGamma } from './estimate/polya-gamma.js';
export { type HeterogeneityTest, type PooledFit, pooled } from './estimate/pooled.js';
export {
  exponentialPrior,
  halfCauchy,
  halfNormal,
  halfT,
  inverseGammaVariance,
  type NormalPrior,
  normalPrior,
  type Prior,
  type Priors,
  pcPrior,
  type ResolvedPriors,
  type ScalePrior,
  uniformPrior,
} from './estimate/priors.js';
export { laplace, type QuadratureOptions, quadrature } from './estimate/quadrature.js';
export {
  type PosteriorParameter,
  type QuadraturePosterior,
  type QuadraturePosteriorOptions,
  quadraturePosterior,
} from './estimate/quadrature-posterior.js';
export { mql, pql, type QuasiLikelihoodOptions } from './estimate/quasi-likelihood.js';
export { type SaemOptions, saem } from './estimate/saem/saem.js';
export { type SimulateOptions, simulate } from './estimate/simulate.js';
export { type AugmentRow, augment } from './inspect/augment.js';
export type { ReplicationOptions } from './inspect/bootstrap/options.js';
export type { BootstrapType } from './inspect/bootstrap/replicate.js';
export {
  type Bootstrap,
  type BootstrapInterval,
  type BootstrapOptions,
  bootstrap,
} from './inspect/bootstrap.js';
export {
  type Caterpillar,
  type CaterpillarOptions,
  type CaterpillarRow,
  caterpillar,
} from './inspect/caterpillar.js';
export {
  type BootstrapConfintOptions,
  type ConfintMethod,
  type ConfintOptions,
  confint,
  type Interval,
  type Intervals,
} from './inspect/confint.js';
export { type ClusterElpd, type Elpd, type ElpdOptions, elpd } from './inspect/elpd.js';
export { type Glance, glance } from './inspect/glance.js';
export { type ClusterInfluence, type Influence, influence } from './inspect/influence.js';
export {
  type InformationCriteria,
  type InformationCriteriaOptions,
  informationCriteria,
} from './inspect/information-criteria.js';
export {
  type BootstrapLikelihoodRatio,
  type LikelihoodRatio,
  type LikelihoodRatioOptions,
  likelihoodRatio,
} from './inspect/likelihood-ratio.js';
export { clusterLogLik, rowLogLik } from './inspect/log-lik.js';
export {
  type MarginalCoefficient,
  type MarginalCoefficients,
  type MarginalCoefficientsOptions,
  marginalCoefficients,
} from './inspect/marginal-coefficients.js';
export type { AverageTarget } from './inspect/marginal-effects/averages.js';
export {
  type AverageMarginalEffectOptions,
  averageComparisons,
  averageMarginalEffects,
  type ComparisonOptions,
  type MarginalEffect,
  type MarginalEffectOptions,
  type MarginalEffects,
} from './inspect/marginal-effects.js';
export { type MarginalLink, marginalLink } from './inspect/marginal-link.js';
export { type MedianOddsRatio, medianOddsRatio } from './inspect/median-odds-ratio.js';
export type { PredictionScale, PredictionTarget } from './inspect/predict/by-delta.js';
export { type Prediction, type Predictions, type PredictOptions, predict } from './inspect/predict.js';
export {
  type PosteriorPredictiveOptions,
  type Predictive,
  type PredictiveRow,
  type PriorPredictive,
  type PriorPredictiveOptions,
  posteriorPredictive,
  priorPredictive,
  type TestStatistic,
} from './inspect/predictive.js';
export { type RandomIntercept, type RandomIntercepts, ranef } from './inspect/ranef.js';
export { type ClusterRank, type Ranks, ranks } from './inspect/ranks.js';
export { type RefitOptions, refit } from './inspect/refit.js';
export { type ResidualOptions, type ResidualType, residuals } from './inspect/residuals.js';
export {
  type Sandwich,
  type SandwichEstimate,
  type SandwichOptions,
  sandwich,
} from './inspect/sandwich.js';
export { type TidyOptions, type TidyRow, type TidyRows, tidy } from './inspect/tidy.js';
export {
  type Association,
  type Associations,
  type WithinClusterOptions,
  withinCluster,
} from './inspect/within-cluster.js';
export type { Integrand } from './likelihood/integrand.js';
export { type Marginal, type MarginalOptions, marginal } from './likelihood/marginal.js';
export { type DuckDbConnection, type DuckDbOptions, glmmFromDuckDb } from './model/aggregate/duckdb.js';
export {
  type AggregatedModelOptions,
  type AggregateOptions,
  aggregateSql,
  glmmFromAggregate,
} from './model/aggregate/model.js';
export type { ColumnKind } from './model/aggregate/plan.js';
export type { Clusters } from './model/clusters.js';
export {
  type Combination,
  combination,
  type FamilyRow,
  type Integrator,
} from './model/combinations.js';
export { type CustomFamilyOptions, customFamily } from './model/custom-family.js';
export { bridge } from './model/effects/bridge.js';
export { type CustomEffect, customEffect } from './model/effects/custom.js';
export { laplaceEffect } from './model/effects/laplace.js';
export { logGamma } from './model/effects/log-gamma.js';
export { logistic } from './model/effects/logistic.js';
export { normal } from './model/effects/normal.js';
export { pointMasses } from './model/effects/point-masses.js';
export { studentT } from './model/effects/student-t.js';
export {
  binomial,
  type Family,
  gamma,
  gaussian,
  negativeBinomial,
  poisson,
  type VarianceFunction,
} from './model/family.js';
export type { Finding } from './model/finding.js';
export type { Link } from './model/link.js';
export { glmm, type Model, type ModelOptions } from './model/model.js';
export type {
  DispersionDerivatives,
  Outcome,
  RowDerivatives,
  Rows,
  Separable,
  SeparableTerms,
} from './model/outcome.js';
export type { DispersionSlopes, LogDensity } from './model/outcomes/custom.js';
export type { Parameters } from './model/parameters.js';
export type { EffectDerivatives, RandomEffect } from './model/random-effect.js';
export type { Evaluation } from './numeric/newton.js';
export { type ArrowColumn, type ArrowTable, toArrow } from './report/arrow.js';
export { type ArvizData, type ArvizGroup, toArviz } from './report/arviz.js';
export { type CalibrationPlotOptions, calibrationPlot } from './report/plots/calibration.js';
export { type CaterpillarPlotOptions, caterpillarPlot } from './report/plots/caterpillar.js';
export { autocorrelationPlot, rankEcdfPlot, tracePlot } from './report/plots/chains.js';
export { type DensityPlotOptions, densityPlot } from './report/plots/density.js';
export { type FittedPlotOptions, fittedPlot } from './report/plots/fitted.js';
export { type ForestPlotOptions, forestPlot } from './report/plots/forest.js';
export type { PlotRow, PlotSpec } from './report/plots/spec.js';
export { timeErrorPlot } from './report/plots/time-error.js';
export { trajectoryPlot } from './report/plots/trajectory.js';
export { type ReportHtmlOptions, type ReportOptions, report, reportHtml } from './report/report.js';
export { fromStanCsv, toStanCsv } from './report/stan-csv.js';
export type { Theme } from './report/theme.js';
export { type SvgOptions, toSvg } from './report/to-svg.js';
export { type BetaBinomial, betaBinomial } from './special/beta-binomial.js';
export { type ConditionalLogistic, conditionalLogistic } from './special/conditional-logistic.js';
export { type GroupMoments, type LitterGroup, type Litters, litters } from './special/litters.js';
export {
  type LogOddsRatio,
  type MatchedPairs,
  type MatchedPairsOptions,
  type McNemar,
  matchedPairs,
  type PairCounts,
} from './special/matched-pairs.js';
export {
  type MetaAnalysis,
  type MetaAnalysisOptions,
  type MetaMeasure,
  type MetaModel,
  metaAnalysis,
  type Pooled,
  type StudyResult,
  type TwoStep,
} from './special/meta-analysis.js';
export {
  type AndersenSplit,
  type AndersenTest,
  type FitStatistics,
  type Rasch,
  type RaschFixed,
  type RaschOptions,
  type RaschRandom,
  type RaschScore,
  type RaschSide,
  rasch,
  type ScoreEstimate,
} from './special/rasch.js';
