// Names and arithmetic of formulas as SQL that DuckDB and PostgreSQL read alike.
import { GlmmcError } from '../../../samplers/errors.js';
import { formulaError } from '../../data/formula-tokens.js';
import { deparse, type Node } from '../../data/formula-tree.js';
import { logFactorial } from '../outcomes/constants.js';

/** A name in double quotes, which may hold anything: a quote inside is doubled. @throws GlmmcError `bad-name` */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0')) {
    throw new GlmmcError('bad-name', `a name in SQL must have letters and no zero byte, found '${name}'`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A number as a double: with an exponent, since one without is a decimal of a few digits to both engines. */
function sqlNumber(value: number): string {
  return value < 0 ? `(${value.toExponential()})` : value.toExponential();
}

const FUNCTIONS: Readonly<Record<string, string>> = {
  log: 'LN',
  exp: 'EXP',
  sqrt: 'SQRT',
  abs: 'ABS',
  I: '',
};

/** Arithmetic of a response on one row, in doubles. @throws GlmmcError `unsupported-aggregate` with the place */
export function sqlExpression(formula: string, node: Node): string {
  const inside = (inner: Node): string => sqlExpression(formula, inner);
  const refuse = (): GlmmcError =>
    formulaError(
      'unsupported-aggregate',
      formula,
      node.start,
      `${deparse(node)} cannot be put into SQL; make a column of it in the database first`,
    );
  switch (node.kind) {
    case 'number':
      return sqlNumber(node.value);
    case 'name':
      return `CAST(${quoteIdentifier(node.name)} AS DOUBLE PRECISION)`;
    case 'parens':
      return `(${inside(node.inner)})`;
    case 'sign':
      return `(${node.sign}${inside(node.operand)})`;
    case 'binary': {
      const { operator, left, right } = node;
      if (operator === '^') return `POWER(${inside(left)}, ${inside(right)})`;
      if (!['+', '-', '*', '/'].includes(operator)) throw refuse();
      return `(${inside(left)} ${operator} ${inside(right)})`;
    }
    case 'call': {
      const name = Object.hasOwn(FUNCTIONS, node.name) ? FUNCTIONS[node.name] : undefined;
      if (name === undefined || node.args.length !== 1) throw refuse();
      return `${name}(${inside(node.args[0]!)})`;
    }
  }
}

/** Up to here log y! is a constant of the text, beyond it Stirling's series is exact to the last digit or two. */
const TABLED = 20;

/** log v! of a column of whole numbers: neither engine of the two has the gamma function in every version in use. */
export function sqlLogFactorial(column: string): string {
  const tabled = Array.from({ length: TABLED }, (_, v) => `WHEN ${v} THEN ${sqlNumber(logFactorial(v))}`);
  const v = column;
  const series = `1e0 / (12e0 * ${v}) - 1e0 / (360e0 * POWER(${v}, 3)) + 1e0 / (1260e0 * POWER(${v}, 5)) - 1e0 / (1680e0 * POWER(${v}, 7))`;
  return (
    // Negative ones are refused later; those far from 0 are no integers of the engines.
    `CASE WHEN ${v} < 0 THEN 0e0 WHEN ${v} < ${TABLED} THEN CASE CAST(${v} AS INTEGER) ${tabled.join(' ')} END` +
    ` ELSE ${v} * LN(${v}) - ${v} + 5e-1 * LN(${sqlNumber(2 * Math.PI)} * ${v}) + ${series} END`
  );
}
