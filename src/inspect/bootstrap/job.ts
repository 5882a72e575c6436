// What a thread is told of the replications that it is to run: everything by name or as numbers.
import type { Strategy } from '../../estimate/fit.js';
import { laplace, quadrature } from '../../estimate/quadrature.js';
import { mql, pql } from '../../estimate/quasi-likelihood.js';
import type { Model } from '../../model/model.js';
import { type ModelSpec, modelOf, specOf } from '../../model/registry.js';
import type { Again, Plan } from './replicate.js';

/** A strategy as plain data. */
type StrategySpec = Pick<Strategy, 'name' | 'settings'>;
type AgainSpec = Pick<Again, 'fixed' | 'start'> & {
  readonly strategy: StrategySpec;
  readonly model: ModelSpec;
  readonly data: Omit<Model, 'family' | 'randomEffect' | 'findings'>;
};

export interface ReplicationJob {
  readonly plan: Pick<Plan, 'type' | 'tells' | 'seed'>;
  readonly fits: readonly AgainSpec[];
  readonly replications: number;
  /** 1 for those that are there already. */
  readonly done: Uint8Array;
  /** The next replication to be taken, and whether to stop. */
  readonly control: Int32Array;
}

/** What a thread says: the numbers of a replication, undefined where a fit failed. */
export interface ReplicationMessage {
  readonly k: number;
  readonly values: Float64Array | undefined;
}

/** The strategies that a name and settings make again: those that hold no functions. */
const MAKERS: Readonly<Record<string, (settings: Readonly<Record<string, unknown>>) => Strategy>> = {
  quadrature,
  laplace: () => laplace(),
  pql,
  mql,
};

const makerOf = (name: string): string => name.replace(/\(.*/, '');

/** Undefined where a model or a strategy has functions of its own, which cannot be sent. */
export function fitSpecs({ fits }: Plan): readonly AgainSpec[] | undefined {
  const specs: AgainSpec[] = [];
  for (const { model, strategy, fixed, start } of fits) {
    const spec = specOf(model);
    if (!spec || !Object.hasOwn(MAKERS, makerOf(strategy.name))) return undefined;
    const { family: _, randomEffect: __, findings: ___, design, ...rest } = model;
    const { apply: ____, ...numbers } = design;
    const { name, settings } = strategy;
    // Of the design everything but its recipe for new data, which is a function.
    const data = { ...rest, design: numbers as typeof design };
    specs.push({ strategy: { name, settings }, model: spec, data, fixed, start });
  }
  return specs;
}

export function planOf({ plan, fits }: ReplicationJob): Plan {
  return {
    ...plan,
    fits: fits.map(({ strategy: { name, settings }, model, data, fixed, start }) => ({
      strategy: MAKERS[makerOf(name)](settings),
      model: { ...data, ...modelOf(model), findings: [] },
      fixed,
      start,
    })),
  };
}
