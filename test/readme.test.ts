// The TypeScript of the README runs as it stands (that of docs/ in slow/docs.test.ts), and tables are those of the sources.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { findingSites, sourceTexts } from './finding-codes.js';
import { runPages } from './page-examples.js';

runPages({ 'README.md': [/agrees/, /rhat/] });

const page = readFileSync(new URL('../docs/reading-the-output.md', import.meta.url), 'utf8');
const sources = sourceTexts();

test('docs/reading-the-output.md has every finding with its severities, and no other', (t) => {
  const [, table] = /\n## Findings\n([\s\S]*?)\n## /.exec(page)!;
  const rows = [...table.matchAll(/^\| `([a-z-]+)` \| ([a-z, ]+) \| .{5,} \| .{5,} \|$/gm)];
  const told = new Map(rows.map(([, code, severities]) => [code, severities.split(', ')]));
  t.is(told.size, rows.length, 'a code stands there twice');

  const sites = findingSites(sources);
  for (const { file, codes, severities } of sites) {
    t.true(codes.length > 0, `${file}: write the code of a finding out where it is made`);
    for (const code of codes) {
      t.true(told.has(code), `${code} of ${file} is not in the table`);
      for (const severity of severities) {
        t.true(told.get(code)?.includes(severity), `${code} of ${file} can be a ${severity}`);
      }
    }
  }
  const made = new Set(sites.flatMap(({ codes }) => codes));
  t.deepEqual(
    [...told.keys()].filter((code) => !made.has(code)),
    [],
  );
});

test('the errors that docs/reading-the-output.md names are thrown somewhere', (t) => {
  const [, table] = /\n## Errors\n([\s\S]*)$/.exec(page)!;
  const codes = [...table.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].flatMap(([, cell]) =>
    cell.split(', ').map((code) => code.slice(1, -1)),
  );
  t.true(codes.length > 30);
  const text = [...sources.values()].join('\n');
  t.deepEqual(
    codes.filter((code) => !new RegExp(`(?:Error|refuse)\\([^)]*?'${code}'`).test(text)),
    [],
  );
});
