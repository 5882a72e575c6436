// Nonparametric maximum likelihood: places and masses of the intercepts estimated with everything else.
import { GlmmcError } from '../../samplers/errors.js';
import { MarginalLikelihood } from '../likelihood/marginal-likelihood.js';
import { constantDirection } from '../model/constant-direction.js';
import type { Parameters } from '../model/parameters.js';
import { predictorUnit } from '../model/predictor-unit.js';
import { newtonSteps } from '../numeric/newton.js';
import type { FitTask, LikelihoodFit, Strategy } from './fit.js';
import { finishLikelihoodFit } from './likelihood-fit.js';
import { type Iteration, pooledMaximum } from './maximum-likelihood.js';
import { standInHessian } from './point-masses/covariance.js';
import { climbByEm, withPlace } from './point-masses/em.js';
import { ENOUGH, pointMassFindings } from './point-masses/findings.js';
import { FreeMasses } from './point-masses/free-masses.js';
import { bestNewPlace } from './point-masses/gradient-function.js';
import { Mixture, type MixturePoint } from './point-masses/mixture.js';

/** The log-likelihood that one mass for two that nearly coincide may cost. */
const SAME = 1e-7;
/** Masses this small, or two places nearer than this many units, are tried without. */
const TINY_MASS = 1e-4;
const NEAR = 0.05;
/** Longest Newton steps, in units of the predictor for places and on the log scale for masses. */
const LONGEST = 2;

/**
 * Maximum likelihood over distributions with at most k masses (Laird 1978; Lindsay 1983). From one mass (the pooled fit),
 * each further one starts where the gradient function is highest; EM steps, then Newton on coefficients, places, masses
 * and dispersion together. It ends early where the gradient function says that no further mass gains anything; where k
 * masses leave something to gain, the finding `masses-too-few` says how much at most.
 */
export async function fitPointMasses(
  self: Pick<Strategy, 'name' | 'settings'>,
  task: FitTask,
  tolerance: number,
): Promise<LikelihoodFit> {
  const { model, space } = task;
  const most = model.randomEffect.points!;
  if (space.fixed.sigma !== undefined) {
    throw new GlmmcError(
      'bad-fixed',
      `fixed.sigma: with pointMasses() sigma is the standard deviation of the masses, which are estimated; hold coefficients only, or use normal()`,
    );
  }
  const p = model.coefficientNames.length;
  const freeBeta = space.free.filter((k) => k < p);
  const mixture = new Mixture(model);
  const likelihood = new MarginalLikelihood(model);
  const coordinates = new FreeMasses(mixture, freeBeta);
  const direction = constantDirection(model, freeBeta);
  const start = await pooledStartOf(likelihood, task);
  const unit = predictorUnit(model, start);
  const history: Iteration[] = [];
  let found = await polish(coordinates, start, unit, task);
  let best = bestNewPlace(mixture, found.point, unit);
  while (found.point.places.length < most && best.gain > ENOUGH) {
    const wider = withPlace(mixture, found.point, best.place);
    const climbed = climbByEm(mixture, wider, direction);
    const next = await reduce(coordinates, await polish(coordinates, climbed, unit, task), unit, task);
    // Where a new mass comes to nothing, others would too.
    if (!(next.value > found.value + SAME)) break;
    found = next;
    mixture.evaluate(found.point);
    best = bestNewPlace(mixture, found.point, unit);
    const objective = found.value;
    history.push({
      iteration: history.length + 1,
      objective,
      parameters: parametersOf(found.point, mixture),
      detail: { masses: found.point.places.length, gradientFunction: best.gain },
    });
    task.onProgress({
      stage: 'masses',
      done: found.point.places.length,
      total: most,
      detail: { logLik: objective },
    });
  }
  const parameters = parametersOf(found.point, mixture);
  const boundary = found.point.places.length === 1;
  const runaway = placesWithoutHold(mixture, found.point, unit);
  const findings = pointMassFindings(found.point.places, found.converged, best, most, runaway);
  const hessian = boundary ? undefined : standInHessian(coordinates, found.point, p);
  return finishLikelihoodFit(
    self,
    task,
    likelihood,
    {
      parameters,
      objective: found.value,
      converged: found.converged,
      boundary,
      findings,
      history,
      ...(hessian && { hessian }),
    },
    tolerance,
  );
}

interface Found {
  readonly point: MixturePoint;
  readonly value: number;
  readonly converged: boolean;
}

/** Below this information per cluster that stands at a place, in units of the predictor, nothing tells where it is. */
const NO_HOLD = 1e-6;

/** The places on their way to infinity. */
function placesWithoutHold(mixture: Mixture, point: MixturePoint, unit: number): number[] {
  mixture.evaluate(point);
  const { complete, occupancy } = mixture;
  const q = mixture.size(point.places.length);
  const p = mixture.model.coefficientNames.length;
  return Array.from(point.places).filter(
    (_, j) => point.places.length > 1 && -complete[(p + j) * (q + 1)] * unit * unit < NO_HOLD * occupancy[j],
  );
}

/** All mass at 0: the fit without intercepts. */
async function pooledStartOf(likelihood: MarginalLikelihood, task: FitTask): Promise<MixturePoint> {
  const { parameters } = await pooledMaximum(likelihood, task.space, () => task.pause());
  const { beta, dispersion = 1 } = parameters;
  return { beta, dispersion, places: new Float64Array(1), masses: Float64Array.of(1) };
}

/** Newton on everything together. */
async function polish(
  coordinates: FreeMasses,
  start: MixturePoint,
  unit: number,
  task: FitTask,
): Promise<Found> {
  const f = coordinates.freeBeta.length;
  const k = start.places.length;
  const steps = newtonSteps(
    (theta) => coordinates.evaluate(coordinates.unpack(theta, start)),
    coordinates.pack(start),
    {
      allowed: (step) => {
        let part = 1;
        step.forEach((change, a) => {
          if (a >= f) part = Math.min(part, (LONGEST * (a < f + k - 1 ? unit : 1)) / Math.abs(change));
        });
        return part;
      },
    },
  );
  for (;;) {
    await task.pause();
    const { done, value } = steps.next();
    if (!done) continue;
    const point = coordinates.unpack(value.point, start);
    return { point, value: coordinates.mixture.evaluate(point), converged: value.converged };
  }
}

/** One mass for two, or none for a tiny one, as long as nothing is lost. */
async function reduce(coordinates: FreeMasses, found: Found, unit: number, task: FitTask): Promise<Found> {
  const { places, masses } = found.point;
  const k = places.length;
  if (k < 2) return found;
  const order = Array.from({ length: k }, (_, j) => j).sort((a, b) => places[a] - places[b]);
  let pair = [order[0], order[1]];
  for (let j = 1; j < k - 1; j++) {
    const gap = places[order[j + 1]] - places[order[j]];
    if (gap < places[pair[1]] - places[pair[0]]) pair = [order[j], order[j + 1]];
  }
  const smallest = masses.indexOf(Math.min(...masses));
  const tiny = masses[smallest] < TINY_MASS;
  const near = places[pair[1]] - places[pair[0]] < NEAR * unit;
  if (!tiny && !near && found.converged) return found;
  const [kept, gone] = tiny ? [order.find((j) => j !== smallest)!, smallest] : pair;
  const mass = masses[kept] + masses[gone];
  const place = (masses[kept] * places[kept] + masses[gone] * places[gone]) / mass;
  const merged = {
    ...found.point,
    places: places.map((at, j) => (j === kept && !tiny ? place : at)).filter((_, j) => j !== gone),
    masses: masses.map((m, j) => (j === kept ? mass : m)).filter((_, j) => j !== gone),
  };
  const fewer = await polish(coordinates, merged, unit, task);
  if (!(fewer.value >= found.value - SAME)) return found;
  return reduce(coordinates, fewer, unit, task);
}

function parametersOf({ beta, places, masses, dispersion }: MixturePoint, mixture: Mixture): Parameters {
  const order = Array.from(places.keys()).sort((a, b) => places[a] - places[b]);
  const shape = Float64Array.from([...order.map((j) => places[j]), ...order.map((j) => masses[j])]);
  const variance = places.reduce((sum, place, j) => sum + masses[j] * place * place, 0);
  return { beta, sigma: Math.sqrt(variance), shape, ...(mixture.hasDispersion && { dispersion }) };
}
