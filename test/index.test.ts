// The names of the public contract are there.
import test from 'ava';
import * as glmmc from '../src/index.js';

const functions = [
  // data and model
  ...['readParquet', 'readArrow', 'readData', 'aggregateSql', 'glmmFromAggregate', 'glmmFromDuckDb'],
  ...['readCsv', 'parseCsv', 'glmm', 'binomial', 'poisson', 'gaussian', 'gamma', 'normal', 'marginal'],
  ...['negativeBinomial', 'customFamily', 'combination'],
  ...['studentT', 'logistic', 'laplaceEffect', 'logGamma', 'bridge', 'customEffect', 'pointMasses'],
  // strategies and priors
  ...['fit', 'laplace', 'quadrature', 'mcem', 'importance', 'metropolis', 'gibbs', 'nuts'],
  ...['quadraturePosterior', 'collapsed'],
  ...['ascentBased', 'boothHobert', 'fixedSize', 'geometricSize'],
  ...['pql', 'mql', 'pooled', 'fixedEffects', 'saem', 'mcnr', 'mcml', 'polyaGamma', 'albertChib'],
  ...['rejection', 'quasiMonteCarlo', 'quadratureEStep'],
  ...['normalPrior', 'halfNormal', 'halfT', 'halfCauchy', 'exponentialPrior', 'pcPrior'],
  ...['inverseGammaVariance', 'uniformPrior'],
  // inspection, comparison
  ...['ranef', 'tidy', 'glance', 'compare', 'clusterLogLik', 'rowLogLik', 'elpd'],
  ...['predict', 'confint', 'likelihoodRatio', 'withinCluster', 'ranks', 'refit', 'augment'],
  ...[
    'caterpillar',
    'marginalCoefficients',
    'bootstrap',
    'sandwich',
    'influence',
    'residuals',
    'informationCriteria',
  ],
  ...['averageMarginalEffects', 'averageComparisons', 'marginalLink', 'medianOddsRatio'],
  ...['simulate', 'priorPredictive', 'posteriorPredictive', 'sbc', 'calibrate', 'sensitivity'],
  // special models
  ...['metaAnalysis', 'matchedPairs', 'conditionalLogistic', 'rasch', 'litters', 'betaBinomial'],
  // diagnostics and exchange
  ...['rhat', 'essBulk', 'essTail', 'essMean', 'essSd', 'essQuantile', 'mcseMean', 'mcseSd', 'mcseQuantile'],
  ...['autocorrelation', 'geweke', 'heidelbergerWelch', 'paretoK', 'summarizeDraws'],
  ...['ebfmi', 'ecdfBand', 'rhatNested', 'psis', 'paretoThreshold', 'rankPlot', 'diagnose'],
  // seeing
  ...['report', 'reportHtml', 'toSvg', 'forestPlot', 'timeErrorPlot', 'trajectoryPlot', 'tracePlot'],
  ...[
    'rankEcdfPlot',
    'autocorrelationPlot',
    'densityPlot',
    'caterpillarPlot',
    'fittedPlot',
    'calibrationPlot',
  ],
  ...['toStanCsv', 'fromStanCsv', 'toArviz', 'toArrow', 'GlmmcError'],
];

test('every public name of this version is a function, and nothing else is exported', (t) => {
  t.deepEqual(Object.keys(glmmc).sort(), [...functions].sort());
  for (const name of functions) t.is(typeof (glmmc as Record<string, unknown>)[name], 'function', name);
});
