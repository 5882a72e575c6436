// A report in Chromium: nothing is blocked or broken, tables can be saved, a phone has no sideways scroll, the keyboard reaches all.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { binomial, compare, gibbs, glmm, laplace, parseCsv, quadrature, readCsv, report } from 'glmmc';
import type { Page } from 'playwright-core';
import { contrasts } from './contrasts.js';
import { type Playground, startPlayground } from './open-page.js';

let playground: Playground;
let folder: string;
let address: string;
test.before(async () => {
  playground = await startPlayground();
  folder = await mkdtemp(join(tmpdir(), 'glmmc-report-'));
  const model = glmm(
    'outcome ~ treatment * time + (1 | patientID)',
    await readCsv('examples/data/toenail.csv'),
    {
      family: binomial(),
    },
  );
  // Chains too short, so that the page has findings of every severity.
  const strategies = [quadrature(), laplace(), gibbs({ chains: 2, warmup: 50, draws: 50 })];
  const path = await report(await compare(model, strategies, { seed: 1 }), { path: join(folder, 'a.html') });
  address = pathToFileURL(path).href;
});
test.after.always(async () => {
  await playground?.close();
  await rm(folder, { recursive: true });
});

async function open(width: number, dark: boolean): Promise<{ page: Page; complaints: string[] }> {
  const page = await playground.browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => request.url() !== address && complaints.push(request.url()));
  await page.goto(address);
  return { page, complaints };
}

for (const [width, dark] of [
  [1280, false],
  [1280, true],
  [390, false],
  [390, true],
] as const) {
  test(`${width} pixels, ${dark ? 'dark' : 'light'}: no complaint, no sideways scroll, contrast, figures in their frames`, async (t) => {
    const { page, complaints } = await open(width, dark);
    t.deepEqual(complaints, []);
    t.is(await page.evaluate('document.documentElement.scrollWidth'), width);
    t.deepEqual(await contrasts(page), []);
    // Labels are placed by estimated widths; what is drawn must not leave the picture.
    const outside = await page.evaluate(`[...document.querySelectorAll('figure svg')].flatMap((svg) => {
      const box = svg.getBoundingClientRect();
      return [...svg.querySelectorAll('text')].filter((one) => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1;
      }).map((one) => svg.parentElement.id + ': ' + one.textContent);
    })`);
    t.deepEqual(outside, []);
    await page.close();
  });
}

test('on a phone the first column stays in sight, and the caption', async (t) => {
  const { page } = await open(390, false);
  const left = (selector: string): Promise<number> =>
    page.evaluate(`document.querySelector('#side-by-side ${selector}').getBoundingClientRect().left`);
  const before = [await left('tbody th'), await left('caption span'), await left('tbody td')];
  await page.evaluate(`document.querySelector('#side-by-side').closest('.scroll').scrollLeft = 80`);
  t.deepEqual([await left('tbody th'), await left('caption span'), (await left('tbody td')) + 80], before);
  await page.close();
});

test('the keyboard: first the way past the contents, each stop to be seen; a table is saved as CSV', async (t) => {
  const { page } = await open(1280, false);
  await page.keyboard.press('Tab');
  t.is(await page.evaluate('document.activeElement.textContent'), 'Skip to the findings');
  t.true(await page.evaluate('document.activeElement.getBoundingClientRect().left >= 0'));
  for (let k = 0; k < 14; k++) {
    await page.keyboard.press('Tab');
    t.not(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
  }
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click('a[download="strategies.csv"]'),
  ]);
  const saved = parseCsv(await readFile(await download.path(), 'utf8'));
  t.deepEqual(Array.from(saved.strategy, String), ['quadrature', 'laplace', 'gibbs']);
  await page.close();
});
