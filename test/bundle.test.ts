// What browsers load: no built-in module of Node, and not too much.
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import test from 'ava';
import { build, type Metafile } from 'esbuild';

const { peerDependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Bundles a module for browsers as anybody would, nothing left out but peers that need not be there. */
async function bundle(contents: string): Promise<Metafile> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: '.', sourcefile: 'entry.ts' },
    outdir: 'nowhere',
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: Object.keys(peerDependencies),
    conditions: ['glmmc-source'],
    metafile: true,
    logLevel: 'silent',
  });
  return metafile;
}

/** Bytes by package, '' for our own, of what is loaded before the first call. */
function loaded({ outputs }: Metafile): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const { imports, inputs } = outputs[file];
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const owner = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? '';
      bytes.set(owner, (bytes.get(owner) ?? 0) + bytesInOutput);
    }
    for (const { path, kind } of imports) if (kind === 'import-statement' && path in outputs) visit(path);
  };
  visit(Object.keys(outputs).find((file) => outputs[file].entryPoint === 'entry.ts')!);
  return bytes;
}

for (const entry of ['src/index.js', 'samplers/index.js']) {
  test(`${entry} is bundled for browsers without a built-in module of Node`, async (t) => {
    const { inputs, outputs } = await bundle(`export * from './${entry}';`);
    for (const [file, { imports }] of Object.entries({ ...inputs, ...outputs })) {
      for (const { path, external } of imports) {
        t.false(external === true && isBuiltin(path), `${file} imports ${path}`);
      }
    }
  });
}

test('a static import of a built-in module would be found', async (t) => {
  await t.throwsAsync(bundle("import { readFileSync } from 'node:fs'; console.log(readFileSync);"), {
    message: /node:fs/,
  });
});

test('the core is below 200 kB of our own', async (t) => {
  const core = await bundle(
    "export { binomial, fit, glmm, normal, parseCsv, quadrature } from './src/index.js';",
  );
  const bytes = loaded(core);
  t.log(Object.fromEntries(bytes));
  t.true((bytes.get('') ?? Number.NaN) < 200_000, `${bytes.get('')} bytes`);
  // The libraries, whatever of them is used.
  const libraries = [...bytes].reduce((sum, [name, size]) => sum + (name === '' ? 0 : size), 0);
  t.true(libraries < 400_000, `${libraries} bytes of libraries`);
});
