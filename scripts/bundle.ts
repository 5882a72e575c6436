// The package's JavaScript: a few files in the place of 400, so that importing it takes a sixth of the time.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}dist`;

/** Threads' own files stand beside all others: src/estimate/chains/worker.ts becomes worker-estimate-chains.js. */
const workers: readonly string[] = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((name) => /(^|[\\/])worker\.ts$/.test(name))
  .map((name) => `src/${name.replaceAll('\\', '/')}`);

function workerName(folder: string): string {
  return `worker-${relative('src', folder).replaceAll(/[\\/]/g, '-')}`;
}

/** A source names the worker beside it; in the package all files are in one folder. */
const workersBeside: Plugin = {
  name: 'workers beside',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const name = workerName(relative(root, dirname(path)));
      const text = readFileSync(path, 'utf8');
      return {
        loader: 'ts',
        contents: text.replace("new URL('./worker.js'", `new URL('./${name}.js'`),
      };
    });
  },
};

/**
 * Of the five WebAssembly modules of cephes the functions of samplers/special.ts are in two: half of its size. Their text is read by
 * what every engine has built in, in the place of a Buffer written in JavaScript: a tenth of an import's time.
 */
const CEPHES: readonly (readonly [RegExp, string])[] = [
  [/var wasmMap = \{[^}]*\};/, 'var wasmMap = { cprob, misc };'],
  [/Buffer\.from\(buffer, "base64"\)/, 'bytesOf(atob(buffer))'],
];
const BYTES_OF = `
function bytesOf(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
`;

const halfOfCephes: Plugin = {
  name: 'half of cephes',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]cephes[\\/]index\.mjs$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const [found, replacement] of CEPHES) {
        if (!found.test(contents)) throw new Error('cephes is not what it was: see scripts/bundle.ts');
        contents = contents.replace(found, replacement);
      }
      return { loader: 'js', contents: contents + BYTES_OF };
    });
  },
};

/** The licences of what is bundled ask to go with it. */
function licences(inputs: readonly string[]): string {
  const names = new Set(
    inputs.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
  );
  const texts = [...names].sort().map((name) => {
    const folder = `${root}node_modules/${name}`;
    const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    // Some have it at the end of the README.
    const text = file
      ? readFileSync(`${folder}/${file}`, 'utf8')
      : (/^#*\s*licen[cs]e[\s\S]*/im.exec(readFileSync(`${folder}/README.md`, 'utf8'))?.[0] ?? '');
    if (!/permission|redistribution/i.test(text)) throw new Error(`no licence of ${name} found`);
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  const head = 'Parts of other packages are in these files, under their licences.\n';
  return [head, ...texts].join(`\n${'-'.repeat(80)}\n\n`);
}

const { peerDependencies = {} } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'src/index.ts', out: 'index' },
    { in: 'samplers/index.ts', out: 'samplers' },
    { in: 'src/cli.ts', out: 'cli' },
    // For Node: one file of its ten.
    { in: 'node_modules/csv-parse/lib/sync.js', out: 'csv-parse' },
    ...workers.map((file) => ({ in: file, out: workerName(dirname(file)) })),
  ],
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  // For browsers and Node alike: what differs is left to "imports" of package.json.
  platform: 'browser',
  target: 'es2022',
  chunkNames: 'part-[hash]',
  // Peers need not be there; they are imported where they are asked for.
  // Vega, only when the first plot is drawn.
  external: [
    '#csv-parse',
    'commander',
    'vega',
    'vega-interpreter',
    'vega-lite',
    'node:*',
    'glmmc/package.json',
    ...Object.keys(peerDependencies),
  ],
  plugins: [workersBeside, halfOfCephes],
  // Names stay, for stack traces; comments go, which are a third of what an import has to read. No source maps: they would be
  // twice the package, and the sources are not in it.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(`${out}/THIRD-PARTY-LICENSES.txt`, licences(Object.keys(metafile.inputs)));
