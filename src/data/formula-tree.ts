// The tree of an expression, and its text as R deparses it (the source of R's coefficient names).
import { numberText } from './number-text.js';

export type Operator = '+' | '-' | '*' | '/' | '^' | ':' | '%in%' | '|' | '||';

/** One expression; `start` is its place in the formula, for messages. */
export type Node =
  | { readonly kind: 'number'; readonly value: number; readonly start: number }
  | { readonly kind: 'name'; readonly name: string; readonly start: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[]; readonly start: number }
  | { readonly kind: 'parens'; readonly inner: Node; readonly start: number }
  | { readonly kind: 'sign'; readonly sign: '+' | '-'; readonly operand: Node; readonly start: number }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Node;
      readonly right: Node;
      readonly start: number;
    };

/** R's text of an expression: spaces around + - * but not around / ^ and the colon. */
export function deparse(node: Node): string {
  switch (node.kind) {
    case 'number':
      return numberText(node.value);
    case 'name':
      return quoteName(node.name);
    case 'call':
      return `${quoteName(node.name)}(${node.args.map(deparse).join(', ')})`;
    case 'parens':
      return `(${deparse(node.inner)})`;
    case 'sign':
      return `${node.sign}${deparse(node.operand)}`;
    case 'binary': {
      const space = node.operator === '/' || node.operator === '^' || node.operator === ':' ? '' : ' ';
      return `${deparse(node.left)}${space}${node.operator}${space}${deparse(node.right)}`;
    }
  }
}

/** Backquotes where the name could not stand without them. */
export function quoteName(name: string): string {
  return /^(?:\p{L}|\.(?!\d))[\p{L}\p{M}\p{N}._]*$/u.test(name) ? name : `\`${name}\``;
}

/** The expression inside any parentheses. */
export function unwrap(node: Node): Node {
  return node.kind === 'parens' ? unwrap(node.inner) : node;
}

/** Every column that an expression names, in order of appearance, each once. */
export function columnsIn(node: Node, found: Set<string> = new Set()): Set<string> {
  switch (node.kind) {
    case 'number':
      break;
    case 'name':
      found.add(node.name);
      break;
    case 'call':
      for (const argument of node.args) columnsIn(argument, found);
      break;
    case 'parens':
      columnsIn(node.inner, found);
      break;
    case 'sign':
      columnsIn(node.operand, found);
      break;
    case 'binary':
      columnsIn(node.left, found);
      columnsIn(node.right, found);
  }
  return found;
}

/** The first node for which `wanted` holds, depth first. */
export function findNode(node: Node, wanted: (node: Node) => boolean): Node | undefined {
  if (wanted(node)) return node;
  switch (node.kind) {
    case 'call':
      for (const argument of node.args) {
        const found = findNode(argument, wanted);
        if (found !== undefined) return found;
      }
      return undefined;
    case 'parens':
      return findNode(node.inner, wanted);
    case 'sign':
      return findNode(node.operand, wanted);
    case 'binary':
      return findNode(node.left, wanted) ?? findNode(node.right, wanted);
    default:
      return undefined;
  }
}
