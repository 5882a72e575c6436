// Every example runs, and prints the numbers it is there to show.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../examples/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));

/** What each must print; `\s+` stands for the spaces of a table. */
const shown: Record<string, RegExp[]> = {
  'banana.ts': [/mean along/, /variance across/],
  'cbpp.ts': [
    /\(Intercept\) +-1\.3992 \(0\.234\)/,
    /sigma +0\.6475 \(0\.181\) +0\.6423/,
    /\nquadrature +-91\.9834 .* agrees/,
    /\nlaplace +-91\.9838 .* agrees/,
    /\nmcem\(importance\) +-91\.98\d\d .* agrees/,
    /\nmcem\(metropolis\) +-91\.98\d\d .* agrees/,
    /\ngibbs .* agrees/,
    /\n14 +0\.963 +0\.976 +0\.360/,
  ],
  'seeds.ts': [/sigma +0\.2362 \(0\.110\)/, /\nmcem\(importance\) .* agrees/, /Likelihood ratio 2\.3592/],
  'lsat.ts': [
    /item3 +0\.2399 +-0\.318 +0\.2\d+/,
    /1000 persons -2466\.937600, of 30 weighted patterns -2466\.937600/,
    /\n0 +-\d\.\d+ /,
  ],
  'toenail.ts': [
    /gauss-hermite 3 +-1\.522 +-0\.393 +-0\.320 +-0\.091 +2\.256 +1344\.15/,
    /gauss-hermite 5 +-2\.494 +0\.193 +-0\.384 +-0\.122 +3\.088 +1259\.63/,
    /gauss-hermite 10 +-0\.988 +0\.465 +-0\.377 +-0\.148 +4\.531 +1254\.39/,
    /gauss-hermite 20 +-1\.540 +-0\.433 +-0\.403 +-0\.139 +3\.860 +1249\.61/,
    /gauss-hermite 50 +-1\.646 +-0\.095 +-0\.404 +-0\.163 +4\.036 +1247\.69/,
    /adaptive 3 +-2\.047 +-0\.162 +-0\.418 +-0\.165 +4\.507 +1259\.13/,
    /adaptive 5 +-1\.468 +-0\.086 +-0\.395 +-0\.157 +3\.700 +1257\.06/,
    /adaptive 10 +-1\.652 +-0\.117 +-0\.407 +-0\.162 +4\.075 +1248\.17/,
    /adaptive 20 +-1\.631 +-0\.115 +-0\.404 +-0\.161 +4\.013 +1247\.77/,
    /-2 logLik 1247\.814873/,
  ],
  'booth-hobert.ts': [/x1 +6\.13\d+ .* 6\.132163/, /sigma +1\.3\d+ .* 1\.329083/, /sigma\^2 1\.7\d/],
  'infection.ts': [/Odds ratio of cure 2\.093/, /\ngibbs .* agrees/, /\n2 +1\.868 +1\.850/],
  'meta-analysis.ts': [
    /exact, Wald +-1\.353 +0\.351/,
    /two-step +-0\.966 +0\.236/,
    /exact, Wald +-0\.476 +0\.238/,
    /exact, Wald +-3\.496 +0\.257/,
  ],
  'matched-pairs.ts': [
    /mixed model +-0\.556 +0\.135/,
    /conditional +-0\.556 +0\.135/,
    /They agree: n11 n00 = 452580/,
    /time +-0\.3816 +0\.0471/,
    /Not estimable within clusters: \(Intercept\), treatment/,
  ],
  'rasch.ts': [
    /\n3 +55% +-1\.236 \(0\.069\) +-1\.235 \(0\.069\) +-1\.629/,
    /Andersen's test .*3\.136 on 12 df/,
    /items are random and persons have a coefficient each/,
  ],
  'litters.ts': [
    /sigma +0\.236 \(0\.110\) +-/,
    /rho +- +0\.0124 \(0\.0114\)/,
    /mixed model +-53\.7574 +2\.359 +0\.0623/,
    /beta-binomial +-53\.7668 +2\.341/,
  ],
  'reports.ts': [
    /cbpp\.html: \d+ kB\n\S+toenail\.html/,
    /laplace: warning laplace-inaccurate\n +laplace: note approximate/,
    /quadrature\(adaptive, 10\): warning quadrature-inaccurate/,
    /lsat_long\.html: \d+ kB\n(?!.*disagrees)/s,
  ],
  'approval.ts': [
    /laplace +1\.1810 +-0\.4228 +3\.8065 +-1843\.76 +-92\.63/,
    /survey +-0\.55628800 +-0\.55628800/,
    /log-likelihood +-1751\.128098 +-1751\.128098/,
  ],
};

test('every example is checked here, and says first what it shows', (t) => {
  t.deepEqual(files.sort(), Object.keys(shown).sort());
  for (const file of files) t.regex(readFileSync(folder + file, 'utf8'), /^\/\/ [A-Z].{20,}\.\s/, file);
});

test('examples import the package by its name', (t) => {
  for (const file of files) {
    const text = readFileSync(folder + file, 'utf8');
    for (const [, from] of text.matchAll(/from '([^']+)'/g)) {
      t.true(
        from.startsWith('node:') || ['glmmc', 'glmmc/samplers'].includes(from),
        `${file} imports ${from}`,
      );
    }
  }
});

for (const [file, patterns] of Object.entries(shown)) {
  test.serial(`${file} prints its numbers`, async (t) => {
    const flags = ['--conditions=glmmc-source', '--import=tsx'];
    const scratch = mkdtempSync(join(tmpdir(), 'glmmc-example-'));
    const env = { ...process.env, TMPDIR: scratch };
    const { stdout, stderr } = await run(process.execPath, [...flags, folder + file], { env });
    rmSync(scratch, { recursive: true });
    t.is(stderr, '');
    for (const pattern of patterns) t.regex(stdout, pattern);
  });
}
