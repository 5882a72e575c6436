// The README's TypeScript runs as it stands.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(`${root}/README.md`, 'utf8');
const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);

test('the README has its examples', (t) => {
  t.is(blocks.length, 2);
});

blocks.forEach((code, k) => {
  test(`README example ${k + 1}`, async (t) => {
    // Inside the project, so that the package finds itself by name.
    await mkdir(`${root}/dist`, { recursive: true });
    const folder = await mkdtemp(`${root}/dist/readme-`);
    try {
      const file = `${folder}/example.mts`;
      await writeFile(file, code);
      const options = ['--conditions=glmmc-source', '--import=tsx', file];
      const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: root });
      t.regex(stdout, k === 0 ? /agrees/ : /rhat/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
