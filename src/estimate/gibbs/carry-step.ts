// (beta, log sigma) jointly with every intercept carried along, as if the intercepts were integrated out.
import { ScaleAdapter } from '../../../samplers/adapt.js';
import type { Memory } from '../../../samplers/memory.js';
import type { Stream } from '../../../samplers/rng.js';
import { normal } from '../../../samplers/variates.js';
import { choleskyInPlace, forwardSolve } from '../../numeric/cholesky.js';
import { ProposedPoint } from './point.js';
import { columnSum, type GibbsState } from './state.js';
import type { GibbsStep } from './step.js';
import type { Transport } from './transport.js';

/** What a gradient is taken at: the state, or a proposed point. */
interface Point {
  readonly beta: Float64Array;
  readonly sigma: number;
  readonly z: Float64Array;
  readonly first: Float64Array;
  readonly score: Float64Array;
}

/** Share of random-walk proposals, in warm-up and after: they find the way from where the gradient's overshoot. */
const WARMUP_WALK_SHARE = 0.3;
const WALK_SHARE = 0.05;
const WALK_TARGET = 0.234;

/**
 * Metropolis-Hastings in phi = (free coefficients, log sigma) with the residuals of `Transport` held. The proposal is
 * normal about phi + V gradient with covariance V, V that of the marginal posterior's normal approximation: were the
 * posterior normal with residuals independent of phi, it would be an independent draw of phi. (Langevin proposals of unit
 * step, preconditioned: Roberts and Stramer 2002.) Reverse proposal and the volume of the map are computed. Now and then,
 * and always where the transport is a stand-in, a random walk of tuned length takes its place.
 */
export class CarryStep implements GibbsStep {
  readonly name = 'joint';
  protected readonly state: GibbsState;
  private readonly transport: Transport;
  private readonly q: number;
  private readonly betaCount: number;
  /** Lower Cholesky factor of V. */
  private readonly factor: Float64Array;
  private readonly next: ProposedPoint;
  private readonly phi: Float64Array;
  private readonly phiNext: Float64Array;
  private readonly gradient: Float64Array;
  private readonly gradientNext: Float64Array;
  private readonly noise: Float64Array;
  private readonly work: Float64Array;
  private readonly walkLength: ScaleAdapter;
  private accepted = 0;
  private proposed = 0;

  constructor(state: GibbsState, transport: Transport) {
    this.state = state;
    this.transport = transport;
    this.q = transport.centre.length;
    this.betaCount = state.freeBeta.length;
    this.factor = transport.covariance.slice();
    choleskyInPlace(this.factor, this.q);
    this.next = new ProposedPoint(state);
    const vector = (): Float64Array => new Float64Array(this.q);
    this.phi = vector();
    this.phiNext = vector();
    this.gradient = vector();
    this.gradientNext = vector();
    this.noise = vector();
    this.work = vector();
    this.walkLength = new ScaleAdapter({ scale: 2.38 / Math.sqrt(this.q), target: WALK_TARGET });
  }

  /** Mean acceptance of the gradient's proposals in warm-up; NaN before any, 0 where the transport is a stand-in. */
  get warmupAcceptance(): number {
    if (!this.transport.tuned) return 0;
    return this.proposed > 0 ? this.accepted : Number.NaN;
  }

  freeze(): void {
    this.walkLength.freeze();
  }

  remember(memory: Memory): void {
    this.walkLength.remember(memory);
    this.accepted = memory.number(this.accepted);
    this.proposed = memory.number(this.proposed);
  }

  update(rng: Stream): number {
    const { state, q, betaCount, phi, phiNext, gradient, noise, work, factor, next } = this;
    const { freeBeta, sigmaIsFree } = state;
    for (let k = 0; k < betaCount; k++) phi[k] = state.beta[freeBeta[k]];
    if (sigmaIsFree) phi[betaCount] = Math.log(state.sigma);
    const share = this.walkLength.frozen ? WALK_SHARE : WARMUP_WALK_SHARE;
    const walks = rng.uniform() < share || !this.transport.tuned;
    for (let k = 0; k < q; k++) noise[k] = normal(rng);
    if (walks) for (let k = 0; k < q; k++) work[k] = this.walkLength.scale * noise[k];
    else {
      // phi + L (L' gradient + noise)
      this.differentiate(state, gradient);
      this.transposeMultiply(gradient);
      for (let k = 0; k < q; k++) work[k] += noise[k];
    }
    for (let k = 0; k < q; k++) {
      let sum = phi[k];
      for (let l = 0; l <= k; l++) sum += factor[k * q + l] * work[l];
      phiNext[k] = sum;
    }
    next.beta.set(state.beta);
    for (let k = 0; k < betaCount; k++) next.beta[freeBeta[k]] = phiNext[k];
    next.sigma = sigmaIsFree ? Math.exp(phiNext[betaCount]) : state.sigma;
    const acceptance = this.weigh(walks);
    if (rng.uniform() < acceptance) next.accept();
    if (walks) this.walkLength.update(acceptance);
    else if (!this.walkLength.frozen) this.accepted += (acceptance - this.accepted) / ++this.proposed;
    return walks ? Number.NaN : acceptance;
  }

  private weigh(walks: boolean): number {
    const { state, next } = this;
    if (!(next.sigma < Number.POSITIVE_INFINITY && (next.sigma > 0 || !state.sigmaIsFree))) return 0;
    const prior = this.logPrior(next);
    if (!(prior > Number.NEGATIVE_INFINITY)) return 0;
    const effects = this.carry();
    const value = next.evaluate();
    if (!Number.isFinite(value)) return 0;
    const logRatio =
      value -
      state.totalLogLik() +
      prior -
      this.logPrior(state) +
      effects +
      (walks ? 0 : this.correction(this.logProposals()));
    return logRatio >= 0 ? 1 : Math.exp(logRatio) || 0;
  }

  /** log q(phi | phiNext) - log q(phiNext | phi), by the noise that each of the two takes. */
  private logProposals(): number {
    const { q, phi, phiNext, gradientNext, noise, next, factor, work } = this;
    this.differentiate(next, gradientNext);
    this.transposeMultiply(gradientNext);
    // L^-1 (phi - phiNext) - L' gradientNext.
    const back = gradientNext;
    for (let k = 0; k < q; k++) back[k] = phi[k] - phiNext[k];
    forwardSolve(factor, q, back);
    let sum = 0;
    for (let k = 0; k < q; k++) {
      const reverse = back[k] - work[k];
      sum += 0.5 * (noise[k] * noise[k] - reverse * reverse);
    }
    return sum;
  }

  /** What the proposals add to the log acceptance ratio. */
  protected correction(logProposals: number): number {
    return logProposals;
  }

  /** Log prior density of phi. */
  private logPrior({ beta, sigma }: { readonly beta: Float64Array; readonly sigma: number }): number {
    const { state } = this;
    const prior = state.logPriorOfBeta(beta);
    return state.sigmaIsFree ? prior + state.logPriorOfLogSigma(Math.log(sigma)) : prior;
  }

  /** Fills `next.z`; returns the change of sum log f(eps; sigma) and of the log volume of the map. */
  private carry(): number {
    const { state, next, transport, q, phi, phiNext } = this;
    const { z, effect, sigma } = state;
    const { mean, slope, spreadSlope, centre, volumeSlope } = transport;
    if (!state.hasEffects) return 0;
    let sum = -z.length * Math.log(next.sigma / sigma);
    for (let a = 0; a < q; a++) sum += volumeSlope[a] * (phiNext[a] - phi[a]);
    for (let i = 0; i < z.length; i++) {
      let from = mean[i];
      let to = mean[i];
      let logSpread = 0;
      for (let a = 0, k = i * q; a < q; a++, k++) {
        from += slope[k] * (phi[a] - centre[a]);
        to += slope[k] * (phiNext[a] - centre[a]);
        logSpread += spreadSlope[k] * (phiNext[a] - phi[a]);
      }
      const eps = to + Math.exp(logSpread) * (sigma * z[i] - from);
      next.z[i] = eps / next.sigma;
      sum += effect.logDensity(next.z[i], next.sigma) - effect.logDensity(z[i], sigma);
    }
    return sum;
  }

  /**
   * Gradient of the log density of (phi, r) in phi. With v_i = d eps_i / d phi = G_i + k_i (eps_i - c_i): for a coefficient
   * sum_r s_r x_r + sum_i v_i (S_i + f' / sigma) + sum_i k_i + prior, S_i the cluster's score in eps and f' = d log f / d z;
   * for log sigma the same without x, and -(1 + z_i f') from the scale of eps_i.
   */
  private differentiate(at: Point, out: Float64Array): void {
    const { state, transport, q, betaCount } = this;
    const { xColumns, freeBeta, sigmaIsFree, hasEffects, effect, effectPart, priors } = state;
    const { sigma, z, first, score, beta } = at;
    const { mean, slope, spreadSlope, centre, volumeSlope } = transport;
    const point = at === state ? this.phi : this.phiNext;
    out.set(volumeSlope);
    for (let k = 0; k < betaCount; k++) out[k] += columnSum(first, xColumns, k * first.length);
    for (let i = 0; hasEffects && i < z.length; i++) {
      effect.derivatives(z[i], sigma, effectPart);
      let residual = sigma * z[i] - mean[i];
      for (let a = 0, k = i * q; a < q; a++, k++) residual -= slope[k] * (point[a] - centre[a]);
      const total = score[i] + effectPart.z / sigma;
      for (let a = 0, k = i * q; a < q; a++, k++) out[a] += total * (slope[k] + spreadSlope[k] * residual);
      if (sigmaIsFree) out[betaCount] += sigma * effectPart.sigma - 1 - z[i] * effectPart.z;
    }
    for (let k = 0; k < betaCount; k++) out[k] += priors.beta[freeBeta[k]].derivative(beta[freeBeta[k]]);
    if (sigmaIsFree) out[betaCount] += priors.sigma.derivative(sigma) * sigma + 1;
  }

  /** work = L' x. */
  private transposeMultiply(x: Float64Array): void {
    const { q, factor, work } = this;
    for (let k = 0; k < q; k++) {
      let sum = 0;
      for (let l = k; l < q; l++) sum += factor[l * q + k] * x[l];
      work[k] = sum;
    }
  }
}
