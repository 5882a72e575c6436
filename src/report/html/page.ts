// The frame of a page: policy, style, landmarks, contents.
import { Html, html } from './markup.js';
import { STYLE, STYLE_HASH } from './style.js';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export interface Page {
  readonly title: string;
  /** Below the title. */
  readonly lead: Html;
  readonly sections: readonly Section[];
  readonly footer: Html;
}

/** Nothing is loaded, no script runs, no form goes anywhere; the one style sheet is known by its hash. */
const POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

/** The whole text of a page. */
export function pageText({ title, lead, sections, footer }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="glmmc">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the findings</a>
<header>
<h1>${title}</h1>
${lead}</header>
<nav aria-label="Contents">
<ul>
${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>\n`)}</ul>
</nav>
<main id="main">
${sections.map(
  ({ id, title: name, body }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${name}</h2>
${body}</section>
`,
)}</main>
<footer>
${footer}</footer>
</body>
</html>
`.text;
}
