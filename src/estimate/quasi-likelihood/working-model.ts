// The normal model that quasi-likelihood fits in the real one's place: working responses, weights, normal intercepts.
import { Integrand } from '../../likelihood/integrand.js';
import type { VarianceFunction } from '../../model/family.js';
import type { Model } from '../../model/model.js';
import type { Parameters } from '../../model/parameters.js';
import { invertSymmetric, mirror } from '../../numeric/cholesky.js';
import type { Evaluation } from '../../numeric/newton.js';
import { addRestriction } from './restriction.js';

/** Working weights below this are 0: the mean is at the end of its range, and the row says nothing. */
const LEAST_WEIGHT = 1e-290;
const LOG_2PI = Math.log(2 * Math.PI);

/** The working log-likelihood with its derivatives in all natural parameters, and its slope in sigma^2. */
export interface WorkingEvaluation extends Evaluation {
  readonly slopeInVariance: number;
}

/**
 * Expanded about eta0 = offset + x'beta0 + eps_i, the response becomes u = eta0 + (y - mu) g'(mu), normal with variance
 * phi / w, w = (d mu / d eta)^2 / V(mu), about offset + x'beta + an intercept of variance tau = sigma^2. A cluster's
 * covariance is phi W^-1 + tau 11'; with r = u - offset - x'beta, omega = 1'W1, t = 1'Wr, D = phi + tau omega,
 * B = t^2 / omega and S = r'Wr - B its log-likelihood is (Sherman and Morrison 1950), up to constants,
 *
 *   -1/2 [ (n - 1) log phi + log D + S / phi + B / D ],
 *
 * n the sum of the row weights, which count rows here as in the log density. A pass over the rows is needed for each
 * expansion, none for an evaluation.
 */
export class WorkingModel {
  private readonly integrand: Integrand;
  private readonly model: Model;
  private readonly variance: VarianceFunction;
  private readonly restrictedTo: readonly number[];
  private beta0: Float64Array = new Float64Array(0);
  /** Per cluster: omega, X'W1, and t at beta0. */
  private readonly omega: Float64Array;
  private readonly cross: Float64Array;
  private readonly t0: Float64Array;
  /** Over all clusters: X'WX, X'Wr and r'Wr at beta0, the rows, and what no parameter moves. */
  private readonly gram: Float64Array;
  private readonly slope: Float64Array;
  private squares = 0;
  private rows = 0;
  private constant = 0;
  /** Where the dispersion is no scale it is fitted given these intercepts. */
  private eps: Float64Array = new Float64Array(0);

  /** @param restrictedTo coefficients that REML integrates out; none for maximum likelihood */
  constructor(model: Model, variance: VarianceFunction, restrictedTo: readonly number[]) {
    const { count, columns } = model.clusters;
    this.model = model;
    this.integrand = new Integrand(model);
    this.variance = variance;
    this.restrictedTo = restrictedTo;
    this.omega = new Float64Array(count);
    this.cross = new Float64Array(count * columns);
    this.t0 = new Float64Array(count);
    this.gram = new Float64Array(columns * columns);
    this.slope = new Float64Array(columns);
  }

  /** Expands about the linear predictors at `parameters` with these intercepts. */
  expand(parameters: Parameters, eps: Float64Array): void {
    const { clusters, family } = this.model;
    const { count, columns, starts, clusterWeights, x, y, trials, weights } = clusters;
    const { link } = family;
    const { omega, cross, t0, gram, slope, variance, integrand } = this;
    const dispersion = parameters.dispersion ?? 1;
    integrand.setParameters(parameters);
    this.beta0 = parameters.beta.slice();
    this.eps = eps;
    for (const sums of [omega, cross, t0, gram, slope]) sums.fill(0);
    this.squares = 0;
    this.rows = 0;
    this.constant = 0;
    for (let i = 0; i < count; i++) {
      const c = clusterWeights[i];
      for (let r = starts[i]; r < starts[i + 1]; r++) {
        const eta = integrand.rows.eta[r] + eps[i];
        const mu = link.inverse(eta);
        const rise = link.derivative(eta);
        const unit = (trials[r] * rise * rise) / variance.at(mu, dispersion);
        const w = weights[r] * unit;
        if (!(w > LEAST_WEIGHT && w < Number.POSITIVE_INFINITY)) continue;
        const residual = eps[i] + (y[r] / trials[r] - mu) / rise;
        const wr = w * residual;
        omega[i] += w;
        t0[i] += wr;
        this.squares += c * wr * residual;
        this.rows += c * weights[r];
        this.constant += 0.5 * c * weights[r] * (Math.log(unit) - LOG_2PI);
        for (let a = 0; a < columns; a++) {
          const xa = x[r * columns + a];
          cross[i * columns + a] += w * xa;
          slope[a] += c * wr * xa;
          for (let b = 0; b <= a; b++) gram[a * columns + b] += c * w * xa * x[r * columns + b];
        }
      }
    }
    mirror(gram, columns);
  }

  /** The working log-likelihood, restricted or not, with every constant. */
  evaluate(parameters: Parameters): WorkingEvaluation {
    const { columns: p, count, clusterWeights } = this.model.clusters;
    const { scaled } = this.variance;
    const size = p + 1 + (this.model.family.dispersion ? 1 : 0);
    const phi = scaled ? parameters.dispersion! : 1;
    const { sigma } = parameters;
    const tau = sigma * sigma;
    const { omega, cross, t0, gram, slope } = this;
    const delta = parameters.beta.map((value, j) => value - this.beta0[j]);
    // Sums: those of S and log phi come from the totals less each cluster's part in B.
    let within = this.squares;
    const pull = slope.slice();
    for (let a = 0; a < p; a++) {
      let moved = 0;
      for (let b = 0; b < p; b++) moved += gram[a * p + b] * delta[b];
      within += delta[a] * (moved - 2 * slope[a]);
      pull[a] -= moved;
    }
    const gradient = new Float64Array(size);
    const hessian = new Float64Array(size * size);
    let degrees = this.rows;
    let value = 0;
    let byTau = 0;
    let byPhi = 0;
    let tauTau = 0;
    let tauPhi = 0;
    let phiPhi = 0;
    for (let a = 0; a < p; a++) {
      gradient[a] = pull[a] / phi;
      if (scaled) hessian[(p + 1) * size + a] = -pull[a] / (phi * phi);
      for (let b = 0; b <= a; b++) hessian[a * size + b] = -gram[a * p + b] / phi;
    }
    for (let i = 0; i < count; i++) {
      const w = omega[i];
      if (w === 0) continue;
      const c = clusterWeights[i];
      const base = i * p;
      let t = t0[i];
      for (let a = 0; a < p; a++) t -= cross[base + a] * delta[a];
      const d = phi + tau * w;
      const between = (t * t) / w;
      degrees -= c;
      within -= c * between;
      value -= 0.5 * c * (Math.log(d) + between / d);
      // Derivatives in D, which moves by omega with tau and by 1 with phi.
      const first = (0.5 * c * (between / d - 1)) / d;
      const second = (c * (0.5 - between / d)) / (d * d);
      byTau += w * first;
      byPhi += first;
      tauTau += w * w * second;
      tauPhi += w * second;
      phiPhi += second;
      const back = (1 / d - 1 / phi) / w;
      const bend = (c * t) / (d * d);
      for (let a = 0; a < p; a++) {
        const xa = cross[base + a];
        gradient[a] += c * t * back * xa;
        hessian[p * size + a] -= 2 * sigma * bend * xa;
        if (scaled) hessian[(p + 1) * size + a] += (c * t * xa) / (w * phi * phi) - (bend * xa) / w;
        for (let b = 0; b <= a; b++) hessian[a * size + b] -= c * back * xa * cross[base + b];
      }
    }
    value -= 0.5 * (degrees * Math.log(phi) + within / phi);
    byPhi += (0.5 * (within / phi - degrees)) / phi;
    phiPhi += (0.5 * degrees - within / phi) / (phi * phi);
    const scales = { byTau, byPhi, tauTau, tauPhi, phiPhi };
    if (this.restrictedTo.length > 0) {
      const sums = { gram, cross, omega, clusterWeights, columns: p };
      value += addRestriction(sums, this.restrictedTo, tau, phi, scales);
    }
    gradient[p] = 2 * sigma * scales.byTau;
    hessian[p * size + p] = 2 * scales.byTau + 4 * tau * scales.tauTau;
    if (scaled) {
      gradient[p + 1] = scales.byPhi;
      hessian[(p + 1) * size + p] = 2 * sigma * scales.tauPhi;
      hessian[(p + 1) * size + p + 1] = scales.phiPhi;
    } else if (size > p + 1) {
      value += this.addDispersion(parameters, gradient, hessian);
    }
    mirror(hessian, size);
    return { value: value + this.constant, gradient, hessian, slopeInVariance: scales.byTau };
  }

  /** The intercepts that the normal model predicts: tau 1'V^-1 r. */
  intercepts(parameters: Parameters): Float64Array {
    const { columns: p } = this.model.clusters;
    const phi = this.variance.scaled ? parameters.dispersion! : 1;
    const tau = parameters.sigma ** 2;
    return this.omega.map((w, i) => {
      let t = this.t0[i];
      for (let a = 0; a < p; a++) t -= this.cross[i * p + a] * (parameters.beta[a] - this.beta0[a]);
      return (tau * t) / (phi + tau * w);
    });
  }

  /** A dispersion that is no scale (theta): the rows' log density about which the expansion was made, as a function of it. */
  private addDispersion(parameters: Parameters, gradient: Float64Array, hessian: Float64Array): number {
    const { integrand, eps } = this;
    const { count, clusterWeights } = this.model.clusters;
    const last = gradient.length - 1;
    const dispersion = parameters.dispersion!;
    integrand.setParameters({ ...parameters, beta: this.beta0 });
    let value = 0;
    for (let i = 0; i < count; i++) {
      integrand.select(i);
      const { outcome, rows, from, to, dispersionPart } = integrand;
      value += clusterWeights[i] * outcome.value(rows, from, to, eps[i], dispersion);
      outcome.dispersionDerivatives!(rows, from, to, eps[i], dispersion, dispersionPart);
      gradient[last] += clusterWeights[i] * dispersionPart.first;
      hessian[hessian.length - 1] += clusterWeights[i] * dispersionPart.second;
    }
    return value;
  }
}

/**
 * The Hessian that standard errors are made of, in all natural parameters: X'V^-1X for the coefficients, and for sigma and
 * the dispersion that of the likelihood with the coefficients maximised out. The cross terms have expectation 0.
 */
export function profiledHessian(
  { hessian, gradient }: Evaluation,
  free: readonly number[],
  p: number,
): Float64Array {
  const size = gradient.length;
  const columns = free.filter((k) => k < p);
  const out = hessian.slice();
  const information = Float64Array.from(
    { length: columns.length ** 2 },
    (_, k) => -hessian[columns[Math.floor(k / columns.length)] * size + columns[k % columns.length]],
  );
  const inverse = invertSymmetric(information, columns.length);
  for (let k = p; k < size; k++) {
    for (let l = p; l < size; l++) {
      columns.forEach((a, i) => {
        columns.forEach((b, j) => {
          out[k * size + l] +=
            (inverse?.[i * columns.length + j] ?? 0) * hessian[k * size + a] * hessian[l * size + b];
        });
      });
    }
    for (let a = 0; a < p; a++) {
      out[k * size + a] = 0;
      out[a * size + k] = 0;
    }
  }
  return out;
}
