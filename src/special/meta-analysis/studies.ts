// The studies of a meta-analysis: events and size of each arm, read from a table of arms.
import { GlmmcError } from '../../../samplers/errors.js';
import { type Columns, columnsOf } from '../../data/column.js';
import { keepLevels } from '../../data/factor.js';
import { keepCompleteRows } from '../../data/rows.js';
import { type DataSource, toTable } from '../../data/table.js';
import type { Finding } from '../../model/finding.js';

/** Events among `size` subjects, or in `size` units of time. */
export interface Arm {
  readonly events: number;
  readonly size: number;
}

export interface Study {
  readonly label: string;
  /** The one arm where there is no treatment. */
  readonly control: Arm | undefined;
  readonly treated: Arm | undefined;
}

export interface Studies {
  readonly studies: readonly Study[];
  /** Control, then treated; undefined for studies of one arm. */
  readonly arms: readonly [string, string] | undefined;
  readonly findings: readonly Finding[];
}

/** Columns by what stands in them. */
export interface ArmColumns {
  readonly study: string;
  readonly events: string;
  /** Subjects or exposure. */
  readonly size: string;
  readonly treatment?: string | undefined;
}

/**
 * Reads one row an arm; rows of the same arm of a study are added up. Rows with missing values are dropped and told.
 * @param counts whether sizes are numbers of subjects, which events cannot exceed
 * @throws GlmmcError `unknown-column`, `bad-counts`, `bad-arms`, `few-studies`, and those of `toTable`
 */
export function readStudies(source: DataSource, names: ArmColumns, counts: boolean): Studies {
  const columns = columnsOf(toTable(source));
  const used = [
    names.study,
    names.events,
    names.size,
    ...(names.treatment === undefined ? [] : [names.treatment]),
  ];
  const { kept, dropped, droppedBy } = keepCompleteRows(columns, used, []);
  const events = numbersOf(columns, names.events);
  const sizes = numbersOf(columns, names.size);
  const study = keepLevels(columns.factor(names.study), kept);
  const treatment = names.treatment === undefined ? undefined : twoArms(columns, names.treatment, kept);
  const labels = study.levels;
  const cells: Arm[][] = labels.map(() => []);
  for (const row of kept) {
    checkArm(events[row], sizes[row], counts, names, row);
    const place = treatment ? treatment.codes[row] : 0;
    const arms = cells[study.codes[row]];
    const { events: before, size } = arms[place] ?? { events: 0, size: 0 };
    arms[place] = { events: before + events[row], size: size + sizes[row] };
  }
  if (labels.length < 2) {
    throw new GlmmcError(
      'few-studies',
      `metaAnalysis() needs two studies or more, found ${labels.length} in '${names.study}'; it takes one row for every arm of every study`,
    );
  }
  const findings: Finding[] = [];
  if (dropped > 0) {
    findings.push({
      code: 'rows-dropped',
      severity: 'note',
      message: `${dropped} rows were dropped for missing values in ${droppedBy.join(', ')}.`,
      advice: 'Check that they are missing at random.',
      where: droppedBy,
    });
  }
  return {
    studies: labels.map((label, i) => ({ label, control: cells[i][0], treated: cells[i][1] })),
    arms: treatment?.levels,
    findings,
  };
}

function numbersOf(columns: Columns, name: string): Float64Array {
  const column = columns.get(name);
  if (column.kind === 'numbers') return column.values;
  throw new GlmmcError(
    'bad-counts',
    `metaAnalysis(): column '${name}' must hold numbers, found ${column.kind}`,
  );
}

function twoArms(
  columns: Columns,
  name: string,
  kept: Int32Array,
): { readonly codes: Int32Array; readonly levels: readonly [string, string] } {
  const { codes, levels } = keepLevels(columns.factor(name), kept);
  if (levels.length !== 2) {
    throw new GlmmcError(
      'bad-arms',
      `metaAnalysis(): '${name}' must have two values, the control first in order, found ${levels.length}: ${levels.slice(0, 5).join(', ')}; compare two arms at a time`,
    );
  }
  return { codes, levels: [levels[0], levels[1]] };
}

function checkArm(events: number, size: number, counts: boolean, names: ArmColumns, row: number): void {
  const whole = Number.isInteger(events) && events >= 0;
  const sized = counts ? Number.isInteger(size) && size >= events && size > 0 : size > 0;
  if (whole && sized) return;
  throw new GlmmcError(
    'bad-counts',
    `metaAnalysis(): row ${row + 1} must have ${counts ? `whole numbers 0 <= ${names.events} <= ${names.size}, ${names.size} > 0` : `a whole number ${names.events} >= 0 and ${names.size} > 0`}, found ${events} and ${size}; give one row an arm, with its counts`,
  );
}

/** A study with both its arms. */
export interface TwoArms {
  readonly label: string;
  readonly control: Arm;
  readonly treated: Arm;
}

/** The studies that have both arms. */
export function withBothArms(studies: readonly Study[]): TwoArms[] {
  return studies.flatMap(({ label, control, treated }) =>
    control && treated ? [{ label, control, treated }] : [],
  );
}
