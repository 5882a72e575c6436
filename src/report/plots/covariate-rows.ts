// New rows to predict: along a covariate with the others held, or each combination of covariates that the data have.
import type { Covariate } from '../../data/covariates.js';
import type { Model } from '../../model/model.js';

type Cell = number | string | boolean;

/** Rows to predict, each with the place it is drawn at. */
export interface CovariateRows {
  readonly kind: 'curve' | 'points';
  /** What the places are of: a covariate, or several. */
  readonly over: string;
  /** Of each row: a number on a curve, else a label. */
  readonly places: readonly (number | string)[];
  /** Of each row: '' or the level of another covariate, such as 'treatment = 1'. */
  readonly groups: readonly string[];
  readonly table: Readonly<Record<string, Cell[]>>;
  /** The covariates that stand still, 'age = 3.2'. */
  readonly held: readonly string[];
}

/** Numbers with more values than this make a curve. */
const FEW_VALUES = 6;
/** Levels of another covariate for which curves are drawn side by side. */
const MOST_GROUPS = 4;
const MOST_COMBINATIONS = 512;
const MOST_PATTERNS = 24;
const PLACES = 48;

/** The covariates that a plot can run along: those in terms, continuous ones first. */
export function variableNames({ design }: Model): string[] {
  const terms = design.covariates.filter(({ inTerms }) => inTerms);
  return [...terms.filter(isContinuous), ...terms.filter((one) => !isContinuous(one))].map(
    ({ name }) => name,
  );
}

/**
 * Rows along `variable`; without one along the first continuous covariate, and where there is none every combination of
 * the covariates' values that the data have (24 at most, else along the first covariate).
 */
export function covariateRows(model: Model, variable: string | undefined): CovariateRows {
  const { covariates } = model.design;
  const terms = covariates.filter(({ inTerms }) => inTerms);
  const chosen = covariates.find(({ name }) => name === variable) ?? terms.find(isContinuous);
  return chosen ? along(model, chosen) : (combinations(model, terms) ?? along(model, terms[0]));
}

function isContinuous(covariate: Covariate): boolean {
  return covariate.kind === 'numbers' && !(covariate.values && covariate.values.length <= FEW_VALUES);
}

function along({ design: { covariates } }: Model, chosen: Covariate | undefined): CovariateRows {
  // A model without covariates has one row: of nothing but its offsets.
  const curve = chosen && isContinuous(chosen);
  const places = !chosen ? ['all'] : curve ? grid(chosen) : valuesOf(chosen);
  const grouping = curve
    ? covariates.find(
        (one) => one !== chosen && one.inTerms && !isContinuous(one) && valuesOf(one).length <= MOST_GROUPS,
      )
    : undefined;
  const levels = grouping ? valuesOf(grouping) : [''];
  const rows = levels.flatMap((level) => places.map((place) => ({ place, level })));
  const table: Record<string, Cell[]> = {};
  const held: string[] = [];
  for (const one of covariates) {
    if (one === chosen) table[one.name] = rows.map(({ place }) => place);
    else if (one === grouping) table[one.name] = rows.map(({ level }) => level);
    else {
      const at = one.kind === 'levels' ? one.mostCommon : middleOf(one);
      table[one.name] = rows.map(() => at);
      held.push(`${one.name} = ${shortText(at)}`);
    }
  }
  return {
    kind: curve ? 'curve' : 'points',
    over: chosen?.name ?? '',
    places: rows.map(({ place }) => (typeof place === 'number' && curve ? place : shortText(place))),
    groups: rows.map(({ level }) => (grouping ? `${grouping.name} = ${shortText(level)}` : '')),
    table: oneRowAtLeast(table, rows.length),
    held,
  };
}

/** A table of no columns would have no rows. */
function oneRowAtLeast(table: Record<string, Cell[]>, rows: number): Record<string, Cell[]> {
  return Object.keys(table).length > 0 ? table : { '(none)': new Array<Cell>(rows).fill(0) };
}

/** The mean, of a centred covariate 0 without its rounding error; of few values (which may be codes) the one nearest to it. */
function middleOf(one: Extract<Covariate, { kind: 'numbers' }>): number {
  if (!one.values || one.values.length > FEW_VALUES) {
    return Math.abs(one.mean) < 1e-9 * (one.highest - one.lowest) ? 0 : one.mean;
  }
  return one.values.reduce((best, x) => (Math.abs(x - one.mean) < Math.abs(best - one.mean) ? x : best));
}

function valuesOf(covariate: Covariate): readonly Cell[] {
  return covariate.kind === 'levels' ? covariate.levels : (covariate.values ?? grid(covariate));
}

function grid(covariate: Covariate): number[] {
  if (covariate.kind !== 'numbers') return [];
  const { lowest, highest } = covariate;
  // The last place is the highest value itself: beyond it a covariate may have no meaning.
  return Array.from({ length: PLACES }, (_, k) =>
    k === PLACES - 1 ? highest : lowest + ((highest - lowest) * k) / (PLACES - 1),
  );
}

/** Undefined where there are too many of them, or an offset that differs from row to row. */
function combinations(model: Model, terms: readonly Covariate[]): CovariateRows | undefined {
  const { design } = model;
  if (terms.length === 0 || terms.length < design.covariates.length) return undefined;
  const sizes = terms.map((one) => valuesOf(one).length);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count > MOST_COMBINATIONS) return undefined;
  const table: Record<string, Cell[]> = Object.fromEntries(terms.map(({ name }) => [name, []]));
  for (let k = 0; k < count; k++) {
    let rest = k;
    // The last covariate runs fastest.
    for (let j = terms.length - 1; j >= 0; j--) {
      table[terms[j].name].push(valuesOf(terms[j])[rest % sizes[j]]);
      rest = Math.floor(rest / sizes[j]);
    }
  }
  const p = design.columns;
  const keyOf = (x: Float64Array, r: number): string => x.subarray(r * p, (r + 1) * p).join();
  const observed = new Set<string>();
  for (let r = 0; r < design.rows && observed.size <= MOST_PATTERNS; r++) observed.add(keyOf(design.x, r));
  if (observed.size > MOST_PATTERNS) return undefined;
  const { x } = design.apply(table);
  const kept = Array.from({ length: count }, (_, k) => k).filter((k) => observed.has(keyOf(x, k)));
  // Of indicators the first one first.
  if (terms.every(isDummy)) kept.reverse();
  const label = (k: number): string =>
    terms.map(({ name }) => `${terms.length > 1 ? `${name} ` : ''}${shortText(table[name][k])}`).join(', ');
  return {
    kind: 'points',
    over: terms.map(({ name }) => name).join(', '),
    places: terms.every(isDummy) ? kept.map((k) => dummyLabel(terms, table, k)) : kept.map(label),
    groups: kept.map(() => ''),
    table: Object.fromEntries(terms.map(({ name }) => [name, kept.map((k) => table[name][k])])),
    held: [],
  };
}

function isDummy(covariate: Covariate): boolean {
  return covariate.kind === 'numbers' && covariate.values?.join() === '0,1';
}

/** The names of the indicators that are 1. */
function dummyLabel(terms: readonly Covariate[], table: Record<string, Cell[]>, k: number): string {
  const on = terms.filter(({ name }) => table[name][k] === 1).map(({ name }) => name);
  return on.length > 0 ? on.join(' + ') : 'all 0';
}

function shortText(value: Cell): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value);
}
