// Bridge intercepts: the distribution that keeps the logit link when the intercepts are averaged over.
import { openUniform } from '../../../samplers/variates.js';
import type { RandomEffect } from '../random-effect.js';

/**
 * Density of eps sin(phi pi) / (2 pi (cosh(phi eps) + cos(phi pi))), 0 < phi < 1: E plogis(eta + eps) = plogis(phi eta)
 * (Wang and Louis 2003, equations 5 to 8). sigma is the standard deviation, sigma^2 = pi^2 (phi^-2 - 1) / 3.
 *
 * As sigma goes to 0 this does not tend to a normal: nearly all of eps lies within sigma^2 of 0, and the variance comes
 * from rare values of order 1. So z has no limiting density, its poles close in on 0, and below the sigma of
 * `SMALLEST` the density is that at `SMALLEST`.
 */
export function bridge(): RandomEffect {
  return BRIDGE;
}

const C = 3 / (Math.PI * Math.PI);
/** At this sigma the density's core is 1e-20 wide in eps: nothing can tell it from sigma = 0. */
const SMALLEST = 1e-10;

/** phi, 1 - phi, kappa = phi sigma; omega = pi (1 - phi), sin^2(omega / 2), and the log of the density's numerator. */
const shape = { sigma: -1, phi: 0, delta: 0, kappa: 0, omega: 0, q: 0, logTop: 0 };

function setShape(sigma: number): void {
  if (sigma === shape.sigma) return;
  const s = Math.max(sigma, SMALLEST);
  shape.sigma = sigma;
  shape.phi = 1 / Math.sqrt(1 + C * s * s);
  // 1 - phi = (1 - phi^2) / (1 + phi), which does not cancel.
  shape.delta = (C * s * s * shape.phi * shape.phi) / (1 + shape.phi);
  shape.kappa = shape.phi * s;
  shape.omega = Math.PI * shape.delta;
  shape.q = Math.sin(0.5 * shape.omega) ** 2;
  shape.logTop = Math.log(s * Math.sin(shape.omega)) - Math.log(Math.PI);
}

const BRIDGE: RandomEffect = {
  name: 'bridge',
  symmetric: true,
  scaleFamily: false,
  logConcave: false,
  tails: 'exponential',
  tailDf: Number.POSITIVE_INFINITY,
  kink: false,
  smoothAtZero: false,
  center: () => 0,
  // Poles at +-i omega / kappa.
  step(sigma) {
    setShape(sigma);
    return shape.omega / shape.kappa / 6.2;
  },
  logDensity(z, sigma) {
    setShape(sigma);
    const { kappa, q, logTop } = shape;
    const y = Math.abs(kappa * z);
    const e = Math.exp(-y);
    const m = Math.expm1(-y);
    // cosh y - cos omega = e^y (m^2 + 4 e q) / 2
    return logTop - y - Math.log(m * m + 4 * e * q);
  },
  derivatives(z, sigma, out) {
    setShape(sigma);
    const s = Math.max(sigma, SMALLEST);
    const { phi, kappa, omega, q } = shape;
    const sign = z < 0 ? -1 : 1;
    const y = Math.abs(kappa * z);
    const e = Math.exp(-y);
    const m = -Math.expm1(-y);
    const d = m * m + 4 * e * q;
    // With D = cosh y - cos omega: A = sinh y / D and its derivatives in y; 1 - cosh y cos omega = (...) / (2 e).
    const above = 2 * (1 + e * e) * q - m * m;
    const a = (sign * m * (1 + e)) / d;
    const ay = (2 * e * above) / (d * d);
    const ayy = (-sign * 2 * e * m * (1 + e) * (above + 8 * e * q * (1 - q))) / (d * d * d);
    const sin = Math.sin(omega);
    const overD = (2 * e * sin) / d;
    // B = d/d omega (log sin omega - log D), and the mixed derivatives.
    const b = Math.cos(omega) / sin - overD;
    const bOmega = -1 / (sin * sin) + ay;
    const aOmega = -a * overD;
    const coshOverD = (1 + e * e) / d;
    const ayOmega = (coshOverD - 2 * ay) * overD;
    const phi3 = phi * phi * phi;
    const kappa1 = phi3;
    const kappa2 = -3 * C * s * phi3 * phi * phi;
    const omega1 = Math.PI * C * s * phi3;
    const omega2 = Math.PI * C * phi3 * (1 - 3 * C * s * s * phi * phi);
    const y1 = kappa1 * z;
    const y2 = kappa2 * z;
    out.z = -kappa * a;
    out.zz = -kappa * kappa * ay;
    out.zzz = -kappa * kappa * kappa * ayy;
    out.sigma = 1 / s + b * omega1 - a * y1;
    out.sigmaSigma =
      -1 / (s * s) + b * omega2 + omega1 * omega1 * bOmega - 2 * omega1 * y1 * aOmega - a * y2 - y1 * y1 * ay;
    out.zSigma = -kappa1 * a - kappa * (ay * y1 + aOmega * omega1);
    out.zzSigma = -2 * kappa * kappa1 * ay - kappa * kappa * (ayy * y1 + ayOmega * omega1);
  },
  draw(rng, sigma) {
    setShape(sigma);
    const { phi, delta } = shape;
    // eps = log(sin(phi pi u) / sin(phi pi (1 - u))) / phi; by sin(pi x) = sin(pi (1 - x)) the ends keep their digits.
    const u = openUniform(rng);
    const v = 1 - u;
    const above = Math.sin(Math.PI * Math.min(phi * u, v + delta * u));
    const below = Math.sin(Math.PI * Math.min(phi * v, u + delta * v));
    return Math.log(above / below) / (phi * Math.max(sigma, SMALLEST));
  },
  standardDeviation: ({ sigma }) => sigma,
};
