// Strategies told by name and options, as worker threads must be told: functions cannot be sent to them.
import type { Fit, Strategy } from './fit.js';

/** The function that makes a strategy, by the name it is exported under, and what it was given. */
export interface Telling {
  readonly maker: string;
  readonly options: unknown;
}

const tellings = new WeakMap<Strategy, Telling>();

/** Remembers how the strategy was made, where the options can be sent; E-steps and priors have functions, and cannot. */
export function told<F extends Fit, S extends Strategy<F>>(strategy: S, maker: string, options: object): S {
  try {
    tellings.set(strategy, { maker, options: structuredClone(options) });
  } catch {
    // Then it runs on the thread it was made on.
  }
  return strategy;
}

/** Undefined for strategies with functions of the user's, for copies, and for the user's own. */
export function tellingOf(strategy: Strategy): Telling | undefined {
  return tellings.get(strategy);
}
