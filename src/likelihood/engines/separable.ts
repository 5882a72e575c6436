// The engine for separable outcomes: the rows of a cluster are summed once, and a node costs the same for any number of them.
import type { Clusters } from '../../model/clusters.js';
import type { Model } from '../../model/model.js';
import type { Outcome, Separable, SeparableTerms } from '../../model/outcome.js';
import type { Parameters } from '../../model/parameters.js';
import { type EffectDerivatives, effectDerivatives, type RandomEffect } from '../../model/random-effect.js';
import { findMode } from '../mode.js';
import type { ClusterIntegral } from '../trapezoid.js';
import { type Accuracy, type ClusterEngine, type Derivatives, INFORMATIVE, LONG_WALK } from './engine.js';
import type { GeneralEngine } from './general.js';
import { type FillWeights, NodeGrid } from './node-grid.js';
import { ReducedDesign } from './reduced-design.js';

/** For normal F: z has mean 0 and variance 1. */
export class SeparableEngine implements ClusterEngine {
  /** Derivatives of the log integrand in z at the last point evaluated. */
  gradient = 0;
  curvature = 0;
  private readonly general: GeneralEngine;
  private byGeneral = false;
  private readonly clusters: Clusters;
  private readonly outcome: Separable;
  private readonly full: Outcome;
  private readonly effect: RandomEffect;
  private readonly step: number;
  private readonly hasDispersion: boolean;
  private readonly rows: GeneralEngine['integrand']['rows'];
  private readonly reduced: ReducedDesign;
  private readonly grid = new NodeGrid();
  private readonly effectPart: EffectDerivatives = effectDerivatives();
  private readonly terms: SeparableTerms;
  private beta: Float64Array = new Float64Array(0);
  private sigma = 0;
  private dispersion = 1;
  private cluster = 0;
  private slope = 0;
  private coefficient = 0;
  /** Rows of the cluster loaded; the z the grid is centred on, and the rows' value there. */
  private from = 0;
  private to = 0;
  private centre = 0;
  private centreValue = 0;
  /** By slot: sums over rows of a x and b x; of b x x' (lower triangle). */
  private readonly slopeX: Float64Array;
  private readonly coefficientX: Float64Array;
  private readonly coefficientXX: Float64Array;
  private mean = 0;
  private spread = 0;
  private readonly fill: FillWeights = (grid, from, to) => {
    const { weight, z } = grid;
    if (from === 0) grid.logPeak = this.centreOn(z[0]) + this.effect.logDensity(z[0], this.sigma);
    for (let k = from; k < to; k++) weight[k] = Math.exp(this.rise(z[k]));
  };

  constructor(
    model: Pick<Model, 'family' | 'randomEffect'>,
    clusters: Clusters,
    separable: Separable,
    general: GeneralEngine,
  ) {
    const { outcome } = model.family;
    this.clusters = clusters;
    this.outcome = separable;
    this.full = outcome;
    this.effect = model.randomEffect;
    this.step = outcome.step;
    this.hasDispersion = outcome.dispersionDerivatives !== undefined;
    this.general = general;
    this.rows = general.integrand.rows;
    this.reduced = new ReducedDesign(clusters, this.hasDispersion);
    const { slots } = this.reduced;
    this.slopeX = new Float64Array(slots);
    this.coefficientX = new Float64Array(slots);
    this.coefficientXX = new Float64Array(slots * slots);
    this.terms = {
      slope: new Float64Array(clusters.largest),
      coefficient: new Float64Array(clusters.largest),
      shift: 0,
      normaliser: 0,
      normaliserFirst: 0,
      normaliserSecond: 0,
    };
  }

  setParameters(parameters: Parameters): void {
    this.beta = parameters.beta;
    this.sigma = parameters.sigma;
    this.dispersion = parameters.dispersion ?? 1;
    this.general.setParameters(parameters);
  }

  integrate(
    cluster: number,
    start: number,
    accuracy: Accuracy,
    tolerance: number,
    derivatives: Derivatives,
    out: ClusterIntegral,
  ): void {
    const { grid, sigma } = this;
    this.load(cluster);
    this.byGeneral = false;
    if (sigma === 0) this.withoutIntercepts(out);
    else {
      out.mode = findMode(this, start, accuracy.centring);
      out.modeSd = 1 / Math.sqrt(-this.curvature);
      const step = accuracy.step * Math.min(out.modeSd, this.step / sigma);
      out.logIntegral =
        out.modeSd < LONG_WALK * step
          ? grid.integrate(this.fill, out.mode, step, accuracy.drop, tolerance)
          : Number.NaN;
      if (Number.isNaN(out.logIntegral)) {
        this.byGeneral = true;
        this.general.integrate(cluster, start, accuracy, tolerance, derivatives, out);
        return;
      }
      out.error = grid.error;
      out.nodes = grid.count;
      out.laplace = grid.logPeak + Math.log(out.modeSd) + 0.5 * Math.log(2 * Math.PI);
    }
    if (derivatives) this.differentiate();
  }

  addDerivatives(multiplicity: number, gradient: Float64Array, hessian: Float64Array): void {
    if (this.byGeneral) this.general.addDerivatives(multiplicity, gradient, hessian);
    else this.reduced.expand(this.cluster, multiplicity, gradient, hessian);
  }

  meanZ(): number {
    return this.byGeneral ? this.general.meanZ() : this.mean;
  }

  sdZ(): number {
    return this.byGeneral ? this.general.sdZ() : this.spread;
  }

  /** For the search of the mode. */
  evaluate(z: number): void {
    const { sigma, effectPart, outcome } = this;
    const x = sigma * z + this.terms.shift;
    this.effect.derivatives(z, sigma, effectPart);
    this.gradient = sigma * (this.slope + this.coefficient * outcome.slope(x)) + effectPart.z;
    this.curvature = sigma * sigma * this.coefficient * outcome.bend(x) + effectPart.zz;
  }

  /** The rows' value at z, from which `rowRise` counts. */
  private centreOn(z: number): number {
    const { from, to } = this;
    this.centre = z;
    this.centreValue = this.full.value(this.rows, from, to, this.sigma * z, this.dispersion);
    return this.centreValue;
  }

  /** How much the rows' value at z is above that at the centre. */
  private rowRise(z: number): number {
    const { sigma, centre } = this;
    const dx = sigma * (z - centre);
    return this.slope * dx + this.coefficient * this.outcome.rise(sigma * centre + this.terms.shift, dx);
  }

  /** The same for the log integrand. */
  private rise(z: number): number {
    const { effect, sigma, centre } = this;
    return this.rowRise(z) + effect.logDensity(z, sigma) - effect.logDensity(centre, sigma);
  }

  /** At sigma = 0 the likelihood does not depend on z, whose posterior is F itself. */
  private withoutIntercepts(out: ClusterIntegral): void {
    this.grid.single(this.fill);
    out.logIntegral = this.centreValue;
    out.error = 0;
    out.nodes = 1;
    out.mode = 0;
    out.modeSd = 1;
    out.laplace = out.logIntegral;
  }

  /** Sums the rows of a cluster at the current coefficients. */
  private load(cluster: number): void {
    const { clusters, beta, terms, rows, slopeX, coefficientX, coefficientXX, reduced } = this;
    const { x, offset, columns, starts } = clusters;
    const { varying, slots } = reduced;
    const from = starts[cluster];
    const to = starts[cluster + 1];
    this.cluster = cluster;
    this.from = from;
    this.to = to;
    for (let r = from; r < to; r++) {
      let eta = offset[r];
      for (let j = 0; j < columns; j++) eta += x[r * columns + j] * beta[j];
      rows.eta[r] = eta;
    }
    this.outcome.terms(rows, from, to, this.dispersion, terms);
    slopeX.fill(0);
    coefficientX.fill(0);
    coefficientXX.fill(0);
    for (let r = from; r < to; r++) {
      const a = terms.slope[r - from];
      const b = terms.coefficient[r - from];
      slopeX[0] += a;
      coefficientX[0] += b;
      for (let s = 1; s < slots; s++) {
        const value = x[r * columns + varying[s - 1]];
        slopeX[s] += a * value;
        coefficientX[s] += b * value;
        for (let t = 1; t <= s; t++) {
          coefficientXX[s * slots + t] += b * value * x[r * columns + varying[t - 1]];
        }
      }
    }
    // Slot 0 is a column of ones.
    for (let s = 0; s < slots; s++) coefficientXX[s * slots] = coefficientX[s];
    this.slope = slopeX[0];
    this.coefficient = coefficientX[0];
  }

  /**
   * Score and Hessian of the cluster in slots, by Fisher's and Louis's identities. At a node the score is slopeX +
   * coefficientX C' in the coefficients, z (slope + coefficient C') in sigma and N' - (value - N) / phi in phi, so a
   * few means and covariances over the nodes are all there is to know.
   */
  private differentiate(): void {
    const { grid, reduced, outcome, sigma, slope, coefficient, slopeX, coefficientX, coefficientXX, terms } =
      this;
    const constant = this.centreValue - terms.normaliser;
    const { z, weight } = grid;
    const { slots, size, gradient, hessian } = reduced;
    let total = 0;
    let meanZ = 0;
    let meanCurve = 0;
    let meanBend = 0;
    let meanZBend = 0;
    let meanZZBend = 0;
    let meanSigma = 0;
    let meanRise = 0;
    for (let k = 0; k < grid.confirmed; k++) {
      const p = weight[k];
      if (p === 0) continue;
      const x = sigma * z[k] + terms.shift;
      const curveSlope = outcome.slope(x);
      const bend = outcome.bend(x);
      total += p;
      meanZ += p * z[k];
      meanCurve += p * curveSlope;
      meanBend += p * bend;
      meanZBend += p * z[k] * bend;
      meanZZBend += p * z[k] * z[k] * bend;
      meanSigma += p * z[k] * (slope + coefficient * curveSlope);
      meanRise += p * this.rowRise(z[k]);
    }
    meanZ /= total;
    meanCurve /= total;
    meanBend /= total;
    meanZBend /= total;
    meanZZBend /= total;
    meanSigma /= total;
    meanRise /= total;
    let varianceZ = 0;
    let curveCurve = 0;
    let curveSigma = 0;
    let sigmaSigma = 0;
    let curveValue = 0;
    let sigmaValue = 0;
    let valueValue = 0;
    for (let k = 0; k < grid.confirmed; k++) {
      const p = weight[k] / total;
      if (p === 0) continue;
      const value = this.rowRise(z[k]) - meanRise;
      const curveSlope = outcome.slope(sigma * z[k] + terms.shift);
      const ofCurve = curveSlope - meanCurve;
      const ofSigma = z[k] * (slope + coefficient * curveSlope) - meanSigma;
      varianceZ += p * (z[k] - meanZ) ** 2;
      curveCurve += p * ofCurve * ofCurve;
      curveSigma += p * ofCurve * ofSigma;
      sigmaSigma += p * ofSigma * ofSigma;
      curveValue += p * ofCurve * value;
      sigmaValue += p * ofSigma * value;
      valueValue += p * value * value;
    }
    if (this.sigma === 0) {
      // The posterior of z is F: E[z] = 0, E[z^2] = 1, and z goes with nothing else.
      varianceZ = 1;
      meanZZBend = meanBend;
      sigmaSigma = (slope + coefficient * meanCurve) ** 2;
    }
    this.mean = meanZ;
    this.spread = Math.sqrt(varianceZ);
    if (sigma > 0 && varianceZ < INFORMATIVE) {
      this.differentiateCentred(total, meanZ, varianceZ, meanBend, constant + meanRise);
      return;
    }
    for (let a = 0; a < slots; a++) {
      gradient[a] = slopeX[a] + coefficientX[a] * meanCurve;
      for (let b = 0; b <= a; b++) {
        hessian[a * size + b] =
          coefficientXX[a * slots + b] * meanBend + coefficientX[a] * coefficientX[b] * curveCurve;
      }
      hessian[slots * size + a] = coefficientX[a] * (meanZBend + curveSigma);
    }
    gradient[slots] = meanSigma;
    hessian[slots * size + slots] = coefficient * meanZZBend + sigmaSigma;
    if (!this.hasDispersion) return;
    const precision = 1 / this.dispersion;
    const meanValue = constant + meanRise;
    const row = (slots + 1) * size;
    gradient[slots + 1] = terms.normaliserFirst - precision * meanValue;
    for (let a = 0; a < slots; a++) {
      hessian[row + a] = -precision * (gradient[a] + coefficientX[a] * curveValue);
    }
    hessian[row + slots] = -precision * (meanSigma + sigmaValue);
    hessian[row + slots + 1] = terms.normaliserSecond + precision * precision * (2 * meanValue + valueValue);
  }

  /**
   * The same where the cluster says much of its intercept. E[D2] and Cov(D) would then be large and nearly cancel; with
   * v = eps + c' beta integrated in place of eps, c the rows' mean x weighted by b, the score is
   * slopeX - c slope + c z / sigma in the coefficients and (z^2 - 1) / sigma in sigma, and they do not (F is normal).
   */
  private differentiateCentred(
    total: number,
    meanZ: number,
    varianceZ: number,
    meanBend: number,
    meanValue: number,
  ): void {
    const { grid, reduced, sigma, slope, coefficient, slopeX, coefficientX, coefficientXX, terms } = this;
    const { z, weight } = grid;
    const { slots, size, gradient, hessian } = reduced;
    const meanSquare = varianceZ + meanZ * meanZ;
    const meanRise = meanValue - (this.centreValue - terms.normaliser);
    let zSquare = 0;
    let squareSquare = 0;
    let zValue = 0;
    let squareValue = 0;
    let valueValue = 0;
    for (let k = 0; k < grid.confirmed; k++) {
      const p = weight[k] / total;
      if (p === 0) continue;
      const ofZ = z[k] - meanZ;
      const ofSquare = z[k] * z[k] - meanSquare;
      const value = this.rowRise(z[k]) - meanRise;
      zSquare += p * ofZ * ofSquare;
      squareSquare += p * ofSquare * ofSquare;
      zValue += p * ofZ * value;
      squareValue += p * ofSquare * value;
      valueValue += p * value * value;
    }
    const variance = sigma * sigma;
    const precision = 1 / this.dispersion;
    const row = (slots + 1) * size;
    for (let a = 0; a < slots; a++) {
      const c = coefficientX[a] / coefficient;
      const rest = slopeX[a] - c * slope;
      gradient[a] = rest + (c * meanZ) / sigma;
      for (let b = 0; b <= a; b++) {
        const within = coefficientXX[a * slots + b] - c * coefficientX[b];
        hessian[a * size + b] =
          within * meanBend + ((c * coefficientX[b]) / coefficient / variance) * (varianceZ - 1);
      }
      hessian[slots * size + a] = (c / variance) * (zSquare - 2 * meanZ);
      if (this.hasDispersion) hessian[row + a] = -precision * (rest + (c / sigma) * zValue);
    }
    gradient[slots] = (meanSquare - 1) / sigma;
    hessian[slots * size + slots] = (squareSquare + 1 - 3 * meanSquare) / variance;
    if (!this.hasDispersion) return;
    gradient[slots + 1] = terms.normaliserFirst - precision * meanValue;
    hessian[row + slots] = (-precision * squareValue) / sigma;
    hessian[row + slots + 1] = terms.normaliserSecond + precision * precision * (2 * meanValue + valueValue);
  }
}
