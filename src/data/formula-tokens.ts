// The words of a formula with their places, and the error that points at a place.
import { GlmmcError } from '../../samplers/errors.js';

/** `name` holds names without their backquotes; `operator` everything made of signs. */
export interface Token {
  readonly kind: 'number' | 'name' | 'operator' | 'end';
  readonly text: string;
  /** Index of the first character in the formula. */
  readonly start: number;
}

/** One space where there was any white space, except between backquotes. */
export function normalizeSpace(formula: string): string {
  return formula.replace(/`[^`]*`|\s+/g, (part) => (part.startsWith('`') ? part : ' ')).trim();
}

/** What is wrong, the formula, and a caret under the place. */
export function formulaError(code: string, formula: string, place: number, problem: string): GlmmcError {
  return new GlmmcError(code, `formula: ${problem}\n  ${formula}\n  ${' '.repeat(place)}^`);
}

/** The same for what cannot be parsed. */
export function syntaxError(formula: string, place: number, problem: string): GlmmcError {
  return formulaError('formula-syntax', formula, place, problem);
}

const pattern =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[\p{L}.][\p{L}\p{M}\p{N}._]*)|`(?<quoted>[^`]+)`|(?<operator>%in%|\*\*|\|\||[~+\-*/^:|(),]))/uy;

/** The tokens of a formula, an `end` last. @throws GlmmcError `formula-syntax` at a character of no token */
export function tokenize(formula: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  let place = 0;
  while (place < formula.trimEnd().length) {
    const match = pattern.exec(formula);
    if (match === null) throw strayCharacter(formula, place);
    const { number, name, quoted, operator } = match.groups!;
    place = pattern.lastIndex;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, start: place - number.length });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, start: place - name.length });
    else if (quoted !== undefined)
      tokens.push({ kind: 'name', text: quoted, start: place - quoted.length - 2 });
    else tokens.push({ kind: 'operator', text: operator!, start: place - operator!.length });
  }
  tokens.push({ kind: 'end', text: '', start: formula.length });
  return tokens;
}

const reasons: readonly (readonly [RegExp, string])[] = [
  [/^`/, 'this backquote is not closed, or has nothing between'],
  [
    /^["']/,
    'text in quotes is not part of the formula language; write a column name bare or in `backquotes`',
  ],
  [/^(?:[<>]|==|!=)/, 'comparisons are not supported; make a column of the result first'],
  [/^&/, 'logical operators are not supported; interactions are written x:z or x*z'],
  [/^!/, 'logical operators are not supported; make a column of the result first'],
  [
    /^=/,
    'named arguments are not supported; poly(x, k), scale(x) and the others take what they need in order',
  ],
  [/^\$/, 'columns are named without the table they are in: y, not data$y'],
  [/^\[/, 'indexing is not supported; make a column of the result first'],
  [/^%/, 'the only operator between percent signs is %in%'],
  [/^_/, 'a name that starts with _ needs backquotes'],
];

function strayCharacter(formula: string, from: number): GlmmcError {
  const place = from + /^\s*/.exec(formula.slice(from))![0].length;
  const rest = formula.slice(place);
  const known = reasons.find(([start]) => start.test(rest));
  return syntaxError(
    formula,
    place,
    known?.[1] ??
      `expected a name, a number or an operator, found '${String.fromCodePoint(rest.codePointAt(0)!)}'`,
  );
}
