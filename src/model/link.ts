// Links: the mean as a function of the linear predictor, with what stable numerics needs beside it.
import { inverseMills, inverseMillsExcess, logNormalCdf, normalQuantile } from '../numeric/normal.js';

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
  readonly logConcave: boolean;
  /** The widest trapezoid step in eta (METHODS section 5). */
  readonly step: number;
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

export const logit: ProbabilityLink = {
  name: 'logit',
  logConcave: true,
  step: 0.5,
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
  logConcave: true,
  // Half of what one factor needs: the flank of a product of many is steeper.
  step: 0.35,
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
  const q = inverseMillsExcess(eta);
  out[0] = logNormalCdf(eta);
  out[1] = m;
  out[2] = -m * q;
  out[3] = m * (q * q + m * q - 1);
}

export const cloglog: ProbabilityLink = {
  name: 'cloglog',
  logConcave: true,
  step: 0.25,
  inverse: (eta) => -Math.expm1(-Math.exp(eta)),
  derivative: (eta) => Math.exp(eta - Math.exp(eta)),
  apply: (mu) => Math.log(-Math.log1p(-mu)),
  logMu: (eta) => Math.log(-Math.expm1(-Math.exp(eta))),
  logOneMinusMu: (eta) => -Math.exp(eta),
  logJets(eta, success, failure) {
    const v = Math.exp(eta);
    failure.fill(-v);
    // a = v / (e^v - 1); its derivative is a (1 - a - v), whose bracket cancels for small v.
    const a = v < 700 ? v / Math.expm1(v) : 0;
    const bracket = v < 1e-3 ? -v / 2 - (v * v) / 12 + v ** 4 / 720 : 1 - a - v;
    const slope = a === 0 ? 0 : a * bracket;
    success[0] = cloglog.logMu(eta);
    success[1] = a;
    success[2] = slope;
    success[3] = a === 0 ? 0 : slope * bracket - a * (slope + v);
  },
};
