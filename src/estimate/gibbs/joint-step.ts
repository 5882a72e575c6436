// (beta, sigma) given z = eps / sigma (the non-centred half of an interweaving), by a weighted-least-squares proposal.
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import { normal } from '../../../samplers/variates.js';
import { backwardSolve, choleskyInPlace, choleskySolve } from '../../numeric/cholesky.js';
import type { CarryStep } from './carry-step.js';
import { ProposedPoint } from './point.js';
import type { GibbsState } from './state.js';
import type { GibbsStep } from './step.js';

/** A normal proposal about the point where a Newton step lands. */
interface WlsProposal {
  readonly centre: Float64Array;
  /** Cholesky factor of the precision. */
  readonly factor: Float64Array;
  logDeterminant: number;
  sound: boolean;
}

/** What a proposal is made from: the state, or a proposed point. */
interface Point {
  readonly beta: Float64Array;
  readonly sigma: number;
  readonly z: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly score: Float64Array;
}

/** Share of sweeps that take this step, in warm-up and at least and at most after it. */
const WARMUP_SHARE = 0.5;
const LEAST_SHARE = 0.2;

/**
 * With z held, eps = sigma z makes sigma one more coefficient, of the covariate z. The proposal is normal about the point
 * where a Newton (weighted least-squares) step lands, its precision the information there, priors included; forward and
 * reverse proposals are both computed (Gamerman 1997, Statistics and Computing 7). For intercepts symmetric about 0 sigma
 * lives on the whole line with its prior on |sigma|; the sign is put back after the step. Together with the steps that
 * hold eps: interweaving (Yu and Meng 2011, Journal of Computational and Graphical Statistics 20).
 */
export class JointStep implements GibbsStep {
  readonly name = 'coefficients';
  protected readonly state: GibbsState;
  private readonly q: number;
  private readonly betaCount: number;
  private readonly forward: WlsProposal;
  private readonly reverse: WlsProposal;
  private readonly noise: Float64Array;
  private readonly next: ProposedPoint;
  /** Weighted column sums of one cluster. */
  private readonly columnSums: Float64Array;
  private readonly carry: CarryStep | undefined;
  private share = WARMUP_SHARE;

  /** @param carry the step that moves the same parameters at less cost: the more it is accepted, the rarer this one */
  constructor(state: GibbsState, carry: CarryStep | undefined = undefined) {
    this.state = state;
    this.carry = carry;
    this.betaCount = state.freeBeta.length;
    this.q = this.betaCount + (state.sigmaIsFree ? 1 : 0);
    const { q } = this;
    const proposal = (): WlsProposal => ({
      centre: new Float64Array(q),
      factor: new Float64Array(q * q),
      logDeterminant: 0,
      sound: true,
    });
    this.forward = proposal();
    this.reverse = proposal();
    this.noise = new Float64Array(q);
    this.next = new ProposedPoint(state);
    this.columnSums = new Float64Array(this.betaCount);
  }

  freeze(): void {
    const others = this.carry?.warmupAcceptance ?? Number.NaN;
    if (!Number.isNaN(others)) this.share = Math.max(LEAST_SHARE, 1 - others);
  }

  remember(memory: Memory): void {
    this.share = memory.number(this.share);
  }

  update(rng: Stream): number {
    const { state, q, betaCount, forward, noise, next } = this;
    const { freeBeta, sigmaIsFree } = state;
    if (rng.uniform() >= this.share) return Number.NaN;
    this.propose(forward, state);
    if (!forward.sound) return 0;
    let logForward = 0.5 * forward.logDeterminant;
    for (let k = 0; k < q; k++) {
      noise[k] = normal(rng);
      logForward -= 0.5 * noise[k] * noise[k];
    }
    backwardSolve(forward.factor, q, noise);
    next.beta.set(state.beta);
    for (let k = 0; k < betaCount; k++) next.beta[freeBeta[k]] = forward.centre[k] + noise[k];
    next.sigma = sigmaIsFree ? forward.centre[betaCount] + noise[betaCount] : state.sigma;
    next.z.set(state.z);
    const acceptance = this.weigh(logForward);
    if (rng.uniform() < acceptance) next.accept();
    return acceptance;
  }

  /** The acceptance probability of `next`, whose likelihood is evaluated here. */
  private weigh(logForward: number): number {
    const { state, q, betaCount, next, reverse } = this;
    const { freeBeta, effect } = state;
    if (next.sigma < 0 && !effect.symmetric) return 0;
    const prior = this.logPrior(next);
    if (!(prior > Number.NEGATIVE_INFINITY)) return 0;
    const value = next.evaluate();
    if (!Number.isFinite(value)) return 0;
    this.propose(reverse, next);
    if (!reverse.sound) return 0;
    let logReverse = 0.5 * reverse.logDeterminant;
    // |L' (x - centre)|^2, row by row of L'.
    for (let k = 0; k < q; k++) {
      let sum = 0;
      for (let l = k; l < q; l++) {
        const x = l < betaCount ? state.beta[freeBeta[l]] : state.sigma;
        sum += reverse.factor[l * q + k] * (x - reverse.centre[l]);
      }
      logReverse -= 0.5 * sum * sum;
    }
    const logRatio =
      value - state.totalLogLik() + prior - this.logPrior(state) + this.correction(logForward, logReverse);
    return logRatio >= 0 ? 1 : Math.exp(logRatio) || 0;
  }

  /** What the proposals add to the log acceptance ratio. */
  protected correction(logForward: number, logReverse: number): number {
    return logReverse - logForward;
  }

  /** Log prior density of (beta, sigma), and of z where that depends on sigma. */
  private logPrior({ beta, sigma, z }: Point): number {
    const { state } = this;
    const { effect, sigmaIsFree, priors } = state;
    let sum = state.logPriorOfBeta(beta);
    if (!sigmaIsFree) return sum;
    sum += priors.sigma.logDensity(Math.abs(sigma));
    if (!effect.scaleFamily) for (let i = 0; i < z.length; i++) sum += effect.logDensity(z[i], sigma);
    return sum;
  }

  private propose(out: WlsProposal, at: Point): void {
    const { state, q, betaCount } = this;
    const { freeBeta, priors, sigmaIsFree } = state;
    const { factor, centre } = out;
    factor.fill(0);
    centre.fill(0);
    this.accumulate(factor, centre, at);
    for (let k = 0; k < betaCount; k++) {
      const prior = priors.beta[freeBeta[k]];
      const b = at.beta[freeBeta[k]];
      centre[k] += prior.derivative(b);
      factor[k * q + k] -= prior.secondDerivative(b);
    }
    if (sigmaIsFree) {
      const size = Math.abs(at.sigma);
      centre[betaCount] += Math.sign(at.sigma) * priors.sigma.derivative(size);
      // Where the prior's log density is convex its curvature would only unsettle the proposal.
      factor[q * q - 1] += Math.max(0, -priors.sigma.secondDerivative(size));
    }
    out.sound = choleskyInPlace(factor, q);
    if (!out.sound) return;
    let logDeterminant = 0;
    for (let k = 0; k < q; k++) logDeterminant += 2 * Math.log(factor[k * q + k]);
    out.logDeterminant = logDeterminant;
    choleskySolve(factor, q, centre);
    for (let k = 0; k < betaCount; k++) centre[k] += at.beta[freeBeta[k]];
    if (sigmaIsFree) centre[betaCount] += at.sigma;
    out.sound = Number.isFinite(logDeterminant) && centre.every(Number.isFinite);
  }

  /** Adds information (lower triangle) and score in (beta, sigma): a row has the covariates x_r and z_i. */
  private accumulate(information: Float64Array, score: Float64Array, at: Point): void {
    const { state, q, betaCount, columnSums } = this;
    const { x, clusters, sigmaIsFree, effect, effectPart } = state;
    const { starts } = clusters;
    const { z, first, second } = at;
    const last = betaCount * q;
    for (let i = 0; i < z.length; i++) {
      columnSums.fill(0);
      let weight = 0;
      for (let r = starts[i]; r < starts[i + 1]; r++) {
        const s = first[r];
        // Of links that are not log-concave some rows have the wrong sign.
        const w = second[r] < 0 ? -second[r] : 0;
        weight += w;
        const base = r * betaCount;
        for (let k = 0; k < betaCount; k++) {
          const xk = x[base + k];
          if (xk === 0) continue;
          score[k] += s * xk;
          const weighted = w * xk;
          columnSums[k] += weighted;
          for (let l = 0; l <= k; l++) information[k * q + l] += weighted * x[base + l];
        }
      }
      if (!sigmaIsFree) continue;
      const zi = z[i];
      score[betaCount] += zi * at.score[i];
      for (let l = 0; l < betaCount; l++) information[last + l] += zi * columnSums[l];
      information[last + betaCount] += zi * zi * weight;
      if (!effect.scaleFamily) {
        effect.derivatives(zi, at.sigma, effectPart);
        score[betaCount] += effectPart.sigma;
        information[last + betaCount] += Math.max(0, -effectPart.sigmaSigma);
      }
    }
  }
}
