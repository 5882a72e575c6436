// The playground in Chromium: every strategy, the same bits as in Node, a run that is cancelled, files that are no data.
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { compare, glmm, parseCsv } from 'glmmc';
import type { Download, Page } from 'playwright-core';
import { families } from '../../examples/playground/models.js';
import { choices, serves } from '../../examples/playground/strategies.js';
import { contrasts } from './contrasts.js';
import { type Playground, startPlayground } from './open-page.js';

let playground: Playground;
test.before(async () => {
  playground = await startPlayground();
});
test.after.always(async () => {
  await playground?.close();
});

const SEED = 11;
const FORMULA = 'x | trials(n) ~ t + (1 | clinic)';

/** Chooses the strategies, presses Run, and returns what the page then has to say: the report, or the error. */
async function run(page: Page, strategies: readonly string[]): Promise<void> {
  for (const name of Object.keys(choices)) {
    const box = page.locator(`[id="strategy-${name}"]`);
    if (await box.isEnabled()) await box.setChecked(strategies.includes(name));
  }
  await page.fill('#seed', String(SEED));
  await page.click('#run');
}

async function finished(page: Page): Promise<void> {
  await page.waitForSelector('#results:not([hidden]), #error:not([hidden])', { timeout: 240_000 });
}

/** What the page gives to be saved. */
async function saved(page: Page, button: string): Promise<{ readonly name: string; readonly text: string }> {
  const waiting: Promise<Download> = page.waitForEvent('download');
  await page.click(button);
  const download = await waiting;
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

interface Row {
  readonly strategy: string;
  readonly estimates: readonly unknown[];
  readonly logLik: number;
}

for (const link of ['logit', 'probit']) {
  test(`every strategy fits binomial ${link} models, to the same bits as in Node`, async (t) => {
    const names = Object.keys(choices).filter((name) => serves(choices[name], 'binomial', link));
    const table = parseCsv(await readFile('examples/data/infection.csv', 'utf8'));
    const model = glmm(FORMULA, table, { family: families.binomial.make(link) });
    const here = await compare(
      model,
      names.map((name) => choices[name].make()),
      { seed: String(SEED) },
    );
    const page = await playground.open();
    await page.selectOption('#data', 'infection');
    await page.locator('#columns', { hasText: 'clinic' }).waitFor();
    await page.selectOption('#link', link);
    await run(page, names);
    await finished(page);
    t.is(await page.textContent('#error'), '');
    const there: { readonly rows: readonly Row[] } = JSON.parse((await saved(page, '#json')).text);
    t.is(there.rows.length, names.length);
    const plain: { readonly rows: readonly Row[] } = JSON.parse(JSON.stringify(here));
    for (const [k, { strategy, estimates, logLik }] of there.rows.entries()) {
      t.is(strategy, plain.rows[k].strategy);
      t.true(estimates.length > 0, strategy);
      t.deepEqual(estimates, plain.rows[k].estimates, strategy);
      t.is(logLik, plain.rows[k].logLik, strategy);
    }
    t.is(await page.locator('#table tbody tr').count(), names.length);
    const report = await saved(page, '#report');
    t.regex(report.name, /^glmmc-report\.html$/);
    t.true(report.text.includes(here.rows[0].strategy));
    t.true(report.text.includes('<svg'));
    await page.close();
  });
}

test('chains are seen to move, and a run is cancelled', async (t) => {
  const page = await playground.open();
  await page.selectOption('#data', 'toenail');
  await page.locator('#columns', { hasText: 'patientID' }).waitFor();
  await run(page, ['gibbs']);
  await page.waitForSelector('#charts polyline', { state: 'attached', timeout: 120_000 });
  await page
    .locator('#charts .range', { hasText: /^drawn from -?[\d.]+ to -?[\d.]+$/ })
    .first()
    .waitFor();
  await page.click('#cancel');
  await page.locator('#status', { hasText: 'Cancelled.' }).waitFor({ timeout: 10_000 });
  t.true(await page.locator('#run').isEnabled());
  t.true(await page.locator('#results').isHidden());
  // The worker is as good as new.
  await page.selectOption('#data', 'infection');
  await page.locator('#columns', { hasText: 'clinic' }).waitFor();
  await run(page, ['laplace']);
  await finished(page);
  t.is(await page.textContent('#status'), 'Done: one strategy.');
  // The paths of one model are not shown for another that is refused.
  await page.fill('#formula', 'x | trials(n) ~ u + (1 | clinic)');
  await page.click('#run');
  await page.locator('#error', { hasText: "no column 'u'" }).waitFor();
  t.is(await page.locator('#charts li').count(), 0);
  await page.close();
});

test('a file that is no data, and a formula that is none, are said in one message', async (t) => {
  const page = await playground.open();
  const give = (name: string, text: string): Promise<void> =>
    page.setInputFiles('#file', { name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  await give('ragged.csv', 'y,g\n1,a\n0\n');
  await page.fill('#formula', 'y ~ 1 + (1 | g)');
  await run(page, ['laplace']);
  await finished(page);
  t.is(
    await page.textContent('#error'),
    'the CSV text, line 3: expected 2 fields (y, g), found 1; look for a missing or extra comma, or quote fields that contain one',
  );
  await give('quoted.csv', '"y","g"\n1,"a, b"\n0,"a, b"\n0,"c"\n1,"c"\n');
  await page.fill('#formula', 'y ~ 1 + (1 | h)');
  await run(page, ['laplace']);
  await page.locator('#error', { hasText: "no column 'h'" }).waitFor();
  t.is(await page.textContent('#status'), 'Not fitted.');
  await page.close();
});

test('the server gives the folder alone, and survives what is no address', async (t) => {
  const status = async (path: string): Promise<number> => (await fetch(playground.url + path)).status;
  t.is(await status('%zz'), 404);
  t.is(await status('%2e%2e%2f%2e%2e%2fetc/passwd'), 404);
  t.is(await status('nowhere.js'), 404);
  t.is(await status('data/cbpp.csv'), 200);
  const head = await fetch(`${playground.url}data/cbpp.csv`, { method: 'HEAD' });
  t.deepEqual([head.status, await head.text()], [200, '']);
  const posted = await fetch(`${playground.url}data/cbpp.csv`, { method: 'POST', body: 'x' });
  t.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
});

for (const dark of [false, true]) {
  test(`a phone shows all of the page, ${dark ? 'dark' : 'light'}; every control has a name`, async (t) => {
    const page = await playground.open({ width: 390, dark });
    await run(page, ['quadrature', 'mcem']);
    await finished(page);
    t.is(await page.evaluate('document.documentElement.scrollWidth'), 390);
    const nameless = await page.evaluate(
      `[...document.querySelectorAll('input, select, textarea, button')].filter((one) => !(one.labels?.length || one.textContent.trim())).map((one) => one.id)`,
    );
    t.deepEqual(nameless, []);
    t.deepEqual(await contrasts(page), []);
    await page.close();
  });
}
