// The TypeScript of pages, and the commands of glmmc, taken out and run as they stand on the built package.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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

/** Every page of the documentation, by its path from the root. */
export function allPages(): string[] {
  const inDocs = readdirSync(`${root}/docs`, { recursive: true, encoding: 'utf8' })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .filter(
      (name) => name.endsWith('.md') && !name.includes('node_modules') && !name.startsWith('docs/api/'),
    );
  return ['README.md', ...inDocs.sort()];
}

/** Whether a page has a block of TypeScript. */
export function hasExamples(page: string): boolean {
  return readFileSync(`${root}/${page}`, 'utf8').includes('```ts\n');
}

/** Tests that the blocks of commands of glmmc on every page end with exit code 0, each block in a folder of its own. */
export function runCommandLines(): void {
  for (const page of allPages()) {
    const text = readFileSync(`${root}/${page}`, 'utf8');
    const blocks = [...text.matchAll(/```sh\n(npx glmmc [\s\S]*?)```/g)].map(([, code]) => code);
    for (const [k, code] of blocks.entries()) runsCommands(`${page} commands ${k + 1}`, code);
  }
}

function runsCommands(name: string, code: string): void {
  test(name, async (t) => {
    await inFolder(async (folder) => {
      await symlink(`${root}/examples`, `${folder}/examples`);
      const glmmc = `'${process.execPath}' '${root}/dist/cli.js'`;
      const script = `npx() { shift; ${glmmc} "$@"; }\n${code}`;
      await t.notThrowsAsync(promisify(execFile)('bash', ['-euc', script], { cwd: folder }));
    });
  });
}

/** Inside the project, so that the package finds itself by name. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(`${root}/dist`, { recursive: true });
  const folder = await mkdtemp(`${root}/dist/readme-`);
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function runs(name: string, code: string, prints: RegExp): void {
  test(name, async (t) => {
    await inFolder(async (folder) => {
      const file = `${folder}/example.mts`;
      await writeFile(file, code);
      const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', file], { cwd: root });
      t.regex(stdout, prints);
    });
  });
}
