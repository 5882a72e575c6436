// The comparison as a table, and its findings as a list.
import type { Finding } from 'glmmc';
import { digitsFor } from 'glmmc/samplers';
import type { Row } from './messages.js';

function cell(tag: 'td' | 'th', text: string, scope?: 'col' | 'row'): HTMLTableCellElement {
  const element = document.createElement(tag);
  element.textContent = text;
  if (scope) element.scope = scope;
  return element;
}

function number(value: number, digits = 3): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–';
}

/** One line a strategy: its verdict, log-likelihood, estimates with standard errors, seconds. */
export function showTable(host: HTMLTableElement, rows: readonly Row[]): void {
  const names = rows.find(({ estimates }) => estimates.length > 0)?.estimates.map(({ name }) => name) ?? [];
  const head = document.createElement('tr');
  head.append(
    ...['strategy', 'verdict', 'log-likelihood', ...names, 'seconds'].map((text) => cell('th', text, 'col')),
  );
  const lines = rows.map((row) => {
    const line = document.createElement('tr');
    line.dataset.verdict = row.verdict;
    const estimates = names.map((_, k) => {
      const estimate = row.estimates[k];
      const { value, standardError } = estimate ?? { value: Number.NaN, standardError: Number.NaN };
      const step = standardError > 0 ? standardError / 100 : 0;
      const shown = (x: number): string => (Number.isFinite(x) ? digitsFor(x, step) : '–');
      const one = cell('td', shown(value));
      const error = document.createElement('small');
      error.textContent = ` ± ${shown(standardError)}`;
      one.append(error);
      return one;
    });
    line.append(
      cell('th', row.strategy, 'row'),
      cell('td', row.verdict),
      cell('td', number(row.logLik, 4)),
      ...estimates,
      cell('td', number(row.milliseconds / 1000, 2)),
    );
    return line;
  });
  const [top, body] = [document.createElement('thead'), document.createElement('tbody')];
  top.append(head);
  body.append(...lines);
  host.replaceChildren(top, body);
}

/** Each with whose it is, its severity in words, and what to do. */
export function showFindings(
  host: HTMLElement,
  all: readonly { readonly of: string; readonly findings: readonly Finding[] }[],
): void {
  const items = all.flatMap(({ of, findings }) =>
    findings.map(({ code, severity, message, advice }) => {
      const item = document.createElement('li');
      item.dataset.severity = severity;
      const title = document.createElement('strong');
      title.textContent = `${severity}, ${of}: ${code}`;
      const text = document.createElement('p');
      text.textContent = message;
      const what = document.createElement('p');
      what.textContent = advice;
      item.append(title, text, what);
      return item;
    }),
  );
  if (items.length === 0) {
    const none = document.createElement('li');
    none.textContent = 'None.';
    items.push(none);
  }
  host.replaceChildren(...items);
}
