// Outcomes that are not log-concave in eta, for the tests of the integrators: cauchit, Poisson-sqrt, Gaussian-log.
import { binomial, type Family, gamma, gaussian, poisson } from '../src/model/family.js';
import type { ProbabilityLink } from '../src/model/link.js';
import type { Outcome } from '../src/model/outcome.js';
import { binomialOutcome } from '../src/model/outcomes/binomial.js';

function cauchitJet(eta: number, out: Float64Array): void {
  const w = 1 / (1 + eta * eta);
  const m = w / Math.atan2(1, -eta);
  const q = m + 2 * eta * w;
  out[0] = Math.log(Math.atan2(1, -eta) / Math.PI);
  out[1] = m;
  out[2] = -m * q;
  out[3] = m * (q * q + m * q - 2 * w + 4 * eta * eta * w * w);
}

const cauchit: ProbabilityLink = {
  name: 'cauchit',
  logConcave: false,
  step: 0.15,
  inverse: (eta) => Math.atan2(1, -eta) / Math.PI,
  derivative: (eta) => 1 / (Math.PI * (1 + eta * eta)),
  apply: (mu) => Math.tan(Math.PI * (mu - 0.5)),
  logMu: (eta) => Math.log(Math.atan2(1, -eta) / Math.PI),
  logOneMinusMu: (eta) => cauchit.logMu(-eta),
  logJets(eta, success, failure) {
    cauchitJet(eta, success);
    cauchitJet(-eta, failure);
    failure[1] = -failure[1];
    failure[3] = -failure[3];
  },
};

/** An outcome from one row's log f and its derivatives: into `jet`, in the order value, first, second, third. */
function outcomeOf(
  step: number,
  base: Outcome,
  row: (y: number, eta: number, dispersion: number, jet: Float64Array) => void,
  dispersionRow?: (y: number, eta: number, dispersion: number, jet: Float64Array) => void,
): Outcome {
  const jet = new Float64Array(4);
  return {
    logConcave: false,
    canonical: false,
    step,
    constant: base.constant,
    value(rows, from, to, eps, dispersion) {
      let sum = 0;
      for (let r = from; r < to; r++) {
        row(rows.y[r], rows.eta[r] + eps, dispersion, jet);
        sum += rows.weights[r] * jet[0];
      }
      return sum;
    },
    derivatives(rows, from, to, eps, dispersion, out) {
      let sum = 0;
      for (let r = from; r < to; r++) {
        row(rows.y[r], rows.eta[r] + eps, dispersion, jet);
        sum += rows.weights[r] * jet[0];
        out.first[r - from] = rows.weights[r] * jet[1];
        out.second[r - from] = rows.weights[r] * jet[2];
      }
      return sum;
    },
    thirdDerivatives(rows, from, to, eps, dispersion, out) {
      for (let r = from; r < to; r++) {
        row(rows.y[r], rows.eta[r] + eps, dispersion, jet);
        out.third[r - from] = rows.weights[r] * jet[3];
      }
    },
    ...(dispersionRow && {
      dispersionDerivatives(rows, from, to, eps, dispersion, out) {
        out.first = 0;
        out.second = 0;
        for (let r = from; r < to; r++) {
          dispersionRow(rows.y[r], rows.eta[r] + eps, dispersion, jet);
          out.first += rows.weights[r] * jet[0];
          out.second += rows.weights[r] * jet[1];
          out.eta[r - from] = rows.weights[r] * jet[2];
          out.etaEta[r - from] = rows.weights[r] * jet[3];
        }
      },
    }),
  };
}

const poissonSqrt = outcomeOf(0.35, poisson().outcome, (y, u, _dispersion, jet) => {
  const ratio = y > 0 ? y / u : 0;
  jet[0] = (y > 0 ? 2 * y * Math.log(Math.abs(u)) : 0) - u * u;
  jet[1] = 2 * (ratio - u);
  jet[2] = -2 - (y > 0 ? (2 * ratio) / u : 0);
  jet[3] = y > 0 ? (4 * ratio) / u / u : 0;
});

const gaussianLog = outcomeOf(
  0.125,
  gaussian().outcome,
  (y, u, phi, jet) => {
    const mu = Math.exp(u);
    jet[0] = -0.5 * Math.log(2 * Math.PI * phi) - (y - mu) ** 2 / (2 * phi);
    jet[1] = ((y - mu) * mu) / phi;
    jet[2] = ((y - 2 * mu) * mu) / phi;
    jet[3] = ((y - 4 * mu) * mu) / phi;
  },
  (y, u, phi, jet) => {
    const mu = Math.exp(u);
    const scaled = (y - mu) ** 2 / phi;
    jet[0] = (0.5 * (scaled - 1)) / phi;
    jet[1] = (0.5 - scaled) / (phi * phi);
    jet[2] = (-(y - mu) * mu) / (phi * phi);
    jet[3] = (-(y - 2 * mu) * mu) / (phi * phi);
  },
);

/** The families of the tests by name, dispersion included where there is one. */
export const families: Readonly<Record<string, Family>> = {
  'binomial-logit': binomial(),
  'binomial-probit': binomial('probit'),
  'binomial-cloglog': binomial('cloglog'),
  'binomial-cauchit': { ...binomial(), link: cauchit, outcome: binomialOutcome(cauchit) },
  'poisson-log': poisson(),
  'poisson-sqrt': { ...poisson(), outcome: poissonSqrt },
  'gaussian-identity': gaussian(),
  'gaussian-log': { ...gaussian(), link: poisson().link, outcome: gaussianLog },
  'gamma-log': gamma(),
};
