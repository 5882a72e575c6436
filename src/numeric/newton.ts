// Damped Newton maximisation for smooth functions with exact derivatives.
import { choleskyInPlace, choleskySolve } from './cholesky.js';

/** Value, gradient (q) and Hessian (q x q, row-major) at a point. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

export interface NewtonResult {
  readonly point: Float64Array;
  readonly evaluation: Evaluation;
  /** The Newton step at the end, undamped: large only where the function is flat in some direction. */
  readonly lastStep: Float64Array;
  /** What that step promised to gain. */
  readonly lastGain: number;
  readonly converged: boolean;
  readonly iterations: number;
}

export interface NewtonOptions {
  readonly maxIterations?: number;
  /** Stop where a step promises less than this, absolutely; by default where it promises nothing at all. */
  readonly enoughGain?: number;
  /** The part (0, 1] of a step that may be taken; all of it by default. */
  readonly allowed?: (step: Float64Array) => number;
  /** Called after each accepted step; returning false stops. */
  readonly onStep?: (point: Float64Array, evaluation: Evaluation, gain: number) => boolean;
}

/** A step that promises less than this gains nothing that the value could show. */
const NO_GAIN = 1e-17;
/** Below this (relative to the value) rounding hides gains, and the gradient alone is trusted. */
const HIDDEN_GAIN = 1e-11;

/**
 * Maximises `evaluate` from `start`. Where the Hessian is not negative definite, or a step does not raise the value,
 * its diagonal is weighted up (Levenberg and Marquardt). Near the maximum full steps are taken on the gradient's word
 * until they promise nothing, so the end is accurate to the gradient's rounding, not the square root of the value's.
 */
export function maximise(
  evaluate: (point: Float64Array) => Evaluation,
  start: Float64Array,
  options: NewtonOptions = {},
): NewtonResult {
  const steps = newtonSteps(evaluate, start, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same, step by step, for callers who let other work in between. */
export function* newtonSteps(
  evaluate: (point: Float64Array) => Evaluation,
  start: Float64Array,
  options: NewtonOptions = {},
): Generator<void, NewtonResult> {
  const { maxIterations = 100, enoughGain = 0, allowed, onStep } = options;
  const size = start.length;
  let point = start.slice();
  let evaluation = evaluate(point);
  let damping = 0;
  let iterations = 0;
  let lastStep = new Float64Array(size);
  let lastGain = 0;
  let converged = size === 0;
  while (!converged && iterations < maxIterations) {
    iterations++;
    const step = dampedStep(evaluation, size, damping);
    if (!step) {
      damping = Math.max(1e-3, damping * 10);
      if (damping > 1e12) break;
      continue;
    }
    const gain = 0.5 * dot(step, evaluation.gradient);
    const hidden = gain < HIDDEN_GAIN * Math.max(1, Math.abs(evaluation.value));
    if (damping === 0 || hidden) {
      lastStep = step;
      lastGain = gain;
    }
    if (gain < Math.max(enoughGain, NO_GAIN * Math.max(1, Math.abs(evaluation.value)))) {
      converged = true;
      break;
    }
    const shrink = allowed ? allowed(step) : 1;
    const next = point.map((value, k) => value + shrink * step[k]);
    yield;
    const trial = evaluate(next);
    if (
      trial.value > evaluation.value ||
      (hidden && Math.abs(trial.value - evaluation.value) < 1e-8 * Math.max(1, Math.abs(evaluation.value)))
    ) {
      const before = norm(evaluation);
      point = next;
      evaluation = trial;
      damping = damping < 1e-3 ? 0 : damping / 10;
      // Where even the gradient no longer shrinks, its own rounding is reached.
      if (hidden && norm(trial) >= before) converged = true;
      if (onStep && !onStep(point, evaluation, gain)) break;
    } else {
      damping = Math.max(1e-3, damping * 10);
      if (damping > 1e12) break;
    }
  }
  return { point, evaluation, lastStep, lastGain, converged, iterations };
}

/** The undamped Newton step, or undefined where the Hessian is not negative definite. */
export function newtonStep(gradient: Float64Array, hessian: Float64Array): Float64Array | undefined {
  return dampedStep({ value: 0, gradient, hessian }, gradient.length, 0);
}

/** Solves (-H + damping diag|H|) step = gradient, or undefined where that is not positive definite. */
function dampedStep(
  evaluation: Evaluation,
  size: number,
  damping: number,
): Float64Array<ArrayBuffer> | undefined {
  const { hessian, gradient } = evaluation;
  const scale = new Float64Array(size);
  for (let i = 0; i < size; i++) scale[i] = 1 / Math.sqrt(Math.abs(hessian[i * size + i]) || 1);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) matrix[i * size + j] = -hessian[i * size + j] * scale[i] * scale[j];
    matrix[i * size + i] += damping;
  }
  if (!choleskyInPlace(matrix, size)) return undefined;
  const step = gradient.map((value, i) => value * scale[i]) as Float64Array<ArrayBuffer>;
  choleskySolve(matrix, size, step);
  for (let i = 0; i < size; i++) step[i] *= scale[i];
  return step.every(Number.isFinite) ? step : undefined;
}

/** Gradient norm in the metric of the curvatures. */
function norm(evaluation: Evaluation): number {
  const { gradient, hessian } = evaluation;
  const size = gradient.length;
  let sum = 0;
  for (let k = 0; k < size; k++) sum += gradient[k] ** 2 / (Math.abs(hessian[k * size + k]) || 1);
  return sum;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
