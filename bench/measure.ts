// One measurement each: kernels of the likelihood, a whole fit of a design, a fit of small data.
import { fileURLToPath } from 'node:url';
import {
  binomial,
  fit,
  glmm,
  type LikelihoodFit,
  type Model,
  type Parameters,
  quadrature,
  readCsv,
} from 'glmmc';
import {
  type FitResult,
  type KernelResult,
  median,
  root,
  type SmallResult,
  time,
  timeSeveral,
} from './results.js';
import {
  type Columns,
  plainEvaluation,
  SIMULATED_FORMULA,
  SIMULATED_TRUTH,
  type Simulated,
  simulated,
  WIDE_FORMULA,
  wide,
} from './simulated.js';

/** What is used of the package's own class of that name, which is not among its exports. */
interface MarginalLikelihood {
  evaluate(parameters: Parameters, rule: object, derivatives: boolean | 'gradient'): number;
}

async function likelihoodOf(model: Model): Promise<MarginalLikelihood> {
  const module: { MarginalLikelihood: new (model: Model) => MarginalLikelihood } = await import(
    new URL('dist/src/likelihood/marginal-likelihood.js', root).href
  );
  return new module.MarginalLikelihood(model);
}

const RULES = [
  { kind: 'rough' },
  { kind: 'medium' },
  { kind: 'plain' },
  { kind: 'certified', tolerance: 1e-9 },
] as const;
const DERIVATIVES = [
  ['value', false],
  ['gradient', 'gradient'],
  ['Hessian', true],
] as const;

/** Nanoseconds a row of single evaluations at the parameters the data were drawn with: medians of warm calls. */
export async function measureKernels(
  rows: number,
  runs: number,
): Promise<{ kernels: KernelResult[]; plainNanosecondsPerRow: number }> {
  const data = simulated(rows / 10);
  const likelihood = await likelihoodOf(glmm(SIMULATED_FORMULA, data, { family: binomial() }));
  const { sigma } = SIMULATED_TRUTH;
  const beta = Float64Array.from(SIMULATED_TRUTH.beta);
  const kernels: KernelResult[] = [];
  for (const rule of RULES) {
    for (const [derivatives, asked] of DERIVATIVES) {
      const times: number[] = [];
      // As many again come first, to warm up.
      for (let run = 0; run < 2 * runs; run++) {
        // An evaluation at the last one's parameters would be remembered, not made.
        beta[0] += 1e-9;
        const milliseconds = await time(() => likelihood.evaluate({ beta, sigma }, rule, asked));
        if (run >= runs) times.push(milliseconds);
      }
      const nanosecondsPerRow = (1e6 * median(times)) / rows;
      kernels.push({ rows, rule: rule.kind, derivatives, nanosecondsPerRow });
    }
  }
  return { kernels, plainNanosecondsPerRow: (1e6 * plainEvaluation(data)) / rows };
}

const ROWS_PER_GROUP = 26;

/** A whole certified fit, the model's construction from columns included, that of the data not. */
export async function measureFit(
  design: 'simulated' | 'wide',
  rows: number,
  workers: number,
  runs: number,
): Promise<FitResult> {
  const [formula, data]: [string, Columns] =
    design === 'wide'
      ? [WIDE_FORMULA, wide(rows, Math.round(rows / ROWS_PER_GROUP))]
      : [SIMULATED_FORMULA, simulated(rows / 10)];
  const memoryBefore = process.memoryUsage.rss();
  const models: number[] = [];
  const once = async (): Promise<LikelihoodFit> => {
    const start = performance.now();
    const model = glmm(formula, data, { family: binomial() });
    models.push(performance.now() - start);
    return fit(model, quadrature(), { workers });
  };
  const firstStart = performance.now();
  const { model, logLik, logLikError, converged } = await once();
  const first = performance.now() - firstStart;
  // maxRSS is in KiB.
  const memoryPeak = 1024 * process.resourceUsage().maxRSS;
  const { length: clusters } = model.clusterLabels;
  const { length: coefficients } = model.coefficientNames;
  const times = await timeSeveral(once, runs);
  return {
    rows,
    clusters,
    coefficients,
    workers,
    first,
    warm: median(times),
    model: median(models.slice(1)),
    warmRuns: times.length,
    plain: plainEvaluation(design === 'wide' ? simulated(rows / 10) : (data as Simulated)),
    columnBytes: 8 * rows * Object.keys(data).length,
    memoryBefore,
    memoryPeak,
    logLik,
    logLikError,
    converged,
  };
}

const FORMULAS: Readonly<Record<string, string>> = {
  cbpp: 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)',
  booth_hobert: 'y ~ 0 + x1 + (1 | z1)',
  seeds: 'r | trials(n) ~ x1 * x2 + (1 | plate)',
};
export const SMALL_DATA: readonly string[] = Object.keys(FORMULAS);

/** A certified fit of a shipped data set: the first of the process, and medians of warm ones. */
export async function measureSmall(name: string, runs: number): Promise<SmallResult> {
  const data = await readCsv(fileURLToPath(new URL(`examples/data/${name}.csv`, root)));
  const build = (): Model => glmm(FORMULAS[name], data, { family: binomial() });
  const first = await time(() => fit(build(), quadrature()));
  const model = build();
  const fits: number[] = [];
  const whole: number[] = [];
  for (let run = 0; run < 2 * runs; run++) {
    const alone = await time(() => fit(model, quadrature()));
    const withModel = await time(() => fit(build(), quadrature()));
    // Warm is what comes after the compiler has done its work.
    if (run < runs) continue;
    fits.push(alone);
    whole.push(withModel);
  }
  return {
    data: name,
    rows: model.observations,
    clusters: model.clusterLabels.length,
    first,
    fit: median(fits),
    withModel: median(whole),
  };
}
