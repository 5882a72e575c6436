// Links: the mean as a function of the linear predictor, with what stable numerics needs beside it.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import {
  inverseMills,
  inverseMillsBend,
  inverseMillsExcess,
  logNormalCdf,
  normalQuantile,
} from '../numeric/normal.js';

/** A link g, by its inverse: eta -> mu. */
export interface Link {
  readonly name: string;
  /** mu = g^-1(eta) */
  inverse(eta: number): number;
  /** d mu / d eta */
  derivative(eta: number): number;
  /** eta = g(mu) */
  apply(mu: number): number;
}

/** A link for probabilities: log mu and log(1 - mu) come together, so that neither loses its tail. */
export interface ProbabilityLink extends Link {
  logMu(eta: number): number;
  logOneMinusMu(eta: number): number;
  /** Writes log mu and log(1 - mu), each followed by its first three derivatives in eta. */
  logJets(eta: number, success: Float64Array, failure: Float64Array): void;
}

export const identity: Link = {
  name: 'identity',
  inverse: (eta) => eta,
  derivative: () => 1,
  apply: (mu) => mu,
};

export const log: Link = {
  name: 'log',
  inverse: Math.exp,
  derivative: Math.exp,
  apply: Math.log,
};

export const inverse: Link = {
  name: 'inverse',
  inverse: (eta) => 1 / eta,
  derivative: (eta) => -1 / (eta * eta),
  apply: (mu) => 1 / mu,
};

/** mu = eta^2 for every real eta. */
export const sqrt: Link = {
  name: 'sqrt',
  inverse: (eta) => eta * eta,
  derivative: (eta) => 2 * eta,
  apply: Math.sqrt,
};

export const logit: ProbabilityLink = {
  name: 'logit',
  inverse: (eta) => (eta > 0 ? 1 / (1 + Math.exp(-eta)) : Math.exp(eta) / (1 + Math.exp(eta))),
  derivative: (eta) => {
    const e = Math.exp(-Math.abs(eta));
    return e / ((1 + e) * (1 + e));
  },
  apply: (mu) => Math.log(mu) - Math.log1p(-mu),
  logMu: (eta) => (eta > 0 ? -Math.log1p(Math.exp(-eta)) : eta - Math.log1p(Math.exp(eta))),
  logOneMinusMu: (eta) => logit.logMu(-eta),
  logJets(eta, success, failure) {
    const mu = logit.inverse(eta);
    const variance = logit.derivative(eta);
    success[0] = logit.logMu(eta);
    failure[0] = logit.logMu(-eta);
    success[1] = logit.inverse(-eta);
    failure[1] = -mu;
    success[2] = -variance;
    failure[2] = -variance;
    success[3] = -variance * (success[1] - mu);
    failure[3] = success[3];
  },
};

export const probit: ProbabilityLink = {
  name: 'probit',
  inverse: (eta) => Math.exp(logNormalCdf(eta)),
  derivative: (eta) => Math.exp(-0.5 * eta * eta) / Math.sqrt(2 * Math.PI),
  apply: normalQuantile,
  logMu: logNormalCdf,
  logOneMinusMu: (eta) => logNormalCdf(-eta),
  logJets(eta, success, failure) {
    probitJet(eta, success);
    probitJet(-eta, failure);
    failure[1] = -failure[1];
    failure[3] = -failure[3];
  },
};

/** log Phi with m = phi / Phi and q = m + eta: derivatives m, -m q, m (q^2 + m q - 1). */
function probitJet(eta: number, out: Float64Array): void {
  const m = inverseMills(eta);
  out[0] = logNormalCdf(eta);
  out[1] = m;
  out[2] = -m * inverseMillsExcess(eta);
  out[3] = m * inverseMillsBend(eta);
}

export const cloglog: ProbabilityLink = {
  name: 'cloglog',
  inverse: (eta) => -Math.expm1(-Math.exp(eta)),
  derivative: (eta) => Math.exp(eta - Math.exp(eta)),
  apply: (mu) => Math.log(-Math.log1p(-mu)),
  logMu(eta) {
    const v = Math.exp(eta);
    if (v > Math.LN2) return Math.log1p(-Math.exp(-v));
    return v < 1e-5 ? eta - v / 2 + (v * v) / 24 : Math.log(-Math.expm1(-v));
  },
  logOneMinusMu: (eta) => -Math.exp(eta),
  logJets(eta, success, failure) {
    const v = Math.exp(eta);
    failure.fill(-v);
    // a = v / (e^v - 1); its derivative is a b with b = 1 - a - v, which cancels for small v.
    let a = 0;
    let b = 0;
    if (v < 0.1) {
      const q = v * v;
      b = -v / 2 - q * (1 / 12 - q * (1 / 720 - q * (1 / 30240 - q / 1209600)));
      a = 1 - v - b;
    } else if (v < 700) {
      a = v / Math.expm1(v);
      b = 1 - a - v;
    }
    const slope = a * b;
    success[0] = cloglog.logMu(eta);
    success[1] = a;
    success[2] = slope;
    success[3] = slope * b - a * (slope + v);
    // Beyond 709 v is infinite, and 0 times it is not 0.
    if (a === 0) success[3] = 0;
  },
};

/** mu = 1/2 + atan(eta) / pi, by the angle whose tail keeps its digits: pi mu = atan2(1, -eta). */
export const cauchit: ProbabilityLink = {
  name: 'cauchit',
  inverse: (eta) => Math.atan2(1, -eta) / Math.PI,
  derivative: (eta) => 1 / (Math.PI * (1 + eta * eta)),
  apply: (mu) => (mu < 0.5 ? -1 / Math.tan(Math.PI * mu) : 1 / Math.tan(Math.PI * (1 - mu))),
  logMu: (eta) =>
    eta > 0 ? Math.log1p(-Math.atan2(1, eta) / Math.PI) : Math.log(Math.atan2(1, -eta) / Math.PI),
  logOneMinusMu: (eta) => cauchit.logMu(-eta),
  logJets(eta, success, failure) {
    cauchitJet(eta, success);
    cauchitJet(-eta, failure);
    failure[1] = -failure[1];
    failure[3] = -failure[3];
  },
};

/** log A of A = atan2(1, -eta), A' = w = 1 / (1 + eta^2): with m = w / A and q = m + 2 eta w the derivatives follow. */
function cauchitJet(eta: number, out: Float64Array): void {
  const w = 1 / (1 + eta * eta);
  // eta w, where eta^2 may overflow.
  const p = Math.abs(eta) > 1 ? 1 / (eta + 1 / eta) : eta * w;
  const m = w / Math.atan2(1, -eta);
  const q = m + 2 * p;
  out[0] = cauchit.logMu(eta);
  out[1] = m;
  out[2] = -m * q;
  out[3] = m * (q * q + m * q - 2 * w + 4 * p * p);
}

/** mu = e^eta, a probability for eta <= 0 alone: elsewhere both logs are -Infinity and the derivatives 0. */
export const logProbability: ProbabilityLink = {
  ...log,
  logMu: (eta) => (eta > 0 ? Number.NEGATIVE_INFINITY : eta),
  logOneMinusMu(eta) {
    if (eta >= 0) return Number.NEGATIVE_INFINITY;
    return eta > -Math.LN2 ? Math.log(-Math.expm1(eta)) : Math.log1p(-Math.exp(eta));
  },
  logJets(eta, success, failure) {
    success.fill(0);
    failure.fill(0);
    success[0] = logProbability.logMu(eta);
    failure[0] = logProbability.logOneMinusMu(eta);
    if (eta <= 0) success[1] = 1;
    if (!(eta < 0)) return;
    // The odds a = mu / (1 - mu), a' = a (1 + a).
    const a = 1 / Math.expm1(-eta);
    failure[1] = -a;
    failure[2] = -a * (1 + a);
    failure[3] = failure[2] * (1 + 2 * a);
  },
};

const links: readonly Link[] = [identity, log, logit, probit, cloglog, cauchit, inverse, sqrt];

/** The link of this name, as the mean of any response. @throws GlmmcError `unknown-link` */
export function linkNamed(name: string): Link {
  const found = links.find((link) => link.name === name);
  if (found) return found;
  const names = links.map((link) => link.name);
  throw new GlmmcError('unknown-link', `no link '${name}'${didYouMean(name, names)}`);
}
