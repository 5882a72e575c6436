// EM for a mixture over intercepts: the way from a new mass to where Newton can take over.
import { newtonStep } from '../../numeric/newton.js';
import type { Mixture, MixturePoint } from './mixture.js';

const MOST_STEPS = 25;
/** Log-likelihood. */
const SMALL_GAIN = 1e-6;
/** Sizes tried for a new mass. */
const SHARES: readonly number[] = [0.03, 0.1, 0.2, 0.35, 0.5];

/** A new mass at `place`, of the size that gains most among a few. */
export function withPlace(
  mixture: Mixture,
  { beta, places, masses, dispersion }: MixturePoint,
  place: number,
): MixturePoint {
  const candidates = SHARES.map((share) => ({
    beta,
    dispersion,
    places: Float64Array.from([...places, place]),
    masses: Float64Array.from([...masses.map((mass) => (1 - share) * mass), share]),
  }));
  const values = candidates.map((point) => mixture.evaluate(point));
  return candidates[values.indexOf(Math.max(...values))];
}

/** EM: new masses in closed form; coefficients, places and dispersion by a Newton step that is halved until it gains. */
export function climbByEm(
  mixture: Mixture,
  start: MixturePoint,
  direction: Float64Array | undefined,
): MixturePoint {
  const p = mixture.model.coefficientNames.length;
  const k = start.places.length;
  const q = mixture.size(k);
  const moved = Array.from({ length: q }, (_, a) => a).filter((a) => a < p + k || a >= p + 2 * k);
  let point = recentred(start, direction);
  let value = mixture.evaluate(point);
  for (let iteration = 0; iteration < MOST_STEPS; iteration++) {
    const { gradient, complete } = mixture;
    const masses = mixture.occupancy.map((occupied) => occupied / mixture.total);
    const size = moved.length;
    // The intercept and all places together are exchangeable: a trace on the diagonal picks one answer.
    const hessian = Float64Array.from({ length: size * size }, (_, c) => {
      const a = moved[Math.floor(c / size)];
      const b = moved[c % size];
      return complete[a * q + b] * (a === b ? 1 + 1e-6 : 1);
    });
    const step = newtonStep(
      Float64Array.from(moved, (a) => gradient[a]),
      hessian,
    );
    let better: MixturePoint = { ...point, masses };
    let next = mixture.evaluate(better);
    for (let part = 1; step && part > 0.01; part /= 2) {
      const change = new Float64Array(q);
      moved.forEach((a, c) => {
        change[a] = part * step[c];
      });
      const trial = recentred(
        {
          beta: point.beta.map((b, j) => b + change[j]),
          places: point.places.map((place, j) => place + change[p + j]),
          masses,
          dispersion:
            point.dispersion * Math.exp(mixture.hasDispersion ? change[q - 1] / point.dispersion : 0),
        },
        direction,
      );
      const trialValue = mixture.evaluate(trial);
      if (!(trialValue > next)) continue;
      better = trial;
      next = trialValue;
      break;
    }
    if (!(next > value + SMALL_GAIN)) break;
    point = better;
    value = mixture.evaluate(point);
  }
  return recentred(point, direction);
}

/** Mean 0, taken up by the coefficients where they can. */
function recentred(point: MixturePoint, direction: Float64Array | undefined): MixturePoint {
  const { beta, places, masses } = point;
  const mean = places.reduce((sum, place, j) => sum + masses[j] * place, 0);
  return {
    ...point,
    places: places.map((place) => place - mean),
    beta: direction ? beta.map((b, j) => b + mean * direction[j]) : beta,
  };
}
