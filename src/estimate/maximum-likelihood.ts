// Maximum likelihood under any quadrature rule: pooled start, interior search, and the boundary sigma = 0.
import type { Searchable } from '../likelihood/likelihood-part.js';
import type { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import type { Rule } from '../likelihood/sweep.js';
import type { Finding } from '../model/finding.js';
import type { Model } from '../model/model.js';
import type { Parameters } from '../model/parameters.js';
import { predictorUnit } from '../model/predictor-unit.js';
import { type NewtonResult, newtonSteps } from '../numeric/newton.js';
import { slopeInVariance } from './boundary-slope.js';
import type { ParameterSpace } from './parameter-space.js';
import { chordSteps, largePart } from './part-start.js';
import { pooledStart } from './pooled-start.js';
import { separatedCoefficients, separationFinding } from './separation.js';
import { risesForEver } from './unbounded.js';

/** One iteration of a strategy's search, as `fit.history` keeps it. */
export interface Iteration {
  readonly iteration: number;
  readonly objective: number;
  readonly parameters: Parameters;
  /** What else the strategy reports of this iteration. */
  readonly detail?: Readonly<Record<string, number | string>>;
}

export interface Maximum {
  readonly parameters: Parameters;
  /** The rule's value there. */
  readonly objective: number;
  readonly converged: boolean;
  readonly boundary: boolean;
  readonly findings: readonly Finding[];
  readonly history: readonly Iteration[];
}

export interface MaximumOptions {
  readonly start?: Parameters | undefined;
  readonly onStep?: (iteration: Iteration) => void;
  /** Awaited between steps; rejecting stops the search (as an AbortSignal does). */
  readonly pause: () => Promise<void>;
}

/** Beyond this many residual (or link) units sigma is taken to have no finite estimate. */
export const LARGEST_SIGMA = 300;
/** A step that promises less log-likelihood than this is left to the certified rule. */
const NEAR_GAIN = 1e-3;
const LARGE_DATA_GAIN = 1e-8;
/** Log-likelihood that a pooled fit to a part can lack of the whole's pooled maximum, with much to spare. */
export const CLEAR_GAP = 500;
/** An interior search that comes below this is compared with sigma = 0. */
const SMALLEST_SIGMA = 1e-4;

/**
 * The maximum of the marginal likelihood as `rule` computes it. For F symmetric about 0 the likelihood is even in
 * sigma, so its slope at 0 says nothing: d l / d sigma^2 does. Where that is <= 0 at the pooled fit, or the interior
 * search runs into 0, both ends are compared.
 */
export async function maximumLikelihood(
  likelihood: MarginalLikelihood,
  space: ParameterSpace,
  rule: Rule,
  options: MaximumOptions,
): Promise<Maximum> {
  const { model } = likelihood;
  const history: Iteration[] = [];
  const onStep = (iteration: Iteration): void => {
    history.push(iteration);
    options.onStep?.(iteration);
  };
  const part = largePart(likelihood);
  const search = async (within: ParameterSpace, from: Parameters): Promise<Found> => {
    if (rule.kind !== 'certified') return climb(likelihood, within, rule, from, onStep, options.pause);
    // Far from the maximum few nodes will do, and nothing needs certifying.
    const near = await approach(likelihood, part, within, from, onStep, options.pause);
    const last: Rule = near.newton.converged ? rule : { kind: 'plain' };
    // Of large data no estimate can tell a step of 1e-4 standard errors, and an evaluation is dear.
    const enough = part ? LARGE_DATA_GAIN : 0;
    return climb(likelihood, within, last, near.parameters, onStep, options.pause, enough);
  };
  const finish = (found: Found, boundary: boolean, pooled: Found = found): Maximum => {
    const { evaluation, converged } = pooled.newton;
    const separated = separatedCoefficients(space, evaluation.hessian, converged);
    const along: Rule = rule.kind === 'certified' ? { kind: 'plain' } : rule;
    const unbounded =
      !found.newton.converged && risesForEver(likelihood, space, along, found.parameters, LARGEST_SIGMA);
    const findings = trouble(model, separated, found, boundary, unbounded);
    const sound = !findings.some((finding) => finding.severity === 'error');
    return {
      parameters: found.parameters,
      objective: found.newton.evaluation.value,
      converged: found.newton.converged && sound,
      boundary,
      findings,
      history,
    };
  };

  const searchInterior = async (): Promise<Found> => {
    const ordinary = interiorStart(model, pooled.parameters);
    if (!options.start) return search(space, ordinary);
    const given = await search(space, awayFromZero(model, options.start));
    // A start that leads nowhere must not decide the answer.
    if (given.newton.converged) return given;
    const other = await search(space, ordinary);
    const higher = other.newton.evaluation.value > given.newton.evaluation.value;
    return other.newton.converged || higher ? other : given;
  };

  const { sigma } = space.fixed;
  if (sigma !== undefined) {
    const from = space.hold(options.start ?? pooledStart(model));
    return finish(await search(space, from), false);
  }
  const pooled = await pooledMaximum(part ?? likelihood, space, options.pause);
  const zeroValue = part
    ? likelihood.evaluate(pooled.parameters, { kind: 'plain' }, false)
    : pooled.objective;

  const interior = await searchInterior();
  const small = interior.parameters.sigma < SMALLEST_SIGMA * predictorUnit(model, interior.parameters);
  const gap = interior.newton.evaluation.value - zeroValue;
  // The part's pooled fit is a start and a bound; where it does not settle the matter, the whole's does.
  // Where the slope is not defined both ends are compared too.
  if (small || !(pooled.slopeInVariance > 0) || (part && !(gap > CLEAR_GAP))) {
    const exact = part ? await pooledMaximum(likelihood, space, options.pause) : pooled;
    if (small || !(interior.newton.evaluation.value - exact.objective > 0)) return finish(exact, true);
  }
  return finish(interior, false, pooled);
}

/**
 * From `from` to near the maximum. Of large data first a part is fitted, then the whole follows by the part's curvature;
 * where that ends badly (or the data are not large) by Newton's steps on few nodes.
 */
async function approach(
  likelihood: MarginalLikelihood,
  part: Searchable | undefined,
  space: ParameterSpace,
  from: Parameters,
  onStep: (iteration: Iteration) => void,
  pause: () => Promise<void>,
): Promise<Found> {
  const rough = { kind: 'rough' } as const;
  if (!part) return climb(likelihood, space, rough, from, onStep, pause, NEAR_GAIN);
  const inPart = await climb(part, space, { kind: 'medium' }, from, () => {}, pause, NEAR_GAIN);
  if (!inPart.newton.converged) return climb(likelihood, space, rough, from, onStep, pause, NEAR_GAIN);
  const { hessian } = inPart.newton.evaluation;
  const parameters = await chordSteps(likelihood, space, inPart.parameters, hessian, onStep, pause);
  return { ...inPart, parameters };
}

/**
 * The maximum without intercepts, and d l / d sigma^2 there: where that is <= 0, sigma = 0 is a maximum too. NaN where the
 * intercepts' distribution has no variance.
 */
export interface PooledMaximum extends Found {
  readonly objective: number;
  readonly slopeInVariance: number;
}

export async function pooledMaximum(
  likelihood: Searchable,
  space: ParameterSpace,
  pause: () => Promise<void>,
): Promise<PooledMaximum> {
  const atZero = space.withSigma(0);
  const start = atZero.hold(pooledStart(likelihood.model, likelihood.startClusters));
  const found = await climb(likelihood, atZero, { kind: 'plain' }, start, () => {}, pause);
  const objective = likelihood.evaluate(found.parameters, { kind: 'plain' }, true);
  return { ...found, objective, slopeInVariance: slopeInVariance(likelihood, found.parameters) };
}

interface Found {
  readonly parameters: Parameters;
  readonly newton: NewtonResult;
}

async function climb(
  likelihood: Searchable,
  space: ParameterSpace,
  rule: Rule,
  start: Parameters,
  onStep: (iteration: Iteration) => void,
  pause: () => Promise<void>,
  enoughGain = 0,
): Promise<Found> {
  const largest = LARGEST_SIGMA * predictorUnit(likelihood.model, start);
  let steps = 0;
  const search = newtonSteps(
    (point) => {
      const parameters = space.unpack(point, start);
      likelihood.evaluate(parameters, rule, true);
      return space.chain(parameters, likelihood.logLik, likelihood.gradient, likelihood.hessian);
    },
    space.pack(start),
    {
      enoughGain,
      allowed: (step) => allowedPart(likelihood.model, space, step),
      onStep(point, evaluation) {
        const parameters = space.unpack(point, start);
        onStep({ iteration: ++steps, objective: evaluation.value, parameters });
        const free = space.fixed.sigma === undefined;
        const floor = 0.01 * SMALLEST_SIGMA * predictorUnit(likelihood.model, parameters);
        return !free || (parameters.sigma < largest && parameters.sigma > floor);
      },
    },
  );
  for (;;) {
    await pause();
    const { done, value } = search.next();
    if (done) return { parameters: space.unpack(value.point, start), newton: value };
  }
}

/** Steps longer than these, in log scales and in the linear predictor, outrun the quadratic model. */
const LONGEST_LOG_STEP = 1.5;
const LONGEST_PREDICTOR_STEP = 20;

/** The part of a step in the free coordinates that Newton may take. */
export function allowedPart(model: Model, space: ParameterSpace, step: Float64Array): number {
  const { columns } = model.clusters;
  let part = 1;
  if (model.family.link.name !== 'identity' && shiftBound(model, space, step) > LONGEST_PREDICTOR_STEP) {
    part = Math.min(1, LONGEST_PREDICTOR_STEP / largestShift(model, space, step));
  }
  space.free.forEach((k, a) => {
    if (k >= columns) part = Math.min(part, LONGEST_LOG_STEP / Math.abs(step[a]));
  });
  return part;
}

/** What no row's linear predictor can move by more than: the sum over columns, which costs no pass over the rows. */
function shiftBound(model: Model, space: ParameterSpace, step: Float64Array): number {
  const { extent } = model.clusters;
  return betaPart(model, space, step).reduce((sum, change, j) => sum + Math.abs(change) * extent[j], 0);
}

/** The most that a step in the free coordinates moves a row's linear predictor. */
function largestShift(model: Model, space: ParameterSpace, step: Float64Array): number {
  const { x, rows, columns } = model.clusters;
  const change = betaPart(model, space, step);
  let largest = 0;
  for (let r = 0; r < rows; r++) {
    let shift = 0;
    const base = r * columns;
    for (let j = 0; j < columns; j++) shift += change[j] * x[base + j];
    if (Math.abs(shift) > largest) largest = Math.abs(shift);
  }
  return largest;
}

/** A step's part in all the coefficients; 0 in those held fixed. */
function betaPart(model: Model, space: ParameterSpace, step: Float64Array): Float64Array {
  const change = new Float64Array(model.clusters.columns);
  space.free.forEach((k, a) => {
    if (k < change.length) change[k] = step[a];
  });
  return change;
}

/** Half of the pooled dispersion given to the intercepts; sigma = 1 where the family has none. */
export function interiorStart(model: Model, pooled: Parameters): Parameters {
  if (pooled.dispersion === undefined) return { ...pooled, sigma: 1 };
  const dispersion = pooled.dispersion / 2;
  return { ...pooled, dispersion, sigma: predictorUnit(model, { ...pooled, dispersion }) };
}

/** A start has at least this sigma, in units of the linear predictor. */
const LEAST_START = 0.1;

/** At sigma = 0 the likelihood is flat in log sigma, and near 0 nearly so: a search from there does not find its way. */
export function awayFromZero(model: Model, start: Parameters): Parameters {
  return { ...start, sigma: Math.max(start.sigma, LEAST_START * predictorUnit(model, start)) };
}

/** What kept the search from an ordinary maximum. */
function trouble(
  model: Model,
  separated: readonly string[],
  found: Found,
  boundary: boolean,
  unbounded: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const { newton, parameters } = found;
  if (separated.length > 0) findings.push(separationFinding(separated));
  else if (unbounded) findings.push(unboundedFinding(parameters.sigma));
  else if (!newton.converged && !boundary) {
    findings.push({
      code: 'not-converged',
      severity: 'error',
      message: `The search stopped after ${newton.iterations} steps short of a maximum.`,
      advice: 'Give a start near the answer (start), centre and scale the covariates, or simplify the model.',
    });
  }
  if (boundary) findings.push(boundaryFinding());
  if (isPoisson(model, parameters)) findings.push(poissonFinding());
  return findings;
}

/** Above this many means theta adds less than a millionth to the variance. */
const LARGE_THETA = 1e6;

function isPoisson({ family, clusters }: Model, { dispersion = 0 }: Parameters): boolean {
  if (family.name !== 'negative-binomial' || !family.dispersion) return false;
  const mean = clusters.y.reduce((sum, y) => sum + y, 0) / clusters.rows;
  return dispersion > LARGE_THETA * Math.max(1, mean);
}

function poissonFinding(): Finding {
  return {
    code: 'theta-unbounded',
    severity: 'warning',
    message: 'The likelihood rises as theta grows: the counts vary no more than Poisson ones.',
    advice:
      'Use poisson(), the limit, which has the same likelihood; the standard error of theta means nothing here.',
    where: ['dispersion'],
  };
}

export function unboundedFinding(sigma: number): Finding {
  return {
    code: 'sigma-unbounded',
    severity: 'error',
    message: `The likelihood is still rising at sigma = ${sigma.toPrecision(3)}.`,
    advice: 'The clusters are each all of one kind: use a prior on sigma (gibbs()) or coarser clusters.',
  };
}

export function boundaryFinding(): Finding {
  return {
    code: 'sigma-boundary',
    severity: 'warning',
    message: 'The estimate of sigma is 0: the clusters differ no more than chance makes them.',
    advice:
      'The fit is that of the model without intercepts, and sigma has no standard error. A likelihood-ratio interval or a prior says how large sigma may still be.',
    where: ['sigma'],
  };
}
