// The noncentral hypergeometric distribution of one cell of a two by two table, as a family whose eta is the log odds ratio.
import { customFamily } from '../../model/custom-family.js';
import type { Family } from '../../model/family.js';
import type { TwoArms } from './studies.js';

/**
 * A family for the tables of studies: the response is the number of a table, 0, 1, ..., and eta its log odds ratio. Given both
 * margins, the treated arm's events K have P(K = k) proportional to C(n1, k) C(n0, s - k) exp(k eta), whatever the risk of the
 * controls: log-concave in eta, with E K and Var K as derivatives. A study with no event in either arm has density 1.
 *
 * Source: Stijnen, Hamza, Ozdemir (2010), Statistics in Medicine 29, section 3.
 * @param starts an eta near each table, to start from
 */
export function hypergeometric(tables: readonly TwoArms[], starts: readonly number[]): Family {
  const cells = tables.map((table) => new Cell(table));
  return customFamily({
    name: 'hypergeometric',
    link: 'identity',
    logDensity: (table, eta) => cells[table].at(eta).logDensity,
    derivatives: (table, eta) => {
      const { residual, variance } = cells[table].at(eta);
      return [residual, -variance];
    },
    thirdDerivative: (table, eta) => -cells[table].at(eta).third,
    response: {
      expected: 'numbers of tables',
      allows: (table) => Number.isInteger(table) && table >= 0 && table < cells.length,
    },
    startingMean: (table) => starts[table],
    logConcave: true,
    // All zeros of the normalising polynomial are real and negative (it is a sum of Bernoulli trials), so the poles are
    // as far away as a logit's, and the same step integrates to the last digits.
    step: 0.5,
  });
}

/** One cell given the margins; nothing is allocated after construction. */
class Cell {
  logDensity = 0;
  /** Observed less expected events. */
  residual = 0;
  variance = 0;
  third = 0;
  /** log of C(n1, k) C(n0, s - k) over that of the observed k, for k = low, low + 1, ... */
  private readonly logWeights: Float64Array;
  private readonly low: number;
  private readonly observed: number;
  private last = Number.NaN;

  constructor({ treated, control }: TwoArms) {
    const n1 = treated.size;
    const n0 = control.size;
    const s = treated.events + control.events;
    this.observed = treated.events;
    this.low = Math.max(0, s - n0);
    const high = Math.min(n1, s);
    this.logWeights = new Float64Array(high - this.low + 1);
    // By ratios from the observed cell outwards: binomial coefficients of large arms would lose digits to one another.
    for (let k = this.observed; k < high; k++) {
      this.logWeights[k + 1 - this.low] =
        this.logWeights[k - this.low] + Math.log(((n1 - k) * (s - k)) / ((k + 1) * (n0 - s + k + 1)));
    }
    for (let k = this.observed; k > this.low; k--) {
      this.logWeights[k - 1 - this.low] =
        this.logWeights[k - this.low] - Math.log(((n1 - k + 1) * (s - k + 1)) / (k * (n0 - s + k)));
    }
  }

  at(eta: number): this {
    if (eta === this.last) return this;
    const { logWeights, low, observed } = this;
    const size = logWeights.length;
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < size; j++) top = Math.max(top, logWeights[j] + (low + j - observed) * eta);
    let total = 0;
    let first = 0;
    for (let j = 0; j < size; j++) {
      const mass = Math.exp(logWeights[j] + (low + j - observed) * eta - top);
      total += mass;
      first += mass * (low + j - observed);
    }
    const shift = first / total;
    let second = 0;
    let third = 0;
    for (let j = 0; j < size; j++) {
      const mass = Math.exp(logWeights[j] + (low + j - observed) * eta - top);
      const d = low + j - observed - shift;
      second += mass * d * d;
      third += mass * d * d * d;
    }
    this.last = eta;
    this.logDensity = -top - Math.log(total);
    this.residual = -shift;
    this.variance = second / total;
    this.third = third / total;
    return this;
  }
}
