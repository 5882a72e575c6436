// Lists of strategies as the functions of this room take them.
import { GlmmcError } from '../../samplers/errors.js';
import type { Strategy } from '../estimate/fit.js';
import { isObject } from '../model/arguments.js';

/** @throws GlmmcError `bad-strategy` */
export function requireStrategies(owner: string, strategies: unknown): void {
  if (Array.isArray(strategies) && strategies.length > 0 && strategies.every(isStrategy)) return;
  throw new GlmmcError(
    'bad-strategy',
    `${owner} takes a list of strategies as its second argument, such as [quadrature(), laplace()]`,
  );
}

/** "gibbs", "gibbs #2" where two strategies share a name. */
export function distinctNames(strategies: readonly Pick<Strategy, 'name'>[]): string[] {
  const seen = new Map<string, number>();
  return strategies.map(({ name }) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} #${times}`;
  });
}

export function isStrategy(value: unknown): value is Strategy {
  return isObject(value) && 'run' in value && 'settings' in value;
}
