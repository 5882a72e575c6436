// Puts the page together: two scripts, the page itself, the shipped data.
import { cp, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Builds into `folder` (`dist` beside this file) and returns it. */
export async function buildPlayground(folder: string = `${here}dist`): Promise<string> {
  await mkdir(`${folder}/data`, { recursive: true });
  await build({
    entryPoints: [`${here}main.ts`, `${here}worker.ts`],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    conditions: ['glmmc-source'],
    logLevel: 'warning',
  });
  await cp(`${here}index.html`, `${folder}/index.html`);
  await cp(`${here}style.css`, `${folder}/style.css`);
  await cp(fileURLToPath(new URL('../data', import.meta.url)), `${folder}/data`, {
    recursive: true,
    filter: (path) => !path.endsWith('.md'),
  });
  return folder;
}
