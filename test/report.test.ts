// Plots and pages: the numbers they show are those of the fit, every name is escaped, nothing is fetched, bytes repeat.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { autocorrelation } from '../samplers/diagnostics/autocorrelation.js';
import { GlmmcError } from '../samplers/errors.js';
import { type Comparison, compare } from '../src/compare/compare.js';
import { parseCsv } from '../src/data/csv.js';
import { type Fit, fit, type LikelihoodFit, type PosteriorFit } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { mcem } from '../src/estimate/mcem/mcem.js';
import { laplace, quadrature } from '../src/estimate/quadrature.js';
import { confint } from '../src/inspect/confint.js';
import { predict } from '../src/inspect/predict.js';
import { ranef } from '../src/inspect/ranef.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { kernelDensity } from '../src/numeric/kernel-density.js';
import { csvText } from '../src/report/html/csv.js';
import { STYLE, STYLE_HASH } from '../src/report/html/style.js';
import { calibrationPlot } from '../src/report/plots/calibration.js';
import { caterpillarPlot } from '../src/report/plots/caterpillar.js';
import { autocorrelationPlot, rankEcdfPlot, tracePlot } from '../src/report/plots/chains.js';
import { densityPlot } from '../src/report/plots/density.js';
import { fittedPlot } from '../src/report/plots/fitted.js';
import { forestPlot } from '../src/report/plots/forest.js';
import { leastSpan, type PlotRow, type PlotSpec } from '../src/report/plots/spec.js';
import { timeErrorPlot } from '../src/report/plots/time-error.js';
import { trajectoryPlot } from '../src/report/plots/trajectory.js';
import { report, reportHtml } from '../src/report/report.js';
import { DARK, LIGHT, type Palette } from '../src/report/theme.js';
import { toSvg } from '../src/report/to-svg.js';
import { near, shipped } from './helpers.js';
import { absent, checkPage } from './page-checks.js';
import { glmmc } from './run-glmmc.js';

const CBPP = 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)';
const herds = glmm(CBPP, await shipped('cbpp'), { family: binomial() });
const sampler = gibbs({ chains: 2, warmup: 200, draws: 300 });
const comparison = await compare(herds, [quadrature(), laplace(), mcem(), sampler], { seed: 42 });
const exact = comparison.reference;
const em = comparison.rows[2].fit as LikelihoodFit;
const bayes = comparison.rows[3].fit as PosteriorFit;

/** Rows of the plot's data with these values. */
function rowsOf(spec: PlotSpec, where: PlotRow): PlotRow[] {
  return spec.data.values.filter((row) => Object.entries(where).every(([key, value]) => row[key] === value));
}

test('forest plot: every estimate with its errors, the exact posterior beside the draws', (t) => {
  const spec = forestPlot(comparison);
  for (const { strategy, estimates, fit: own } of comparison.rows) {
    const intervals = confint(own!);
    for (const [k, { name, value, standardError, monteCarloError }] of estimates.entries()) {
      const [row, ...more] = rowsOf(spec, { strategy, parameter: name });
      t.deepEqual(
        [row.value, row.standardError, row.monteCarloError, more.length],
        [value, standardError, monteCarloError, 0],
      );
      // The interval of confint(): of sigma on the log scale, of draws by their quantiles; never below 0.
      t.deepEqual([row.lower, row.upper], [intervals[k].lower, intervals[k].upper]);
      if (name === 'sigma') t.true(Number(row.lower) > 0);
    }
  }
  const { mean, lower, upper, q5, q95 } = comparison.posteriors[0].posterior.parameters[4];
  const [posterior] = rowsOf(spec, { strategy: 'quadrature posterior', parameter: 'sigma' });
  t.deepEqual([posterior.value, posterior.lower, posterior.upper], [mean, lower, upper]);
  t.true(0 < lower && lower < q5 && q95 < upper);
  t.deepEqual(
    new Set(forestPlot(comparison, { parameters: ['sigma'] }).data.values.map(({ parameter }) => parameter)),
    new Set(['sigma']),
  );
});

test('time against error: distances and times of the rows, 0 drawn at the end of the scale', (t) => {
  const spec = timeErrorPlot(comparison);
  for (const { strategy, standardizedDifference, milliseconds } of comparison.rows) {
    const [row] = rowsOf(spec, { strategy, what: 'distance from the exact answer' });
    t.is(row.value, Math.max(...standardizedDifference.map(Math.abs)));
    t.is(row.seconds, milliseconds / 1000);
    t.true(Number(row.shown) >= 1e-6);
  }
  t.is(rowsOf(spec, { what: 'its own Monte Carlo error' }).length, 2);
});

test('trajectory: the history, in its order', (t) => {
  const spec = trajectoryPlot(em);
  const sigmas = rowsOf(spec, { parameter: 'sigma' });
  t.deepEqual(
    sigmas.map(({ value }) => value),
    em.history.map(({ parameters }) => parameters.sigma),
  );
  t.true(sigmas.every(({ estimate }) => estimate === em.parameters.sigma));
  t.deepEqual(
    rowsOf(spec, { parameter: 'draws a cluster' }).map(({ value }) => value),
    em.history.map(({ detail }) => detail?.draws as number),
  );
  t.throws(() => trajectoryPlot(bayes), { instanceOf: GlmmcError, code: 'no-history' });
});

test('chains: traces are draws, autocorrelations those of autocorrelation(), rank lines end at 0', (t) => {
  const trace = tracePlot(bayes, 'sigma').data.values;
  t.is(trace.length, 2 * 150);
  for (const { chain, draw, value } of trace) {
    t.is(value, bayes.draws.chain('sigma', Number(chain) - 1)[Number(draw) - 1]);
  }
  const lags = rowsOf(autocorrelationPlot(bayes, ['sigma']), { chain: '2' }).map(({ value }) => value);
  t.deepEqual(lags, [...autocorrelation(bayes.draws.chain('sigma', 1), 30)]);
  const ranks = rankEcdfPlot(bayes.draws, 'sigma').data.values;
  t.true(ranks.filter(({ share }) => share === 0 || share === 1).every(({ difference }) => difference === 0));
  // Two chains of equal length mirror each other.
  const byChain = (chain: string) =>
    ranks.filter((row) => row.chain === chain).map((row) => Number(row.difference));
  byChain('1').forEach((x, k) => {
    near(t, x, -byChain('2')[k], 1e-12, `point ${k}`);
  });
  t.deepEqual(
    [...new Set(tracePlot(bayes).data.values.map(({ variable }) => variable))],
    bayes.estimates.map(({ name }) => name),
  );
  t.throws(() => tracePlot(bayes, 'sigmo'), { code: 'unknown-variable', message: /did you mean 'sigma'/ });
  t.throws(() => tracePlot(exact as unknown as PosteriorFit), { code: 'bad-draws' });
});

test('densities: each integrates to 1, the exact one about its own mean', (t) => {
  const { posterior } = comparison.posteriors[0];
  const spec = densityPlot(bayes, { variables: ['(Intercept)', 'sigma'], posterior });
  for (const parameter of posterior.parameters.filter(
    ({ name }) => name === '(Intercept)' || name === 'sigma',
  )) {
    for (const curve of [bayes.strategy, 'quadrature']) {
      const rows = rowsOf(spec, { variable: parameter.name, curve });
      const step = Number(rows[1].x) - Number(rows[0].x);
      const sum = (f: (x: number) => number): number =>
        rows.reduce((total, row) => total + step * f(Number(row.x)) * Number(row.density), 0);
      near(
        t,
        sum(() => 1),
        1,
        0.03,
        `${parameter.name} ${curve}`,
      );
      near(
        t,
        sum((x) => x),
        parameter.mean,
        0.35 * parameter.sd,
        `mean of ${parameter.name} ${curve}`,
      );
    }
  }
  t.throws(() => posterior.density('tau', [0], 1), { code: 'unknown-variable' });
  t.notThrows(() => JSON.stringify(posterior));
});

test('kernel density: one point is its kernel, weights count, a bound mirrors', (t) => {
  const phi = (u: number): number => Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI);
  const [alone] = kernelDensity(Float64Array.of(1), undefined, [1.5], 0.5);
  near(t, alone, phi(1) / 0.5, 1e-15, 'kernel');
  const [two] = kernelDensity(Float64Array.of(0, 3), Float64Array.of(3, 1), [0], 1);
  near(t, two, (3 * phi(0) + phi(3)) / 4, 1e-15, 'weights');
  const [below, at] = kernelDensity(Float64Array.of(0.5), undefined, [-0.1, 0], 1, 0);
  t.deepEqual([below, at], [0, 2 * phi(0.5)]);
});

test('caterpillar: all of few clusters in order; of many the extremes and some between', (t) => {
  const rows = ranef(exact);
  const spec = caterpillarPlot(exact);
  t.is(spec.data.values.length, 15);
  const means = spec.data.values.map(({ mean }) => Number(mean));
  t.deepEqual(
    means,
    [...rows.map(({ mean }) => mean)].sort((a, b) => a - b),
  );
  const few = caterpillarPlot(exact, { most: 6 }).data.values;
  t.deepEqual(few.map(({ rank }) => rank).slice(0, 2), [1, 2]);
  t.deepEqual(few.map(({ rank }) => rank).slice(-2), [14, 15]);
  t.is(new Set(few.map(({ cluster }) => cluster)).size, 6);
  t.throws(() => caterpillarPlot(exact, { most: 2 }), { code: 'bad-option' });
});

test('fitted means are those of predict(), at the combinations that the data have', (t) => {
  const spec = fittedPlot(exact);
  const expected = predict(exact, { period: [1, 2, 3, 4] }, { target: 'population', interval: true });
  const shown = rowsOf(spec, { target: 'population' });
  t.deepEqual(
    shown.map(({ place, mean, lower }) => [place, mean, lower]),
    expected.map(({ estimate, lower }, k) => [String(k + 1), estimate, lower]),
  );
  t.throws(() => fittedPlot(exact, { variable: 'perid' }), { code: 'unknown-variable', message: /period/ });
});

test('fitted curves: along a numeric covariate, others held, one panel a level', async (t) => {
  const epil = glmm('y ~ lbase * trt + lage + (1 | subject)', await shipped('epil'), { family: poisson() });
  const result = await fit(epil, laplace());
  const spec = fittedPlot(result);
  const [row] = rowsOf(spec, { group: 'trt = progabide', target: 'typical cluster' });
  const lage = epil.design.covariates.find(({ name }) => name === 'lage');
  t.true(lage?.kind === 'numbers' && spec.title.includes('lage = '));
  if (lage?.kind !== 'numbers') return;
  const at = { lbase: [Number(row.place)], trt: ['progabide'], lage: [lage.mean] };
  near(t, Number(row.mean), predict(result, at, { target: 'typical' })[0].estimate, 1e-12, 'mean');
  const places = rowsOf(spec, { group: 'trt = progabide', target: 'population' }).map(({ place }) =>
    Number(place),
  );
  const data = await shipped('epil');
  t.is(Math.max(...places), Math.max(...Array.from(data.lbase, Number)));
});

test('calibration: groups hold every row once, their means those of the data', (t) => {
  const spec = calibrationPlot(exact);
  const groups = rowsOf(spec, { target: 'over all clusters' }).filter(({ rows }) => rows !== undefined);
  t.is(groups.length, 4);
  t.is(
    groups.reduce((sum, { rows }) => sum + Number(rows), 0),
    herds.observations,
  );
  const { y, trials } = herds.design;
  const first = Array.from(y.keys()).filter(
    (r) => herds.design.x[r * 4 + 1] + herds.design.x[r * 4 + 2] + herds.design.x[r * 4 + 3] === 0,
  );
  const share = first.reduce((sum, r) => sum + y[r], 0) / first.reduce((sum, r) => sum + trials![r], 0);
  near(t, Number(groups[3].observed), share, 1e-12, 'period 1');
});

const NASTY = [
  '<script>alert(1)</script>',
  '"><img onerror=alert(1) src=x>',
  "'; </style><b>&amp;",
  '=1+1,\n"a"\u000b',
];

/** Clusters, a column and levels whose names would be markup. */
async function nastyFits(): Promise<{ fit: Fit; comparison: Comparison }> {
  const rows = Array.from({ length: 48 }, (_, r) => ({
    '<script>alert(1)</script>': NASTY[r % 4],
    '"><img onerror=x>': r % 3 === 0 ? '<svg onload=alert(2)>' : ']]>{{x}}',
    y: ((r * 7) % 5) + (r % 4),
  }));
  const formula = 'y ~ `"><img onerror=x>` + (1 | `<script>alert(1)</script>`)';
  const model = glmm(formula, rows, { family: gaussian() });
  const nasty = await compare(model, [quadrature(), gibbs({ chains: 2, warmup: 100, draws: 100 })]);
  return { fit: nasty.rows[1].fit!, comparison: nasty };
}

test('an axis has a length: room about equal values, none below 0 for what is not', (t) => {
  t.deepEqual(leastSpan([0, 0, null], 1e-6), { floor: 0, ceiling: 1 });
  t.deepEqual(leastSpan([2, 5], 1e-6), { floor: 2, ceiling: 5 });
  t.deepEqual(leastSpan([null], 1e-6), { floor: null, ceiling: null });
  const { floor, ceiling } = leastSpan([5.665600000000001, 5.6656], 1e-6);
  t.true(floor! < 5.661 && ceiling! > 5.671);
  t.true(leastSpan([-4, -4], 1e-6).floor! < -4);
});

test('where sigma is 0 its axis is of round numbers, and so is that of intercepts which are all 0', async (t) => {
  const yields = glmm('Yield ~ 1 + (1 | Batch)', await shipped('dyestuff2'), { family: gaussian() });
  const flat = await compare(yields, [quadrature(), mcem()], { seed: 1 });
  const [certified, search] = flat.rows.map(({ fit: one }) => one as LikelihoodFit);
  t.is(certified.parameters.sigma, 0);
  const drawn = [
    forestPlot(flat),
    caterpillarPlot(certified),
    trajectoryPlot(search),
    calibrationPlot(certified),
  ];
  for (const spec of drawn) absent(t, await toSvg(spec), />[−-]?\d+\.\d{5,}</);
});

test('a name longer than its panel is cut, and the next panel stands where it stood', async (t) => {
  const width = async (level: string): Promise<number> => {
    const rows = Array.from({ length: 60 }, (_, r) => ({
      y: ((r * 7) % 5) + (r % 4),
      x: (r * 13) % 11,
      arm: r % 2 === 0 ? level : 'b',
      g: r % 6,
    }));
    const model = glmm('y ~ x + arm + (1 | g)', rows, { family: gaussian() });
    return Number(/width="(\d+)"/.exec(await toSvg(fittedPlot(await fit(model, laplace()))))![1]);
  };
  // No more than the gap between panels, and the same for any longer one.
  const long = await width('a level that goes on and on, and does not seem to end');
  t.true(long - (await width('a')) <= 12);
  t.is(long, await width('a level that goes on and on, and does not seem to end at all, whatever one says'));
});

test('texts and marks have the contrast that WCAG 2.2 asks for, on paper and on panels', (t) => {
  const channel = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (colour: string): number =>
    [1, 3, 5]
      .map((k) => channel(Number.parseInt(colour.slice(k, k + 2), 16) / 255))
      .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const contrast = (a: string, b: string): number => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const own = (block: string, name: string): string => new RegExp(`--${name}:(#\\w{6})`).exec(block)![1];
  const [, day, night] = STYLE.split(':root{');
  const themes: [Palette, string][] = [
    [LIGHT, day],
    [DARK, night],
  ];
  for (const [{ paper, ink, muted, series }, block] of themes) {
    const texts = [ink, muted, ...['link', 'error', 'warning', 'note'].map((name) => own(block, name))];
    for (const back of [paper, own(block, 'panel')]) {
      for (const text of texts) t.true(contrast(text, back) >= 4.5, `${text} on ${back}`);
    }
    for (const mark of series) t.true(contrast(mark, paper) >= 3, `${mark} on ${paper}`);
  }
});

test('a page: strict policy, nothing from elsewhere, unique ids, every reference answered', async (t) => {
  const text = await reportHtml(comparison);
  checkPage(t, text);
  const ids = [...text.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
  t.is(new Set(ids).size, ids.length);
  for (const [, id] of text.matchAll(/(?:href="#|aria-labelledby="|url\(#)([^")]+)/g))
    t.true(ids.includes(id), id);
  t.is(`sha256-${createHash('sha256').update(STYLE).digest('base64')}`, STYLE_HASH);
  t.true(text.includes(`<style>${STYLE}</style>`));
});

test('a page can be read by ear and keyboard: language, landmarks, headings in order, described figures', async (t) => {
  const text = await reportHtml(comparison);
  t.true(text.includes('<html lang="en">'));
  for (const part of ['<header>', '<nav aria-label', '<main id="main">', '<footer>'])
    t.is(text.split(part).length, 2);
  t.true(text.includes('<a class="skip" href="#main">'));
  const levels = [...text.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
  t.is(levels.filter((level) => level === 1).length, 1);
  levels.reduce((before, level) => {
    t.true(level <= before + 1);
    return level;
  });
  // The room of a figure is that of its plot, whose height need not be whole.
  const means = fittedPlot(exact) as PlotSpec & { title?: string };
  const { title: _, ...untitled } = means;
  const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(await toSvg(untitled as PlotSpec))!;
  t.true(text.includes(`viewBox="0 0 ${width} ${height}"`), `${width} ${height}`);
  const svgs = text.match(/<svg [^>]*>/g) ?? [];
  t.true(svgs.length >= 9);
  for (const svg of svgs) t.regex(svg, /role="img" aria-label="[^"]{20,}"/);
  const tables = text.match(/<table [\s\S]*?<\/table>/g) ?? [];
  for (const table of tables) {
    t.regex(table, /<caption/);
    t.false(/<th(?! scope)(?!ead)/.test(table));
  }
  const body = text.indexOf('id="findings"');
  t.true(body > 0 && body < text.indexOf('id="model"'));
});

test('names from the data are escaped in texts, SVG, MathML and CSV links', async (t) => {
  const nasty = await nastyFits();
  for (const text of [await reportHtml(nasty.comparison), await reportHtml(nasty.fit, { title: NASTY[1] })]) {
    checkPage(t, text);
    t.true(text.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
  }
  const svg = await toSvg(caterpillarPlot(nasty.fit));
  absent(t, svg, /<(script|img|b)\b/i);
  t.true(svg.includes('&lt;script&gt;alert(1)'));
  // No XML may hold it.
  t.false(svg.includes('\u000b') || (await reportHtml(nasty.fit)).includes('\u000b'));
});

test('CSV links hold the numbers in full, and names as they are, none of them a formula', async (t) => {
  const nasty = await nastyFits();
  const text = await reportHtml(nasty.fit);
  const csv = (id: string): string =>
    decodeURIComponent(
      new RegExp(`download="${id}.csv" href="data:text/csv;charset=utf-8,([^"]*)"`).exec(text)![1],
    );
  const clusters = parseCsv(csv('intercepts'));
  const rows = ranef(nasty.fit);
  t.deepEqual(
    Array.from(clusters.cluster),
    rows.map(({ cluster }) => (cluster.startsWith('=') ? `'${cluster}` : cluster)),
  );
  t.deepEqual(
    Array.from(clusters.mean),
    rows.map(({ mean }) => mean),
  );
  const estimates = parseCsv(csv('fit-1-estimates'));
  t.deepEqual(
    Array.from(estimates.parameter),
    nasty.fit.estimates.map(({ name }) => name),
  );
  t.deepEqual(
    Array.from(estimates.mean),
    nasty.fit.estimates.map(({ value }) => value),
  );
  // No spreadsheet takes a name for a formula; numbers stay numbers.
  t.is(
    csvText(
      ['=1+1', '(Intercept)'],
      [
        ['@SUM(A1)', -1.5],
        ['-2+3', '-2'],
        [' +x', '-1e-3'],
        ['a=b', '-Inf'],
      ],
    ),
    "'=1+1,(Intercept)\n'@SUM(A1),-1.5\n'-2+3,-2\n' +x,-1e-3\na=b,-Inf\n",
  );
  const table = parseCsv(
    csvText(
      ['a', 'b'],
      [
        ['x "y", z', 0.1 + 0.2],
        ['two\nlines', Number.NaN],
      ],
    ),
  );
  t.deepEqual(
    [...Array.from(table.a), ...Array.from(table.b)],
    ['x "y", z', 'two\nlines', 0.1 + 0.2, Number.NaN],
  );
});

test('the same fit gives the same bytes; a fit of one strategy is held against the exact answer', async (t) => {
  const result = await fit(herds, laplace());
  const [one, two] = [await reportHtml(result), await reportHtml(result)];
  const untimed = (text: string): string =>
    text.replace(/\d+(\.\d+)? m?s\b/g, 'time').replace(/%0A(laplace,[^%]*?),[\d.]+%0A/g, '%0A$1%0A');
  t.true(untimed(one) === untimed(two));
  t.true(one.includes('agrees with the exact answer'));
  absent(t, await reportHtml(result, { reference: false }), /Held against quadrature/);
});

test('toSvg: the same bytes, three themes, data from elsewhere refused', async (t) => {
  const spec = caterpillarPlot(exact);
  const [one, two, dark, page] = await Promise.all([
    toSvg(spec),
    toSvg(JSON.parse(JSON.stringify(spec))),
    toSvg(spec, { theme: 'dark' }),
    toSvg(spec, { theme: 'page' }),
  ]);
  t.is(one, two);
  t.true(dark.includes('#12161c') && !one.includes('#12161c'));
  t.true(page.includes('var(--ink)') || page.includes('var(--muted)'));
  await t.throwsAsync(toSvg({ ...spec, data: { url: 'http://localhost/x.csv' } } as never), {
    code: 'bad-plot',
  });
  await t.throwsAsync(toSvg(exact as never), { code: 'bad-plot' });
  await t.throwsAsync(toSvg(spec, { theme: 'blue' as never }), { code: 'bad-option' });
});

test('report() refuses what it cannot do before it works', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  try {
    await t.throwsAsync(report(exact, { path: join(folder, 'no', 'page.html') }), { code: 'unwritable' });
    await t.throwsAsync(report(exact, { path: folder }), { code: 'unwritable', message: /found a folder/ });
    await t.throwsAsync(report(exact, {} as never), { code: 'bad-option' });
    await t.throwsAsync(report(exact, { path: 'x', titel: 'a' } as never), {
      code: 'unknown-option',
      message: /title/,
    });
    await t.throwsAsync(reportHtml(herds as never), { code: 'bad-fit' });
    await t.throwsAsync(reportHtml(comparison.toJSON() as never), { code: 'bad-comparison' });
    const path = join(folder, 'page.html');
    t.is(await report(exact, { path, title: 'Herds & more' }), path);
    t.true((await readFile(path, 'utf8')).includes('<title>Herds &amp; more</title>'));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('glmmc fit --html, compare --html, plot --svg and --json', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-'));
  try {
    const file = join(folder, 'd.csv');
    await writeFile(file, 'g,y,x\na,1,0\na,2,1\nb,1,0\nb,4,1\nc,7,0\nc,3,1\nd,2,2\nd,1,1\n');
    const model = [file, '-F', 'poisson', '-f', 'y ~ x + (1 | g)'];
    const page = join(folder, 'p.html');
    t.is((await glmmc('fit', ...model, '--html', page)).code, 0);
    t.true((await readFile(page, 'utf8')).includes('<h1>y ~ x'));
    t.is((await glmmc('compare', ...model, '--strategies', 'quadrature,laplace', '--html', page)).code, 0);
    t.true((await readFile(page, 'utf8')).includes('Strategies compared'));
    const svg = join(folder, 'p.svg');
    const forest = ['--strategies', 'quadrature,laplace', '--kind', 'forest'];
    t.deepEqual(await glmmc('plot', ...model, ...forest, '--svg', svg), { code: 0, out: '', err: '' });
    t.true((await readFile(svg, 'utf8')).startsWith('<svg '));
    const { out } = await glmmc('plot', ...model, '--kind', 'fitted', '--variable', 'x', '--json');
    t.is(JSON.parse(out).data.values.length, 6);
    const refused = await glmmc(
      'fit',
      join(folder, 'absent.csv'),
      '-F',
      'poisson',
      '-f',
      'y ~ 1 + (1 | g)',
      '--html',
      join(folder, 'no', 'p.html'),
    );
    t.deepEqual([refused.code, refused.out], [1, '']);
    t.regex(refused.err, /^glmmc: --html .*cannot write to the folder .*\n$/);
    t.regex((await glmmc('plot', ...model, '--kind', 'forrest', '--svg', svg)).err, /did you mean 'forest'/);
    t.regex((await glmmc('plot', ...model, '--kind', 'forest')).err, /--svg FILE, --json/);
    t.regex(
      (await glmmc('plot', ...model, '--kind', 'calibration', '--variable', 'x', '--json')).err,
      /leave it out/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
