// The model in mathematics, as MathML.
import type { PosteriorFit } from '../../estimate/fit.js';
import type { Model } from '../../model/model.js';
import { type Html, type HtmlValue, html } from './markup.js';

const i = (name: string): Html => html`<mi>${name}</mi>`;
const n = (number: string | number): Html => html`<mn>${number}</mn>`;
const o = (sign: string): Html => html`<mo>${sign}</mo>`;
const word = (text: string): Html => html`<mtext>${text}</mtext>`;
const row = (...parts: readonly HtmlValue[]): Html => html`<mrow>${parts}</mrow>`;
const sub = (base: Html, below: Html): Html => html`<msub>${base}${below}</msub>`;
const square = (base: Html): Html => html`<msup>${base}${n(2)}</msup>`;
const of = (name: Html, ...parts: readonly HtmlValue[]): Html =>
  row(name, html`<mo stretchy="false">(</mo>`, parts, html`<mo stretchy="false">)</mo>`);
const over = (top: Html, bottom: Html): Html => html`<mfrac>${top}${bottom}</mfrac>`;
const inline = (content: Html): Html => html`<math>${content}</math>`;
/** A formula on a line of its own; with words (plain texts) among its parts a sentence, which wraps on narrow screens. */
const display = (...parts: readonly HtmlValue[]): Html => {
  if (!parts.some((part) => typeof part === 'string')) {
    return html`<div class="math"><math display="block">${row(...parts)}</math></div>\n`;
  }
  const pieces: (string | HtmlValue[])[] = [];
  for (const part of parts) {
    const last = pieces.at(-1);
    if (typeof part === 'string') pieces.push(part);
    else if (Array.isArray(last)) last.push(part);
    else pieces.push([part]);
  }
  return html`<p>${pieces.map((piece) => (typeof piece === 'string' ? piece : inline(row(...piece))))}</p>\n`;
};

const ij = row(i('i'), i('j'));
const y = sub(i('Y'), ij);
const mu = sub(i('μ'), ij);
const eta = sub(i('η'), ij);
const eps = sub(i('ε'), i('i'));
const sigma = i('σ');
const comma = o(',');

/** Response, link, intercepts, the linear predictor term by term, and the priors where there are some. */
export function modelMath(model: Model, posteriors: readonly PosteriorFit[]): Html {
  const { design, clusterName, clusterLabels } = model;
  const offset = design.offset !== undefined;
  return html`${display(y, o('∣'), eps, o('∼'), ...response(model))}${display(
    link(model.family.link.name),
    o('='),
    eta,
    o('='),
    offset && [sub(i('o'), ij), o('+')],
    html`<msubsup>${i('x')}${ij}${o('′')}</msubsup>`,
    i('β'),
    o('+'),
    eps,
  )}${display(...effect(model))}<p>${inline(row(i('i'), o('='), n(1), comma, n('…'), comma, n(clusterLabels.length)))} counts the clusters (<code>${clusterName}</code>), ${inline(i('j'))} the rows of a cluster; given ${inline(eps)} the responses <code>${design.responseName}</code> are independent.${
    offset ? html` ${inline(sub(i('o'), ij))} is the offset.` : ''
  }${design.weights ? ' Each row’s log density is multiplied by its weight.' : ''}${
    design.clusterWeights ? ' Each cluster’s log-likelihood is multiplied by its weight.' : ''
  }</p>
${predictor(model.coefficientNames)}${priors(posteriors)}`;
}

function response({ family, design }: Model): HtmlValue[] {
  const phi = i('φ');
  switch (family.name) {
    case 'binomial':
      return [design.trials ? of(word('Binomial'), sub(i('n'), ij), comma, mu) : of(word('Bernoulli'), mu)];
    case 'poisson':
      return [of(word('Poisson'), mu)];
    case 'gaussian':
      return [of(word('Normal'), mu, comma, phi), ' with variance ', phi, ' (the dispersion)'];
    case 'gamma':
      return [
        word('Gamma'),
        ' with mean ',
        mu,
        ' and variance ',
        phi,
        square(mu),
        ', ',
        phi,
        ' the dispersion',
      ];
    case 'negative-binomial':
      return [
        word('negative binomial'),
        ' with mean ',
        mu,
        ' and variance ',
        mu,
        o('+'),
        over(square(mu), i('θ')),
      ];
    default:
      return [word(family.name), ', by its own density'];
  }
}

function link(name: string): Html {
  switch (name) {
    case 'identity':
      return mu;
    case 'log':
      return of(i('log'), mu);
    case 'logit':
      return row(
        of(i('logit'), mu),
        o('='),
        i('log'),
        html`<mspace width="0.25em"></mspace>`,
        over(mu, row(n(1), o('−'), mu)),
      );
    case 'probit':
      return of(html`<msup>${i('Φ')}${row(o('−'), n(1))}</msup>`, mu);
    case 'cloglog':
      return of(i('log'), o('−'), of(i('log'), n(1), o('−'), mu));
    case 'cauchit':
      return of(i('tan'), i('π'), of(row(), mu, o('−'), over(n(1), n(2))));
    case 'sqrt':
      return html`<msqrt>${mu}</msqrt>`;
    case 'inverse':
      return over(n(1), mu);
    default:
      return of(i(name), mu);
  }
}

function effect({ randomEffect }: Model): HtmlValue[] {
  const independent = word('\u00a0independently');
  const zero = n(0);
  switch (randomEffect.name) {
    case 'normal':
      return [eps, o('∼'), of(word('Normal'), zero, comma, square(sigma)), independent];
    case 'student-t':
      return [over(eps, sigma), o('∼'), sub(i('t'), n(randomEffect.tailDf)), independent];
    case 'logistic':
      return [eps, o('∼'), of(word('Logistic'), zero, comma, sigma), independent];
    case 'laplace':
      return [eps, o('∼'), of(word('Laplace'), zero, comma, sigma), independent];
    case 'log-gamma':
      return [
        ...[eps, o('='), of(i('log'), sub(i('G'), i('i'))), word(',\u00a0'), sub(i('G'), i('i')), o('∼')],
        ...[of(word('Gamma'), over(n(1), square(sigma)), comma, over(n(1), square(sigma))), independent],
      ];
    case 'bridge':
      return [
        eps,
        o('∼'),
        of(word('Bridge'), sigma),
        ' (Wang and Louis 2003), ',
        sigma,
        ' its standard deviation',
      ];
    case 'point-masses':
      return [
        eps,
        o('∼'),
        word(`${randomEffect.points ?? ''} point masses`),
        ' of mean 0 and standard deviation ',
        sigma,
      ];
    default:
      return [eps, o('∼'), word(randomEffect.name), ' of scale ', sigma, ', independently'];
  }
}

/** In text rather than one formula, so that it wraps on narrow screens. */
function predictor(names: readonly string[]): Html {
  if (names.length === 0) return html`<p>There are no coefficients.</p>\n`;
  const terms = names.map((name, k) => {
    const beta = inline(sub(i('β'), n(k + 1)));
    return html`${k > 0 ? ' + ' : ''}${beta} ${name === '(Intercept)' ? '' : html`<code>${name}</code>`}`;
  });
  return html`<p class="predictor">${inline(row(html`<msubsup>${i('x')}${ij}${o('′')}</msubsup>`, i('β')))} = ${terms}</p>\n`;
}

function priors(posteriors: readonly PosteriorFit[]): Html {
  const sets = new Map<string, { fit: PosteriorFit; names: string[] }>();
  for (const fit of posteriors) {
    const entry = sets.get(fit.priors.text) ?? { fit, names: [] };
    entry.names.push(fit.strategy);
    sets.set(fit.priors.text, entry);
  }
  return html`${[...sets.values()].map(
    ({ fit, names }) => html`<h3>Priors${sets.size > 1 ? html` of ${names.join(', ')}` : ''}</h3>
<ul>
${Object.entries(fit.priors.plain).map(([name, text]) => html`<li><code>${name}</code> ∼ ${text}</li>\n`)}</ul>
`,
  )}`;
}
