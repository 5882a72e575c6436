// The TypeScript of pages taken out and run as it stands.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Tests of every example of the pages. @param pages what each page's examples print, in their order */
export function runPages(pages: Readonly<Record<string, readonly RegExp[]>>): void {
  for (const [page, prints] of Object.entries(pages)) {
    const text = readFileSync(`${root}/${page}`, 'utf8');
    const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);

    test(`${page} has its examples`, (t) => {
      t.is(blocks.length, prints.length);
    });

    for (const [k, code] of blocks.entries()) runs(`${page} example ${k + 1}`, code, prints[k]);
  }
}

function runs(name: string, code: string, prints: RegExp): void {
  test(name, async (t) => {
    // Inside the project, so that the package finds itself by name.
    await mkdir(`${root}/dist`, { recursive: true });
    const folder = await mkdtemp(`${root}/dist/readme-`);
    try {
      const file = `${folder}/example.mts`;
      await writeFile(file, code);
      const options = ['--conditions=glmmc-source', '--import=tsx', file];
      const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: root });
      t.regex(stdout, prints);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
