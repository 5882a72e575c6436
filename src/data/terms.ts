// The algebra of terms: from summands to a set of interactions ordered by degree, as R's terms.formula does.

import type { Formula } from './formula-parse.js';
import { syntaxError } from './formula-tokens.js';
import { deparse, type Node } from './formula-tree.js';

/** One term: the indices, increasing, of the variables that it multiplies. */
export type Term = readonly number[];

export interface Terms {
  /** Each a column or a function call, in order of first appearance, each once. */
  readonly variables: readonly Node[];
  /** Main effects, then interactions by degree; within a degree in order of appearance. */
  readonly terms: readonly Term[];
  readonly intercept: boolean;
  /** What stands inside offset(). */
  readonly offsets: readonly Node[];
}

/**
 * Expands `a * b`, `(a + b)^2`, `a / b`, `a %in% b`, removals and 0, 1, -1 (Chambers and Hastie 1992, section 2.4).
 * @throws GlmmcError `formula-syntax` where an operator is given what it cannot combine
 */
export function expandTerms(formula: Formula): Terms {
  const variables: Node[] = [];
  const index = new Map<string, number>();
  const offsets: Node[] = [];
  let intercept = true;
  const fail = (node: Node, problem: string): Error => syntaxError(formula.text, node.start, problem);

  function variable(node: Node): Term {
    const text = deparse(node);
    let i = index.get(text);
    if (i === undefined) {
      i = variables.push(node) - 1;
      index.set(text, i);
    }
    return [i];
  }

  /** `adding` is false to the right of a minus, where 1 means no intercept and 0 an intercept. */
  function expand(node: Node, adding: boolean): Term[] {
    switch (node.kind) {
      case 'number':
        if (node.value !== 0 && node.value !== 1) {
          throw fail(node, `expected a column, 0 or 1, found ${deparse(node)}; arithmetic goes inside I()`);
        }
        intercept = (node.value === 1) === adding;
        return [];
      case 'name':
        if (node.name === '.')
          throw fail(node, "'.' for all other columns is not supported; name the columns");
        return [variable(node)];
      case 'call':
        if (node.name !== 'offset') return [variable(node)];
        if (node.args.length !== 1) throw fail(node, 'offset() takes one expression');
        if (!adding) throw fail(node, 'an offset can be added, not taken away');
        offsets.push(node.args[0]!);
        return [];
      case 'parens':
        return expand(node.inner, adding);
      case 'sign':
        if (node.sign === '+') return expand(node.operand, adding);
        expand(node.operand, !adding);
        return [];
      case 'binary':
        return combine(node, adding);
    }
  }

  function combine(node: Extract<Node, { kind: 'binary' }>, adding: boolean): Term[] {
    const { operator, left, right } = node;
    if (operator === '^') return power(node, adding);
    if (operator === '-') {
      const kept = expand(left, adding);
      return without(kept, expand(right, !adding));
    }
    if (operator !== '+') {
      refuseUncombinable(left);
      refuseUncombinable(right);
    }
    const a = expand(left, adding);
    const b = expand(right, adding);
    switch (operator) {
      case '+':
        return unique([...a, ...b]);
      case ':':
        return cross(a, b);
      case '*':
        return unique([...a, ...b, ...cross(a, b)]);
      case '/':
        return unique([...a, ...cross([a.reduce(union, [])], b)]);
      case '%in%':
        return cross(a, [b.reduce(union, [])]);
      default:
        throw fail(node, `'${operator}' has no meaning among terms`);
    }
  }

  function power(node: Extract<Node, { kind: 'binary' }>, adding: boolean): Term[] {
    const { left, right } = node;
    refuseUncombinable(left);
    if (right.kind !== 'number' || !Number.isInteger(right.value) || right.value < 1) {
      throw fail(
        right,
        'expected a whole number after ^ among terms; powers of a column go inside I(): I(x^2)',
      );
    }
    const base = expand(left, adding);
    let result = base;
    // Beyond the number of base terms nothing new can appear.
    for (let k = 1; k < Math.min(right.value, base.length); k++) result = cross(result, base);
    return result;
  }

  /** A bare number or offset times a term would vanish without a word. */
  function refuseUncombinable(node: Node): void {
    if (node.kind === 'number') {
      throw fail(node, 'a number can only be added or taken away among terms; arithmetic goes inside I()');
    }
    if (node.kind === 'call' && node.name === 'offset') {
      throw fail(node, 'an offset must be a summand by itself');
    }
  }

  let terms: Term[] = [];
  for (const { sign, node } of formula.fixed) {
    const next = expand(node, sign === '+');
    terms = sign === '+' ? unique([...terms, ...next]) : without(terms, next);
  }
  return { variables, terms: terms.sort((a, b) => a.length - b.length), intercept, offsets };
}

function union(a: Term, b: Term): Term {
  return [...new Set([...a, ...b])].sort((i, j) => i - j);
}

function cross(a: readonly Term[], b: readonly Term[]): Term[] {
  return unique(a.flatMap((s) => b.map((t) => union(s, t))));
}

function unique(terms: readonly Term[]): Term[] {
  return [...new Map(terms.map((term) => [term.join(), term])).values()];
}

function without(terms: readonly Term[], removed: readonly Term[]): Term[] {
  const keys = new Set(removed.map((term) => term.join()));
  return terms.filter((term) => !keys.has(term.join()));
}
