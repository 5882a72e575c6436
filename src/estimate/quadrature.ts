// quadrature() and laplace(): maximum likelihood with the integrals done numerically.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions, count, positive } from '../../samplers/options.js';
import { DEFAULT_TOLERANCE } from '../likelihood/marginal.js';
import { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import { requireDensity, requireSmooth } from '../likelihood/supported.js';
import type { Rule } from '../likelihood/sweep.js';
import type { Finding } from '../model/finding.js';
import type { FitTask, LikelihoodFit, Strategy } from './fit.js';
import { finishLikelihoodFit, laplaceGap } from './likelihood-fit.js';
import { maximumLikelihood } from './maximum-likelihood.js';
import { told } from './telling.js';

/** Options of `quadrature()`. */
export interface QuadratureOptions {
  /** `certified` (default), `adaptive` (adaptive Gauss-Hermite) or `gauss-hermite` (centred at 0). */
  readonly rule?: 'certified' | 'adaptive' | 'gauss-hermite';
  /** Nodes per cluster, for the last two (default 25). */
  readonly nodes?: number;
  /** Error of the log-likelihood that `certified` must reach (default 1e-9, read as max(tolerance, 1e-13 |logLik|)). */
  readonly tolerance?: number;
}

/**
 * Maximum likelihood by quadrature. `certified` refines a nested rule cluster by cluster until the error of the
 * log-likelihood is below `tolerance`; the two Gauss-Hermite rules keep their number of nodes whatever the error.
 *
 * Source: Trefethen and Weideman (2014), SIAM Review 56, for the trapezoid rule of `certified`; Liu and Pierce (1994), Biometrika 81,
 * for `adaptive`.
 * @throws GlmmcError `unknown-option`, `bad-option`; from fit() `unsupported-effect` (`adaptive`, corners)
 */
export function quadrature(options: QuadratureOptions = {}): Strategy<LikelihoodFit> {
  const known = checkOptions(
    'quadrature()',
    {
      rule: v.optional(
        v.picklist(['certified', 'adaptive', 'gauss-hermite'], "'certified', 'adaptive' or 'gauss-hermite'"),
        'certified',
      ),
      nodes: v.optional(count(1, 400)),
      tolerance: v.optional(positive()),
    },
    options,
  );
  const { rule, nodes, tolerance } = known;
  if (rule === 'certified') {
    if (nodes !== undefined) {
      throw new GlmmcError(
        'bad-option',
        "quadrature(): nodes goes with rule 'adaptive' or 'gauss-hermite'; the certified rule chooses its own, by tolerance",
      );
    }
    const settings = { rule, tolerance: tolerance ?? DEFAULT_TOLERANCE };
    const certified = strategy('quadrature', settings, { kind: 'certified', tolerance: settings.tolerance });
    return told(certified, 'quadrature', options);
  }
  if (tolerance !== undefined) {
    throw new GlmmcError('bad-option', `quadrature(): tolerance goes with rule 'certified', found '${rule}'`);
  }
  const settings = { rule, nodes: nodes ?? 25 };
  const fixed = strategy(`quadrature(${rule}, ${settings.nodes})`, settings, {
    kind: rule,
    nodes: settings.nodes,
  });
  return told(fixed, 'quadrature', options);
}

/**
 * Maximises the Laplace approximation, as glmer (nAGQ = 1) and glmmTMB do; the finding `laplace-inaccurate` says where
 * it is off. Standard errors are those of the approximation.
 *
 * Source: Liu and Pierce (1994), Biometrika 81: adaptive Gauss-Hermite with one node.
 * @throws GlmmcError from fit() `unsupported-effect`
 */
export function laplace(): Strategy<LikelihoodFit> {
  return told(strategy('laplace', {}, { kind: 'adaptive', nodes: 1 }), 'laplace', {});
}

type FixedRule = Extract<Rule, { nodes: number }>;
type MaximisedRule = Extract<Rule, { kind: 'certified' }> | FixedRule;

function strategy(
  name: string,
  settings: Readonly<Record<string, unknown>>,
  rule: MaximisedRule,
): Strategy<LikelihoodFit> {
  const self = { name, settings, run: (task: FitTask) => run(self, task, rule) };
  return self;
}

async function run(
  self: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  rule: MaximisedRule,
): Promise<LikelihoodFit> {
  if (rule.kind !== 'certified') requireDensity(self.name, task.model);
  else if (task.model.randomEffect.points) {
    const { fitPointMasses } = await import('./point-masses.js');
    return fitPointMasses(self, task, rule.tolerance);
  }
  if (rule.kind === 'adaptive') requireSmooth(`${self.name}${rule.nodes === 1 ? '()' : ''}`, task.model);
  await task.pause();
  const likelihood = new MarginalLikelihood(task.model);
  await likelihood.employ(task.workers);
  try {
    return await maximise(self, task, rule, likelihood);
  } finally {
    likelihood.release();
  }
}

async function maximise(
  self: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  rule: MaximisedRule,
  likelihood: MarginalLikelihood,
): Promise<LikelihoodFit> {
  const maximum = await maximumLikelihood(likelihood, task.space, rule, {
    pause: () => task.pause(),
    start: task.start,
    onStep: ({ iteration, objective, parameters }) =>
      task.onProgress({ stage: 'newton', done: iteration, detail: { logLik: objective }, parameters }),
  });
  const { parameters } = maximum;
  if (rule.kind === 'certified') {
    const objective = likelihood.evaluate(parameters, rule, false);
    const findings = [...maximum.findings, ...laplaceGap(task.model, likelihood, 'note')];
    return finishLikelihoodFit(self, task, likelihood, { ...maximum, objective, findings }, rule.tolerance);
  }
  const objective = likelihood.evaluate(parameters, rule, true);
  const hessian = likelihood.hessian.slice();
  const certified = { kind: 'certified', tolerance: DEFAULT_TOLERANCE } as const;
  const error = objective - likelihood.evaluate(parameters, certified, false);
  const inaccurate = rule.nodes === 1 ? laplaceGap(task.model, likelihood, 'warning') : fewNodes(rule, error);
  const findings = [...maximum.findings, ...inaccurate];
  return finishLikelihoodFit(self, task, likelihood, { ...maximum, objective, findings, hessian });
}

/** The error of the log-likelihood from which a rule with a fixed number of nodes is called inaccurate. */
const INACCURATE = 0.01;

function fewNodes(rule: FixedRule, error: number): Finding[] {
  if (Math.abs(error) < INACCURATE) return [];
  return [
    {
      code: 'quadrature-inaccurate',
      severity: 'warning',
      message: `With ${rule.nodes} ${rule.kind} nodes the log-likelihood is wrong by ${error.toPrecision(2)} at this estimate.`,
      advice: 'Use quadrature() without a rule: it refines until the error is certified.',
    },
  ];
}
