// Arithmetic of formulas on whole columns; scale() and center() remember what they learnt for new data.
import { didYouMean, GlmmcError } from '../../samplers/errors.js';
import { power, wholePower } from '../../samplers/power.js';
import type { Columns } from './column.js';
import { formulaError } from './formula-tokens.js';
import { deparse, type Node, type Operator } from './formula-tree.js';
import type { PolynomialBasis } from './polynomial.js';

/** What a formula learns from the data it is fitted to, by the text of the call that learnt it. */
export interface Learnt {
  readonly moments: Map<string, { readonly mean: number; readonly sd: number }>;
  readonly polynomials: Map<string, PolynomialBasis>;
}

/** Columns to compute on; `learnt` is filled where a call is met for the first time, else obeyed. */
export interface Scope {
  /** What the places of nodes refer to, for messages. */
  readonly formula: string;
  readonly columns: Columns;
  readonly learnt: Learnt;
}

/** One value a row, or one number for all. */
export type Vector = Float64Array | number;

const elementwise: Readonly<Record<string, (x: number) => number>> = {
  log: Math.log,
  exp: Math.exp,
  sqrt: Math.sqrt,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  abs: Math.abs,
  sin: Math.sin,
  cos: Math.cos,
};

const functions: readonly string[] = [
  ...['factor', 'I', ...Object.keys(elementwise), 'scale', 'center', 'poly', 'offset', 'cbind', 'trials'],
];

const arithmetic: Partial<Record<Operator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': raise,
};

/** Whole powers by products, as R makes the square; Math.pow differs between engines. */
function raise(a: number, b: number): number {
  if (Number.isInteger(b) && Math.abs(b) < 1024) return wholePower(a, b);
  return b === 0.5 ? Math.sqrt(a) : power(a, b);
}

/** Nothing learnt yet. */
export function learnNothing(): Learnt {
  return { moments: new Map(), polynomials: new Map() };
}

/**
 * The value of an arithmetic expression on every row; missing in, NaN out. Booleans count 0 and 1.
 * @throws GlmmcError `text-in-arithmetic`, `constant-column`, `unknown-column`; with the place in the formula,
 * `unknown-function`, `bad-formula`
 */
export function evaluate(node: Node, scope: Scope): Vector {
  switch (node.kind) {
    case 'number':
      return node.value;
    case 'name':
      return numericColumn(node.name, scope);
    case 'parens':
      return evaluate(node.inner, scope);
    case 'sign': {
      const operand = evaluate(node.operand, scope);
      return node.sign === '+' ? operand : map(operand, (x) => -x);
    }
    case 'binary': {
      const operation = arithmetic[node.operator];
      if (operation === undefined) {
        throw formulaError(
          'bad-formula',
          scope.formula,
          node.start,
          `'${node.operator}' has no meaning in arithmetic, found in ${deparse(node)}`,
        );
      }
      return combine(operation, evaluate(node.left, scope), evaluate(node.right, scope));
    }
    case 'call':
      return evaluateCall(node, scope);
  }
}

/** The same, a single number repeated on every row. */
export function evaluateRows(node: Node, scope: Scope): Float64Array {
  const value = evaluate(node, scope);
  return typeof value === 'number' ? new Float64Array(scope.columns.rows).fill(value) : value;
}

function evaluateCall(node: Extract<Node, { kind: 'call' }>, scope: Scope): Vector {
  const operation = Object.hasOwn(elementwise, node.name) ? elementwise[node.name] : undefined;
  if (operation === undefined && !['I', 'scale', 'center'].includes(node.name)) throw notHere(node, scope);
  const [argument, ...more] = node.args;
  if (argument === undefined || more.length > 0) {
    const problem = `${node.name}() takes one expression, found ${deparse(node)}`;
    throw formulaError('bad-formula', scope.formula, node.start, problem);
  }
  const value = evaluate(argument, scope);
  if (operation !== undefined) return map(value, operation);
  return node.name === 'I' ? value : standardise(node, value, scope);
}

function standardise(node: Extract<Node, { kind: 'call' }>, value: Vector, scope: Scope): Vector {
  const text = deparse(node);
  let moments = scope.learnt.moments.get(text);
  if (moments === undefined) {
    moments = momentsOf(typeof value === 'number' ? [value] : value);
    if (node.name === 'scale' && !(moments.sd > 0)) {
      throw new GlmmcError(
        'constant-column',
        `${text} needs values that vary, found one value only; leave it out`,
      );
    }
    scope.learnt.moments.set(text, moments);
  }
  const { mean, sd } = moments;
  return map(value, node.name === 'scale' ? (x) => (x - mean) / sd : (x) => x - mean);
}

/** Mean and standard deviation (n - 1) of the values that are not missing, in two passes. */
function momentsOf(values: ArrayLike<number>): { mean: number; sd: number } {
  let n = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    n++;
    sum += values[i]!;
  }
  let rest = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) rest += values[i]! - sum / n;
  const mean = sum / n + rest / n;
  let squares = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) squares += (values[i]! - mean) ** 2;
  const sd = Math.sqrt(squares / (n - 1));
  // Below this the spread is the rounding of the values themselves.
  return { mean, sd: sd > 1e-14 * Math.abs(mean) ? sd : 0 };
}

function numericColumn(name: string, scope: Scope): Float64Array {
  const column = scope.columns.get(name);
  if (column.kind === 'numbers') return column.values;
  if (column.kind === 'boolean') {
    return Float64Array.from(column.factor.codes, (code) => (code < 0 ? Number.NaN : code));
  }
  // One cell that is no number makes the whole column text: that cell is what must be seen.
  const { levels } = column.factor;
  const noNumbers = levels.filter((level) => Number.isNaN(Number(level)));
  const telling = noNumbers.length > 0 ? noNumbers : levels;
  throw new GlmmcError(
    'text-in-arithmetic',
    `expected numbers in column '${name}', found text (${firstThree(telling)}); use it as a category, or correct the text that is not a number`,
  );
}

/** The first three of some texts, quoted. */
export function firstThree(texts: readonly string[]): string {
  const some = texts.slice(0, 3).map((text) => `'${text}'`);
  return `${some.join(', ')}${texts.length > 3 ? ', ...' : ''}`;
}

/** Why a call cannot stand in arithmetic. */
function notHere(node: Extract<Node, { kind: 'call' }>, { formula }: Scope): GlmmcError {
  if (!functions.includes(node.name)) {
    return formulaError(
      'unknown-function',
      formula,
      node.start,
      `the formula language has no function '${node.name}'${didYouMean(node.name, functions)}`,
    );
  }
  const place: Record<string, string> = {
    cbind: 'stands on the left of ~ alone',
    trials: 'stands after a response alone: y | trials(n)',
    offset: 'must be a summand by itself',
    factor: 'makes categories, and arithmetic needs numbers',
    poly: 'makes several columns and must be a term by itself',
  };
  const problem = `${node.name}() ${place[node.name]}, found ${deparse(node)}`;
  return formulaError('bad-formula', formula, node.start, problem);
}

function map(value: Vector, operation: (x: number) => number): Vector {
  if (typeof value === 'number') return operation(value);
  const result = new Float64Array(value.length);
  for (let i = 0; i < value.length; i++) result[i] = operation(value[i]!);
  return result;
}

function combine(operation: (a: number, b: number) => number, a: Vector, b: Vector): Vector {
  if (typeof b === 'number') return map(a, (x) => operation(x, b));
  if (typeof a === 'number') return map(b, (x) => operation(a, x));
  const result = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) result[i] = operation(a[i]!, b[i]!);
  return result;
}
