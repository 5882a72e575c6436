// The left-hand side: a plain response, counts of successes and failures, or successes out of trials.
import { GlmmcError } from '../../samplers/errors.js';
import { sharedNumbers } from '../numeric/shared-arrays.js';
import { evaluateRows, type Scope } from './evaluate.js';
import { keepLevels, levelOrder } from './factor.js';
import { syntaxError } from './formula-tokens.js';
import { deparse, type Node, unwrap } from './formula-tree.js';
import { gather, requireFinite } from './rows.js';

export interface Response {
  readonly name: string;
  readonly y: Float64Array;
  readonly trials: Float64Array | undefined;
  /** [failure, success] of a text or boolean response. */
  readonly levels: readonly [string, string] | undefined;
}

type Levels = Readonly<Record<string, readonly (string | number | boolean)[]>>;

/**
 * Evaluates the response on the kept rows.
 * @throws GlmmcError `negative-count`, `trials-below-successes` (both with the row of the data), `non-finite`,
 * `bad-response` (text that has not two levels), `formula-syntax`
 */
export function readResponse(
  formula: string,
  node: Node,
  scope: Scope,
  kept: Int32Array,
  levels: Levels,
): Response {
  const name = deparse(node);
  if (node.kind === 'binary' && (node.operator === '|' || node.operator === '||')) {
    const { left, right } = node;
    if (
      right.kind !== 'call' ||
      right.name !== 'trials' ||
      right.args.length !== 1 ||
      node.operator !== '|'
    ) {
      throw syntaxError(formula, right.start, `expected trials(n) after '|', found ${deparse(right)}`);
    }
    const y = numbers(left, scope, kept);
    const trials = numbers(right.args[0]!, scope, kept);
    checkCounts(y, (i) => trials[i]! - y[i]!, kept, name);
    return { name, y, trials, levels: undefined };
  }
  if (node.kind === 'call' && node.name === 'cbind') {
    const [successes, failures] = node.args;
    if (successes === undefined || failures === undefined || node.args.length !== 2) {
      throw syntaxError(formula, node.start, `expected cbind(successes, failures), found ${name}`);
    }
    const y = numbers(successes, scope, kept);
    const rest = numbers(failures, scope, kept);
    checkCounts(y, (i) => rest[i]!, kept, name);
    const trials = rest;
    for (let i = 0; i < y.length; i++) trials[i]! += y[i]!;
    return { name, y, trials, levels: undefined };
  }
  return (
    categories(node, name, scope, kept, levels) ?? {
      name,
      y: numbers(node, scope, kept),
      trials: undefined,
      levels: undefined,
    }
  );
}

function numbers(node: Node, scope: Scope, kept: Int32Array): Float64Array {
  const values = evaluateRows(node, scope);
  requireFinite(values, kept, `response ${deparse(node)}`);
  return gather(values, kept);
}

function checkCounts(y: Float64Array, failures: (i: number) => number, kept: Int32Array, name: string): void {
  for (let i = 0; i < y.length; i++) {
    if (y[i]! < 0) {
      throw new GlmmcError(
        'negative-count',
        `${name}: successes must be >= 0, found ${y[i]} in row ${kept[i]! + 1} of the data`,
      );
    }
    if (failures(i) < 0) {
      throw new GlmmcError(
        'trials-below-successes',
        `${name}: trials must not be below successes, found ${y[i]} successes in ${y[i]! + failures(i)} trials in row ${kept[i]! + 1} of the data`,
      );
    }
  }
}

/** A text or boolean column, or factor(column): 0 for the first level, 1 for the second. */
function categories(
  node: Node,
  name: string,
  scope: Scope,
  kept: Int32Array,
  levels: Levels,
): Response | undefined {
  const bare = unwrap(node);
  const isFactor = bare.kind === 'call' && bare.name === 'factor';
  const inner = isFactor && bare.args.length === 1 ? unwrap(bare.args[0]!) : bare;
  if (inner.kind !== 'name') return undefined;
  const column = scope.columns.get(inner.name);
  if (column.kind === 'numbers' && !isFactor) return undefined;
  const raw = scope.columns.factor(inner.name);
  // Both levels of a boolean column count, whether they occur or not.
  const found = column.kind === 'boolean' ? raw : keepLevels(raw, kept);
  const asked = Object.hasOwn(levels, inner.name) ? levels[inner.name] : undefined;
  const order = asked === undefined ? found.levels : levelOrder(inner.name, asked, found.levels);
  const used = order.filter((level) => found.levels.includes(level));
  if (used.length !== 2) {
    throw new GlmmcError(
      'bad-response',
      `a response of categories must have two levels, found ${used.length} in '${inner.name}': ${used.slice(0, 6).join(', ')}${used.length > 6 ? ', ...' : ''}; use numbers, or a column that says success or not`,
    );
  }
  const success = raw.levels.indexOf(used[1]!);
  const y = sharedNumbers(kept.length);
  for (let i = 0; i < kept.length; i++) y[i] = raw.codes[kept[i]!] === success ? 1 : 0;
  return { name, y, trials: undefined, levels: [used[0]!, used[1]!] };
}
