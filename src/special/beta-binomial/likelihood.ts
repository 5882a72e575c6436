// The beta-binomial likelihood of litters, with exact derivatives that hold up to no overdispersion at all.
import type { ProbabilityLink } from '../../model/link.js';
import type { Evaluation } from '../../numeric/newton.js';

/** LitterCounts, each of one mean; p covariates. */
export interface LitterCounts {
  readonly p: number;
  /** m x p, row-major. */
  readonly x: Float64Array;
  readonly offset: Float64Array;
  /** Successes and trials of the whole litter. */
  readonly y: Float64Array;
  readonly trials: Float64Array;
  /** What multiplies each litter's log-likelihood. */
  readonly weights: Float64Array;
  /** Sum of the weighted logs of binomial coefficients. */
  readonly constant: number;
}

/** Of one litter's log-likelihood, in mu and phi. */
interface Terms {
  value: number;
  mu: number;
  phi: number;
  muMu: number;
  muPhi: number;
  phiPhi: number;
}

/**
 * log of B(a + y, b + n - y) / B(a, b), with a = mu / phi and b = (1 - mu) / phi: the sum of log(mu + r phi) over r < y, of
 * log(1 - mu + r phi) over r < n - y, less that of log(1 + r phi) over r < n. No gamma function, so that nothing cancels as phi falls
 * to 0, where it is the binomial's.
 * Source: Prentice (1986), JASA 81.
 */
export function addTerms(mu: number, rest: number, y: number, n: number, phi: number, out: Terms): void {
  out.value = 0;
  out.mu = 0;
  out.phi = 0;
  out.muMu = 0;
  out.muPhi = 0;
  out.phiPhi = 0;
  for (let r = 0; r < y; r++) {
    const u = mu + r * phi;
    out.value += Math.log(u);
    out.mu += 1 / u;
    out.phi += r / u;
    out.muMu -= 1 / (u * u);
    out.muPhi -= r / (u * u);
    out.phiPhi -= (r / u) ** 2;
  }
  for (let r = 0; r < n - y; r++) {
    const u = rest + r * phi;
    out.value += Math.log(u);
    out.mu -= 1 / u;
    out.phi += r / u;
    out.muMu -= 1 / (u * u);
    out.muPhi += r / (u * u);
    out.phiPhi -= (r / u) ** 2;
  }
  for (let r = 0; r < n; r++) {
    const u = 1 + r * phi;
    out.value -= Math.log(u);
    out.phi -= r / u;
    out.phiPhi += (r / u) ** 2;
  }
}

/** The log-likelihood at (beta, phi), its gradient and Hessian in the same order; with every constant. */
export class BetaBinomialLikelihood {
  private readonly litters: LitterCounts;
  private readonly link: ProbabilityLink;
  private readonly success = new Float64Array(4);
  private readonly failure = new Float64Array(4);
  private readonly terms: Terms = { value: 0, mu: 0, phi: 0, muMu: 0, muPhi: 0, phiPhi: 0 };

  constructor(litters: LitterCounts, link: ProbabilityLink) {
    this.litters = litters;
    this.link = link;
  }

  at(beta: ArrayLike<number>, phi: number): Evaluation {
    const { litters, link, success, failure, terms } = this;
    const { p, x, offset, y, trials, weights, constant } = litters;
    const q = p + 1;
    let value = constant;
    const gradient = new Float64Array(q);
    const hessian = new Float64Array(q * q);
    for (let i = 0; i < weights.length; i++) {
      let eta = offset[i];
      for (let a = 0; a < p; a++) eta += x[i * p + a] * beta[a];
      link.logJets(eta, success, failure);
      const mu = Math.exp(success[0]);
      // mu' = mu (log mu)', mu'' = mu ((log mu)'' + (log mu)'^2).
      const slope = mu * success[1];
      const bend = mu * (success[2] + success[1] * success[1]);
      addTerms(mu, Math.exp(failure[0]), y[i], trials[i], phi, terms);
      const w = weights[i];
      value += w * terms.value;
      const inEta = w * terms.mu * slope;
      const inEtaEta = w * (terms.muMu * slope * slope + terms.mu * bend);
      for (let a = 0; a < p; a++) {
        const xa = x[i * p + a];
        gradient[a] += inEta * xa;
        for (let b = 0; b <= a; b++) hessian[a * q + b] += inEtaEta * xa * x[i * p + b];
        hessian[p * q + a] += w * terms.muPhi * slope * xa;
      }
      gradient[p] += w * terms.phi;
      hessian[p * q + p] += w * terms.phiPhi;
    }
    for (let a = 0; a < q; a++) for (let b = 0; b < a; b++) hessian[b * q + a] = hessian[a * q + b];
    return { value, gradient, hessian };
  }
}
