// What integrates one cluster after another: the general engine, and faster ones for models with more structure.
import type { Parameters } from '../../model/parameters.js';
import type { ClusterIntegral } from '../trapezoid.js';

/** How finely a cluster is integrated. */
export interface Accuracy {
  /** Largest step, in curvature sds of the mode and as a part of the outcome's own step. */
  readonly step: number;
  /** Nodes go outwards until the integrand has fallen by this many log units from its peak. */
  readonly drop: number;
  /** How near the mode the nodes are centred, in curvature sds. */
  readonly centring: number;
}

/**
 * For what the trapezoid rule meets here its error is near exp(-2 pi^2 / step^2) times the integral. `ROUGH`, for the
 * first steps of a search, leaves 1e-5 (mostly what it cuts off); `MEDIUM` 1e-8; `FINE`, for answers, 1e-15.
 */
export const ROUGH: Accuracy = { step: 1.25, drop: 9, centring: 0.05 };
export const MEDIUM: Accuracy = { step: 1, drop: 18, centring: 0.01 };
export const FINE: Accuracy = { step: 0.75, drop: 35, centring: 1e-3 };

/** Posterior variance of z (prior variance 1) below which a cluster says much of its own intercept. */
export const INFORMATIVE = 0.1;

/** A mode so many steps wide is for the general engine, which has a change of variable for it. */
export const LONG_WALK = 200;

/** No derivatives, the gradient alone, or gradient and Hessian. */
export type Derivatives = false | 'gradient' | true;

/** Integrates the clusters of one model at the parameters last set. Values leave out the clusters' constants. */
export interface ClusterEngine {
  setParameters(parameters: Parameters): void;
  /**
   * Integrates cluster i from a guess of its mode in z. With a finite `tolerance` the step is halved until two levels
   * agree within it; the derivatives asked for are kept for the calls below.
   */
  integrate(
    cluster: number,
    start: number,
    accuracy: Accuracy,
    tolerance: number,
    derivatives: Derivatives,
    out: ClusterIntegral,
  ): void;
  /**
   * Adds `multiplicity` times the last cluster's score, and Hessian (lower triangle) where it was asked for, to the sums.
   * An engine may know the Hessian at no cost, and add it though only the gradient was asked for.
   */
  addDerivatives(multiplicity: number, gradient: Float64Array, hessian: Float64Array): void;
  /** Posterior mean and sd of z in the last cluster integrated with derivatives. */
  meanZ(): number;
  sdZ(): number;
}
