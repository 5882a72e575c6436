// EM by draws: E-steps of the size that the rule asks for, fresh or reused, until it ends.
import { Integrand } from '../../likelihood/integrand.js';
import { constantDirection } from '../../model/constant-direction.js';
import type { Finding } from '../../model/finding.js';
import type { Parameters } from '../../model/parameters.js';
import type { FitTask } from '../fit.js';
import { type Iteration, unboundedFinding } from '../maximum-likelihood.js';
import { mostDraws } from '../monte-carlo/budget.js';
import { type ControlVariates, controlsFor } from './control-variates.js';
import { type DrawSet, drawAll, drawOrTrouble } from './e-step.js';
import type { Ends } from './ends.js';
import type { MStepFunction } from './m-step.js';
import type { McemSettings } from './mcem.js';
import { type EmStep, type SizeDecision, type SizeRule, type StepDecision, startRule } from './size.js';
import { stepError } from './step-error.js';
import { type WeighedDraws, weigh } from './weigh.js';

/** No E-step before the polish takes more draws a cluster than this, unless asked to: the polish needs them more. */
const MOST_EM_DRAWS = 20_000;
/** Draws serve again while their smallest effective size is at least this part of what it was where they were drawn. */
const STILL_GOOD = 0.8;

/** Where no polish follows the M-step goes to the maximum itself: what it leaves undone is in the answer. */
const FULL_GAIN = 1e-12;

/** What the history tells of an iteration of `mcem()`, in `Iteration.detail`. */
export type McemDetail = {
  /** Draws a cluster. */
  readonly draws: number;
  /** `fresh`, or `reused` from the iteration before with new weights. */
  readonly drawn: 'fresh' | 'reused';
  /** Gain of Q by the M-step, and its Monte Carlo standard error. */
  readonly gain: number;
  readonly gainError: number;
  /** Fraction of proposals accepted where they were drawn (1 for E-steps without rejection). */
  readonly acceptance: number;
  /** Smallest effective sample size of a cluster's draws. */
  readonly smallestEss: number;
  readonly decision: StepDecision;
};

/** An iteration of `mcem()`: `objective` is Q at the new parameters, `parameters` are those it ended with. */
export interface McemIteration extends Iteration {
  readonly detail: McemDetail;
}

/** Why EM stopped: by the rule, by `maxIterations`, on its way to sigma = 0 or to infinity, or for want of draws. */
export type Ending = 'rule' | 'iterations' | 'boundary' | 'unbounded' | 'no draws';

/** EM of one fit: `run` to the rule's end, then `goOn` where no polish follows. */
export class Em {
  readonly integrand: Integrand;
  readonly history: McemIteration[] = [];
  parameters: Parameters;
  /** The last E-step's. */
  draws: DrawSet | undefined;
  trouble: Finding | undefined;
  private readonly task: FitTask;
  private readonly settings: McemSettings;
  private readonly mStep: MStepFunction;
  private readonly ends: Ends;
  private readonly rule: SizeRule;
  /** c with X c = 1, where there is one. */
  readonly direction: Float64Array | undefined;
  /** c where the M-step fits the mean along it. */
  readonly meanDirection: Float64Array | undefined;
  /** Most draws a cluster in one E-step. */
  readonly mostDraws: number;
  private perCluster: number;
  /** Smallest effective size of `draws` at the parameters that they were drawn at. */
  private essWhenDrawn = 0;
  private falling = 0;
  /** Draws a cluster where the rule is no longer asked; 0 where it is. */
  private held = 0;

  /** @param clusters that the rule is told of: of a part, the whole's */
  constructor(
    task: FitTask,
    settings: McemSettings,
    mStep: MStepFunction,
    start: Parameters,
    ends: Ends,
    clusters: number = task.model.clusters.count,
  ) {
    const { model, space } = task;
    this.task = task;
    this.settings = settings;
    this.mStep = mStep;
    this.ends = ends;
    this.parameters = start;
    this.integrand = new Integrand(model);
    this.direction = constantDirection(
      model,
      space.free.filter((k) => k < model.coefficientNames.length),
    );
    this.meanDirection = settings.expanded === true ? this.direction : undefined;
    const { polish, maxDraws } = settings;
    this.rule = startRule(settings.size, clusters, settings.maxDraws);
    const room = mostDraws(model, maxDraws);
    const enough = polish && !settings.size.stated ? Math.max(this.rule.first, MOST_EM_DRAWS) : room;
    this.mostDraws = Math.min(room, enough);
    this.perCluster = Math.min(this.mostDraws, this.rule.first);
  }

  /** Iterates until the rule ends EM, or something else does, or an M-step gains less than `enoughGain` for sure. */
  run(enoughGain = 0): Promise<Ending> {
    return this.repeat((ended) => {
      const { gain, gainError } = this.history[this.history.length - 1].detail;
      return ended || gain + gainError < enoughGain;
    });
  }

  /** So many more iterations of so many draws a cluster (no more than there may be), every step taken. */
  goOn(perCluster: number, iterations: number): Promise<Ending> {
    this.held = Math.min(this.mostDraws, Math.ceil(perCluster));
    this.perCluster = this.held;
    let done = 0;
    return this.repeat(() => ++done >= iterations);
  }

  private async repeat(enough: (ended: boolean) => boolean): Promise<Ending> {
    const { task, settings, ends, history } = this;
    let done = false;
    while (!done && history.length < settings.maxIterations) {
      await task.pause();
      const tried = drawOrTrouble(() => this.iterate());
      if ('trouble' in tried) {
        this.trouble = tried.trouble;
        return 'no draws';
      }
      done = enough(tried.drawn);
      const { parameters } = this;
      if (this.falling > 3 && ends.isSmall(parameters) && (await ends.zeroAttracts(parameters))) {
        return 'boundary';
      }
      if (ends.isRunningAway(parameters)) {
        this.trouble = unboundedFinding(parameters.sigma);
        return 'unbounded';
      }
    }
    if (await ends.zeroAttracts(this.parameters)) return 'boundary';
    return done ? 'rule' : 'iterations';
  }

  /** One E-step and one M-step; whether the rule ends EM with them. */
  private iterate(): boolean {
    const { task, settings, integrand, direction, perCluster, parameters: previous } = this;
    const { space } = task;
    const iteration = this.history.length + 1;
    integrand.setParameters(previous);
    const { weighed, controls, reused } = this.eStep(iteration);
    const { expanded } = settings;
    const enoughGain = settings.polish ? undefined : FULL_GAIN;
    const step = this.mStep(integrand, space, previous, weighed, controls, direction, expanded, enoughGain);
    const { gain, gainError } = step;
    const { decision, draws, ended } = this.decide({
      iteration,
      draws: perCluster,
      mostDraws: this.mostDraws,
      previous,
      proposed: step.parameters,
      gain,
      gainError,
      stepError: () =>
        stepError(
          integrand,
          space,
          previous,
          step,
          weighed,
          controls,
          this.meanDirection,
          expanded !== false,
        ),
    });
    if (decision !== 'more draws') this.parameters = step.parameters;
    const { parameters } = this;
    this.falling = step.parameters.sigma < previous.sigma ? this.falling + 1 : 0;
    this.history.push({
      iteration,
      objective: step.objective,
      parameters,
      detail: {
        draws: weighed.set.perCluster,
        drawn: reused ? 'reused' : 'fresh',
        gain,
        gainError,
        acceptance: weighed.set.acceptance,
        smallestEss: weighed.smallestEss,
        decision,
      },
    });
    task.onProgress({
      stage: 'em',
      done: iteration,
      total: settings.maxIterations,
      detail: { gain, draws: perCluster, sigma: parameters.sigma },
      parameters,
    });
    this.perCluster = Math.min(this.mostDraws, draws);
    return ended;
  }

  private decide(step: EmStep): SizeDecision {
    if (this.held > 0) return { decision: 'taken', draws: this.held, ended: false };
    return this.rule.decide(step);
  }

  /** Draws at the integrand's parameters, or the last draws with new weights where these carry them well. */
  private eStep(iteration: number): {
    readonly weighed: WeighedDraws;
    readonly controls: ControlVariates;
    readonly reused: boolean;
  } {
    const { task, settings, integrand, perCluster, draws: last } = this;
    // The nodes of a rule are no draws: elsewhere they would not be exact.
    if (settings.reuse && last && !last.exact && last.perCluster >= perCluster) {
      const controls = controlsFor(last, settings.controlVariates);
      const weighed = weigh(integrand, last, controls);
      if (weighed.smallestEss >= STILL_GOOD * this.essWhenDrawn) return { weighed, controls, reused: true };
    }
    const draws = drawAll(settings.eStep, integrand, perCluster, task.seed, iteration, last);
    const controls = controlsFor(draws, settings.controlVariates);
    const weighed = weigh(integrand, draws, controls);
    this.draws = draws;
    this.essWhenDrawn = weighed.smallestEss;
    return { weighed, controls, reused: false };
  }
}
