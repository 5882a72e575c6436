// A variable of the model: one or several numeric columns, or a factor with its levels frozen.
import { GlmmcError } from '../../samplers/errors.js';
import { evaluateRows, firstThree, type Scope } from './evaluate.js';
import { type Factor, factorOfNumbers, keepLevels, levelOrder, matchLevels } from './factor.js';
import { formulaError } from './formula-tokens.js';
import { deparse, type Node, unwrap } from './formula-tree.js';
import { learnPolynomial, polynomialColumns } from './polynomial.js';
import { requireFinite } from './rows.js';

/** Values are one a row of the data; `names` are those of R's model.matrix. */
export type Variable =
  | { readonly kind: 'numbers'; readonly names: readonly string[]; readonly values: readonly Float64Array[] }
  | { readonly kind: 'factor'; readonly name: string; readonly factor: Factor };

type Levels = Readonly<Record<string, readonly (string | number | boolean)[]>>;

/**
 * Evaluates a variable of the formula on the data it is fitted to; levels are those of the kept rows.
 * @throws GlmmcError `numbers-as-text`, `bad-levels`, `bad-poly`, `non-finite`, and what `evaluate` throws
 */
export function learnVariable(node: Node, scope: Scope, kept: Int32Array, levels: Levels): Variable {
  const column = categoricalColumn(node, scope);
  if (column !== undefined) {
    const raw = rawFactor(node, scope);
    const found = keepLevels(raw, kept);
    if (unwrap(node).kind === 'name' && !Object.hasOwn(levels, column))
      refuseSpoiltNumbers(column, found.levels);
    const asked = Object.hasOwn(levels, column) ? levels[column] : undefined;
    const factor =
      asked === undefined ? found : keepLevels(raw, kept, levelOrder(column, asked, found.levels));
    return { kind: 'factor', name: deparse(node), factor };
  }
  const variable = numericVariable(node, scope);
  variable.values.forEach((values, j) => {
    requireFinite(values, kept, variable.names[j]!);
  });
  return variable;
}

/**
 * Evaluates the same variable on new data.
 * @throws GlmmcError `unseen-level`, `non-finite`, and what `evaluate` throws
 */
export function applyVariable(node: Node, scope: Scope, learnt: Variable): Variable {
  if (learnt.kind === 'factor') {
    const raw = rawFactor(node, scope);
    const factor = matchLevels(raw, learnt.factor.levels);
    const row = factor.codes.findIndex((code, i) => code < 0 && raw.codes[i]! >= 0);
    if (row >= 0) {
      throw new GlmmcError(
        'unseen-level',
        `${learnt.name} is '${raw.levels[raw.codes[row]!]}' in row ${row + 1} of the new data, a level the model has not seen; known: ${learnt.factor.levels.join(', ')}`,
      );
    }
    return { kind: 'factor', name: learnt.name, factor };
  }
  const variable = numericVariable(node, scope);
  variable.values.forEach((values, j) => {
    const row = values.findIndex((value) => value === Infinity || value === -Infinity);
    if (row >= 0) requireFinite(values, Int32Array.of(row), variable.names[j]!);
  });
  return variable;
}

/** So many numbers among the categories of a text column were hardly meant to be categories. */
const MANY_NUMBERS = 10;

/** A column of numbers with a cell such as `n/a` is text, and would get a coefficient a number. */
function refuseSpoiltNumbers(name: string, levels: readonly string[]): void {
  const noNumbers = levels.filter((level) => Number.isNaN(Number(level)));
  const numbers = levels.length - noNumbers.length;
  if (noNumbers.length === 0 || numbers < MANY_NUMBERS || numbers < 2 * noNumbers.length) return;
  throw new GlmmcError(
    'numbers-as-text',
    `column '${name}' is text for ${firstThree(noNumbers)}, and each of its ${numbers} numbers would be a category; correct these cells, or leave them empty or NA; if categories are meant write factor(${name})`,
  );
}

/** The column (or text of the expression) whose values are categories here, or undefined. */
export function categoricalColumn(node: Node, scope: Scope): string | undefined {
  const bare = unwrap(node);
  if (bare.kind === 'name') return scope.columns.get(bare.name).kind === 'numbers' ? undefined : bare.name;
  if (bare.kind !== 'call' || bare.name !== 'factor') return undefined;
  const argument = bare.args[0];
  if (argument === undefined || bare.args.length > 1) {
    throw formulaError(
      'bad-formula',
      scope.formula,
      bare.start,
      `factor() takes one column, found ${deparse(bare)}; levels are set by the option levels`,
    );
  }
  const inner = unwrap(argument);
  return inner.kind === 'name' ? inner.name : deparse(inner);
}

function rawFactor(node: Node, scope: Scope): Factor {
  const bare = unwrap(node);
  const inner = bare.kind === 'call' && bare.name === 'factor' ? unwrap(bare.args[0]!) : bare;
  if (inner.kind === 'name') return scope.columns.factor(inner.name);
  if (inner.kind === 'call' && inner.name === 'factor') return rawFactor(inner, scope);
  return factorOfNumbers(evaluateRows(inner, scope));
}

function numericVariable(node: Node, scope: Scope): Extract<Variable, { kind: 'numbers' }> {
  const text = deparse(node);
  if (node.kind !== 'call' || node.name !== 'poly') {
    return { kind: 'numbers', names: [text], values: [evaluateRows(node, scope)] };
  }
  const [argument, degree] = node.args;
  if (
    argument === undefined ||
    node.args.length !== 2 ||
    degree?.kind !== 'number' ||
    !Number.isInteger(degree.value) ||
    degree.value < 1
  ) {
    throw formulaError(
      'bad-poly',
      scope.formula,
      node.start,
      `poly(x, k) takes an expression and a degree, a whole number from 1, found ${text}`,
    );
  }
  const x = evaluateRows(argument, scope);
  let basis = scope.learnt.polynomials.get(text);
  if (basis === undefined) {
    basis = learnPolynomial(x, degree.value, text);
    scope.learnt.polynomials.set(text, basis);
  }
  const values = polynomialColumns(x, basis);
  return {
    kind: 'numbers',
    names: values.length === 1 ? [text] : values.map((_, j) => `${text}${j + 1}`),
    values,
  };
}
