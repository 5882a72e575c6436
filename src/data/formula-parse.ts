// A formula read into its parts: response, fixed terms, and a list of random terms.
import { GlmmcError } from '../../samplers/errors.js';
import { normalizeSpace, syntaxError, type Token, tokenize } from './formula-tokens.js';
import { deparse, findNode, type Node, type Operator } from './formula-tree.js';

/** `(left | group)`, or `(left || group)`. */
export interface RandomTerm {
  readonly left: Node;
  readonly group: Node;
  readonly bars: '|' | '||';
  readonly text: string;
  /** Its place in the formula, for messages. */
  readonly start: number;
}

/** One summand of the right-hand side with the sign before it. */
export interface Summand {
  readonly sign: '+' | '-';
  readonly node: Node;
}

export interface Formula {
  /** As typed, white space normalised; places in nodes refer to it. */
  readonly text: string;
  readonly response: Node;
  readonly fixed: readonly Summand[];
  readonly random: readonly RandomTerm[];
}

/** Left-associative operators from loosest to tightest; signs and ^ bind tighter still, as in R. */
const levels: readonly (readonly Operator[])[] = [['|', '||'], ['+', '-'], ['*', '/'], ['%in%'], [':']];

/**
 * Parses `response ~ terms + (1 | cluster)`.
 * @throws GlmmcError `formula-syntax`, with the formula and a caret under the place
 */
export function parseFormula(formula: string): Formula {
  if (typeof formula !== 'string') {
    throw new GlmmcError(
      'formula-syntax',
      `the formula must be text, as in 'y ~ x + (1 | cluster)', found ${typeof formula}`,
    );
  }
  const text = normalizeSpace(formula);
  const tokens = tokenize(text);
  const fail = (place: number, problem: string): Error => syntaxError(text, place, problem);
  const tilde = tokens.findIndex((token) => token.text === '~' && token.kind === 'operator');
  if (tilde < 0) throw fail(text.length, "expected '~' between the response and the terms");
  if (tilde === 0) throw fail(0, "expected a response before '~'");
  const end: Token = { kind: 'end', text: '~', start: tokens[tilde]!.start };
  const response = parseExpression(text, [...tokens.slice(0, tilde), end]);
  const right = parseExpression(text, tokens.slice(tilde + 1));
  const summands = flatten(right, '+');
  const random: RandomTerm[] = [];
  const fixed: Summand[] = [];
  for (const summand of summands) {
    const { node, sign } = summand;
    if (isBar(node)) {
      throw fail(node.start, `a random term needs parentheses: ... + (1 | cluster)`);
    }
    if (node.kind === 'parens' && isBar(node.inner)) {
      if (sign === '-') throw fail(node.start, 'a random term can be added, not taken away');
      const { left, right: group, operator } = node.inner;
      random.push({ left, group, bars: operator as '|' | '||', text: deparse(node), start: node.start });
      continue;
    }
    const buried = findNode(node, isBar);
    if (buried !== undefined) {
      throw fail(buried.start, 'a random term must be a summand by itself: ... + (1 | cluster)');
    }
    fixed.push(summand);
  }
  return { text, response, fixed, random };
}

function isBar(node: Node): node is Extract<Node, { kind: 'binary' }> {
  return node.kind === 'binary' && (node.operator === '|' || node.operator === '||');
}

/** The summands of a chain of + and -, parentheses left whole. */
function flatten(node: Node, sign: '+' | '-'): Summand[] {
  if (node.kind === 'binary' && (node.operator === '+' || node.operator === '-')) {
    return [...flatten(node.left, sign), ...flatten(node.right, node.operator)];
  }
  if (node.kind === 'sign' && sign === '+') return flatten(node.operand, node.sign);
  return [{ sign, node }];
}

function parseExpression(formula: string, tokens: readonly Token[]): Node {
  let at = 0;
  const peek = (): Token => tokens[at]!;
  const isOperator = (text: string): boolean => peek().kind === 'operator' && peek().text === text;
  const unexpected = (expected: string): Error => {
    const { kind, text, start } = peek();
    const found = kind === 'end' ? (text === '' ? 'the end' : `'${text}'`) : `'${text}'`;
    return syntaxError(formula, start, `expected ${expected}, found ${found}`);
  };

  function binary(level: number): Node {
    const operators = levels[level];
    if (operators === undefined) return signed();
    // A sign at the head of a sum belongs to the whole summand: -a:b takes a:b away.
    let left =
      operators[0] === '+' && (isOperator('-') || isOperator('+'))
        ? sign(() => binary(level + 1))
        : binary(level + 1);
    for (;;) {
      const operator = operators.find(isOperator);
      if (operator === undefined) return left;
      const start = peek().start;
      at++;
      left = { kind: 'binary', operator, left, right: binary(level + 1), start };
    }
  }

  function sign(operand: () => Node): Node {
    const { text, start } = peek();
    at++;
    return { kind: 'sign', sign: text as '+' | '-', operand: operand(), start };
  }

  function signed(): Node {
    return isOperator('-') || isOperator('+') ? sign(signed) : power();
  }

  function power(): Node {
    const left = primary();
    if (!isOperator('^') && !isOperator('**')) return left;
    const start = peek().start;
    at++;
    return { kind: 'binary', operator: '^', left, right: signed(), start };
  }

  function primary(): Node {
    const token = peek();
    if (token.kind === 'number') {
      at++;
      return { kind: 'number', value: Number(token.text), start: token.start };
    }
    if (token.kind === 'name') {
      at++;
      return isOperator('(') ? call(token) : { kind: 'name', name: token.text, start: token.start };
    }
    if (!isOperator('(')) throw unexpected('a column, a number or a function');
    at++;
    const inner = binary(0);
    if (!isOperator(')')) throw unexpected("an operator or ')'");
    at++;
    return { kind: 'parens', inner, start: token.start };
  }

  function call(name: Token): Node {
    at++;
    const args: Node[] = [];
    if (!isOperator(')')) {
      args.push(binary(0));
      while (isOperator(',')) {
        at++;
        args.push(binary(0));
      }
    }
    if (!isOperator(')')) throw unexpected("an operator, ',' or ')'");
    at++;
    return { kind: 'call', name: name.text, args, start: name.start };
  }

  const node = binary(0);
  if (peek().kind !== 'end') throw unexpected(isOperator('~') ? "one '~' only" : "an operator such as '+'");
  return node;
}
