// report(): a fit or a comparison as one HTML page that needs nothing else.
import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import type { Comparison } from '../compare/compare.js';
import { duration } from '../compare/print.js';
import { requireFit } from '../estimate/arguments.js';
import type { Fit } from '../estimate/fit.js';
import { familyText } from '../estimate/summary.js';
import { isObject } from '../model/arguments.js';
import { builtin } from '../numeric/builtin.js';
import { heldAgainst } from './held-against.js';
import { html } from './html/markup.js';
import { pageText } from './html/page.js';
import { isComparison, requireComparison } from './plots/arguments.js';
import { type Subject, sectionsOf } from './sections.js';
import { requireWritable } from './writable.js';

/** Options of `reportHtml()`. */
export interface ReportHtmlOptions {
  /** Of the page; the formula where left out. */
  readonly title?: string;
  /**
   * Whether a single fit is held against the certified answer, which costs a fit by quadrature (of draws: the quadrature
   * posterior). Where left out: for 20 000 rows at most (draws: 5000 rows, eight parameters).
   */
  readonly reference?: boolean;
}

/** Options of `report()`. */
export interface ReportOptions extends ReportHtmlOptions {
  /** The file to write. */
  readonly path: string;
}

const SHARED = {
  title: v.optional(v.pipe(v.string('a text'), v.minLength(1, 'a text'))),
  reference: v.optional(v.boolean('true or false')),
};

/**
 * The text of the page that `report()` writes: findings first, the model in mathematics, data, strategies on one yardstick, estimates,
 * chains, clusters, fitted means, calibration; plots as SVG, tables with links to their numbers as CSV. Nothing is loaded from
 * anywhere and no script runs (Content-Security-Policy `default-src 'none'`); every name from the data is escaped. The same
 * fit gives the same bytes, the times apart, which are those of the fits.
 * @throws GlmmcError `bad-fit`, `bad-comparison`, `unknown-option`, `bad-option`
 */
export async function reportHtml(object: Fit | Comparison, options: ReportHtmlOptions = {}): Promise<string> {
  const known = checkOptions('reportHtml()', SHARED, options);
  return pageOf(object, known, 'reportHtml()');
}

/**
 * Writes the page of `reportHtml()` to `path` and resolves to that path. Of Node alone: in a browser take `reportHtml()`.
 * @throws GlmmcError as `reportHtml()`; `unwritable` for a file that cannot be written, before any work
 */
export async function report(object: Fit | Comparison, options: ReportOptions): Promise<string> {
  const { path, ...rest } = checkOptions(
    'report()',
    { ...SHARED, path: v.pipe(v.string('a file to write'), v.minLength(1, 'a file to write')) },
    options ?? {},
  );
  requireSubject('report()', object);
  await requireWritable('report()', path);
  const text = await pageOf(object, rest, 'report()');
  const { writeFile } = builtin('node:fs/promises', 'reportHtml() gives the text of the page');
  await writeFile(path, text);
  return path;
}

async function pageOf(
  object: Fit | Comparison,
  { title, reference }: { title?: string | undefined; reference?: boolean | undefined },
  owner: string,
): Promise<string> {
  requireSubject(owner, object);
  const subject = isComparison(object) ? ofComparison(object) : await ofFit(object, reference);
  const { model } = subject.shown;
  const names = subject.fits.map(({ name }) => name);
  const time = subject.fits.reduce((sum, { fit }) => sum + fit.milliseconds, 0);
  return pageText({
    title: title ?? model.formula,
    lead: html`<p class="muted">${familyText(model.family)}, ${model.randomEffect.name} intercepts of <code>${model.clusterName}</code>; by ${names.join(', ') || 'no strategy'}.</p>\n`,
    sections: await sectionsOf(subject),
    footer: html`<p class="muted">Made by glmmc; fitted in ${duration(time)}.</p>\n`,
  });
}

function requireSubject(owner: string, object: unknown): void {
  if (isObject(object) && ('rows' in object || 'posteriors' in object)) requireComparison(owner, object);
  else requireFit(owner, object);
}

function ofComparison(comparison: Comparison): Subject {
  const fits = comparison.rows.flatMap(({ strategy, fit }) => (fit ? [{ name: strategy, fit }] : []));
  if (fits.length === 0 && comparison.rows.length === 0) {
    throw new GlmmcError('bad-comparison', 'the comparison has no rows; compare one strategy or more');
  }
  return { fits, comparison, several: comparison.rows.length > 1, shown: comparison.reference };
}

async function ofFit(fit: Fit, reference: boolean | undefined): Promise<Subject> {
  const comparison = await heldAgainst(fit, reference);
  return { fits: [{ name: fit.strategy, fit }], comparison, several: false, shown: fit };
}
