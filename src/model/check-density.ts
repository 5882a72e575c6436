// What a custom density and its derivatives must stand before a model trusts them: differences on its own rows.
import { GlmmcError } from '../../samplers/errors.js';
import type { Rows } from './outcome.js';
import { type CustomDensity, DensityProbe } from './outcomes/custom.js';

/** Rows that are checked at most, and where about their starting eta. */
const ROWS = 20;
const SHIFTS = [0, -1, 1] as const;
/** Differences with a larger error (relative to the largest derivative) tell nothing. */
const TRUSTED = 1e-6;
/** Distances allowed of what is supplied; third derivatives by differences keep fewer digits. */
const ALLOWED = 1e-5;
const ALLOWED_THIRD = 1e-3;

/**
 * Tries the density on some of the rows, at their eta and one to either side.
 * @throws GlmmcError `bad-density` where it is not finite at the eta of a row, or cannot be differentiated there and no
 * derivatives are supplied; `wrong-derivative` where those supplied are not those of the density
 */
export function checkDensity(
  name: string,
  density: CustomDensity,
  hasDispersion: boolean,
  rows: Rows,
  dispersion: number,
  label: (row: number) => string,
): void {
  const probe = new DensityProbe(density.logDensity);
  const stride = Math.max(1, Math.ceil(rows.y.length / ROWS));
  for (let r = 0; r < rows.y.length; r += stride) {
    if (rows.weights[r] === 0) continue;
    for (const shift of SHIFTS) {
      const eta = rows.eta[r] + shift;
      const sized = hasDispersion ? `, dispersion = ${dispersion}` : '';
      const point = {
        y: rows.y[r],
        trials: rows.trials[r],
        eta,
        dispersion,
        name,
        where: `${label(r)}: at y = ${rows.y[r]}, eta = ${eta}${sized}`,
        // Beside the starting value the response may be impossible, or the density rough.
        strict: shift === 0,
      };
      if (!isPossible(density, point)) continue;
      checkInEta(probe, density, point);
      if (hasDispersion) checkInDispersion(probe, density, point);
    }
  }
}

interface Point {
  readonly y: number;
  readonly trials: number;
  readonly eta: number;
  readonly dispersion: number;
  readonly name: string;
  readonly where: string;
  readonly strict: boolean;
}

function isPossible(
  density: CustomDensity,
  { y, trials, eta, dispersion, name, where, strict }: Point,
): boolean {
  const value = density.logDensity(y, eta, dispersion, trials);
  if (Number.isFinite(value)) return true;
  if (!strict) return false;
  throw new GlmmcError(
    'bad-density',
    `${where}, the logDensity of ${name} must be a finite number, found ${value}; correct it, or give response and startingMean`,
  );
}

function checkInEta(probe: DensityProbe, density: CustomDensity, point: Point): void {
  const { y, trials, eta, dispersion } = point;
  const { derivatives, thirdDerivative } = density;
  probe.differentiate(y, eta, dispersion, trials, 1, 0);
  const { first, second, third } = probe.along;
  if (!isTrusted(probe, point, derivatives === undefined, 'derivatives')) return;
  const scale = Math.max(1, Math.abs(first), Math.abs(second));
  if (derivatives) {
    const supplied = derivatives(y, eta, dispersion, trials);
    compare(point, 'first derivative', supplied[0], first, ALLOWED * scale);
    compare(point, 'second derivative', supplied[1], second, ALLOWED * scale);
  }
  if (!thirdDerivative) return;
  const supplied = thirdDerivative(y, eta, dispersion, trials);
  compare(point, 'third derivative', supplied, third, ALLOWED_THIRD * Math.max(scale, Math.abs(third)));
}

function checkInDispersion(probe: DensityProbe, density: CustomDensity, point: Point): void {
  const { y, trials, eta, dispersion } = point;
  const { dispersionDerivatives } = density;
  probe.differentiate(y, eta, dispersion, trials, 1, 1);
  const advice = 'dispersionDerivatives';
  if (!isTrusted(probe, point, dispersionDerivatives === undefined, advice) || !dispersionDerivatives) return;
  const { first, second } = probe.along;
  // Along log dispersion, in which the differences are taken.
  const scale = Math.max(1, Math.abs(first), Math.abs(second));
  const supplied = dispersionDerivatives(y, eta, dispersion, trials);
  const differences = probe.inDispersion(y, eta, dispersion, trials);
  const once = (ALLOWED * scale) / dispersion;
  compare(point, 'derivative in the dispersion', supplied.first, differences.first, once);
  compare(
    point,
    'second derivative in the dispersion',
    supplied.second,
    differences.second,
    once / dispersion,
  );
  compare(point, 'derivative in eta and the dispersion', supplied.eta, differences.eta, once);
  const most = (ALLOWED_THIRD * Math.max(scale, Math.abs(probe.along.third))) / dispersion;
  compare(point, 'derivative in eta, twice, and the dispersion', supplied.etaEta, differences.etaEta, most);
}

function isTrusted(probe: DensityProbe, point: Point, needed: boolean, advice: string): boolean {
  if (probe.along.error <= TRUSTED) return true;
  if (!needed || !point.strict) return false;
  throw new GlmmcError(
    'bad-density',
    `${point.where}, the logDensity of ${point.name} cannot be differentiated: differences of two orders disagree; make it smooth, or supply ${advice}`,
  );
}

function compare(point: Point, what: string, supplied: number, difference: number, allowed: number): void {
  if (Math.abs(supplied - difference) <= allowed) return;
  throw new GlmmcError(
    'wrong-derivative',
    `${point.where}, the ${what} of ${point.name} should be ${difference} by differences of its logDensity, found ${supplied}; correct it, or leave it out`,
  );
}
