// Seeded random streams named by a path: a child never advances its parent, so work may be done in any order.
import seedrandom from 'seedrandom';
import { GlmmcError } from './errors.js';
import type { Memory } from './memory.js';

/** A source of uniforms with a name. The numbers depend on the path alone, never on what was drawn elsewhere. */
export interface Stream {
  /** The seed and the names that lead here, joined by '/'. */
  readonly path: string;
  /** The next uniform: a multiple of 2^-53 in [0, 1). It may be 0 for some generators: logs are `Math.log1p(-u)`. */
  readonly uniform: () => number;
  /** The stream `name` below this one, always from its beginning. This stream does not move. */
  stream(name: string): Stream;
  /** Keeps where the stream is, or goes to where one of its path was. */
  remember(memory: Memory): void;
}

class PathStream implements Stream {
  readonly path: string;
  uniform: () => number;
  private generator: seedrandom.StatefulPRNG<seedrandom.State.Tychei>;

  constructor(path: string) {
    this.path = path;
    // Tyche-i: 4.4 ns for 53 bits, and of seedrandom's generators the one that passes PractRand with many short
    // streams too. seedrandom's form of it is not a bijection: 2^16 states lead to each of 2^112. If it behaves as a
    // random map, cycles are near 2^55 and two streams of 2^39 numbers meet with a chance near 2^-31: enough here.
    this.generator = seedrandom.tychei(path, { state: true });
    this.uniform = this.generator.double;
  }

  stream(name: string): Stream {
    // Escaped as in a JSON pointer, so that 'a/b' is not the child b of a.
    return new PathStream(`${this.path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }

  remember(memory: Memory): void {
    const now = this.generator.state();
    const then = {
      a: memory.number(now.a),
      b: memory.number(now.b),
      c: memory.number(now.c),
      d: memory.number(now.d),
    };
    if (then.a === now.a && then.b === now.b && then.c === now.c && then.d === now.d) return;
    this.generator = seedrandom.tychei('', { state: then });
    this.uniform = this.generator.double;
  }
}

/**
 * The root stream of a seed. `rng(42)` and `rng('42')` are the same stream, as a seed may come from a command line.
 * Make a stream per chain, purpose and block: `rng(42).stream('chain:0').stream('warmup')`.
 * @param seed a finite number or a non-empty string
 * @throws GlmmcError `bad-seed`
 */
export function rng(seed: number | string): Stream {
  const usable = typeof seed === 'number' ? Number.isFinite(seed) : typeof seed === 'string' && seed !== '';
  if (!usable) {
    const found = typeof seed === 'string' ? "''" : String(seed);
    throw new GlmmcError('bad-seed', `a seed is a finite number or a non-empty string, found ${found}`);
  }
  return new PathStream(String(seed).replaceAll('~', '~0').replaceAll('/', '~1'));
}
