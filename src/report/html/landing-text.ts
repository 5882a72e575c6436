// The proof of landing of a Monte Carlo estimate, in a paragraph.
import type { LikelihoodFit } from '../../estimate/fit.js';
import { scoreTestText } from '../../estimate/summary.js';
import { type Html, html } from './markup.js';

export function landingText({ landing }: LikelihoodFit): Html {
  if (!landing) return html``;
  const { landed, scoreTest, logLikGap, draws, smallestEss, largestErrorRatio, largestK } = landing;
  const test =
    scoreTest.reference === 'none' ? '' : html` Score test at the estimate: ${scoreTestText(scoreTest)}.`;
  const k = Number.isNaN(largestK) ? '' : `, largest Pareto k ${largestK.toFixed(2)}`;
  return html`<p><strong>${landed ? 'Landed' : 'Not landed'}</strong>, by the exact score and information.${test} Log-likelihood still to gain: ${logLikGap.toExponential(1)}. ${draws} draws a cluster, smallest effective number ${smallestEss.toFixed(0)}${k}; Monte Carlo errors at most ${(100 * largestErrorRatio).toPrecision(2)}% of their standard errors.</p>
`;
}
