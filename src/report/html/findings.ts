// Findings of a page: the worst first, each with its advice.
import type { OwnedFinding } from '../../compare/owned-findings.js';
import type { Finding } from '../../model/finding.js';
import { type Html, html } from './markup.js';

const ORDER: readonly Finding['severity'][] = ['error', 'warning', 'note'];

/** @param verdict the sentence that stands above all */
export function findingList(verdict: string, owned: readonly OwnedFinding[]): Html {
  const inOrder = ORDER.flatMap((severity) => owned.filter(({ finding }) => finding.severity === severity));
  if (inOrder.length === 0) return html`<p class="verdict">${verdict}</p>\n<p>There are no findings.</p>\n`;
  return html`<p class="verdict">${verdict}</p>
<ul class="findings">
${inOrder.map(
  ({ finding: { severity, code, message, advice }, names }) =>
    html`<li class="${severity}"><p><span class="severity">${severity}</span> <code>${code}</code>${
      names.length > 0 ? html` <span class="muted">${names.join(', ')}</span>` : ''
    }</p>
<p>${message}</p>
<p class="muted">${advice}</p></li>
`,
)}</ul>
`;
}
