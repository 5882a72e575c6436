// The import order of the rooms, and what no room may contain, read from the sources with a parser.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { parseSync } from 'oxc-parser';

const root = fileURLToPath(new URL('..', import.meta.url));

/** From left to right; a room may import itself and what stands to its left. */
const rooms = [
  'samplers',
  'src/numeric',
  'src/data',
  'src/model',
  'src/likelihood',
  'src/estimate',
  'src/inspect',
  'src/compare',
  'src/special',
  'src/report',
  'src',
];

/** The command line is for Node; the rest must load in a browser. */
const nodeOnly = (file: string): boolean => file === 'src/cli.ts' || file.startsWith('src/cli/');
/** Loaded by their paths, in threads of their own. */
const workers: readonly string[] = [
  'src/likelihood/parallel/worker.ts',
  'src/estimate/chains/worker.ts',
  'src/inspect/bootstrap/worker.ts',
  'src/compare/calibrate/worker.ts',
];

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

interface Source {
  readonly file: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const sources: readonly Source[] = ['samplers', 'src'].flatMap(filesIn).map(read);

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
}

function read(file: string): Source {
  const text = readFileSync(join(root, file), 'utf8');
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const statics = module.staticImports.map(({ moduleRequest, entries }) => ({
    from: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
    dynamic: false,
  }));
  const reexports = module.staticExports
    .flatMap(({ entries }) => entries)
    .flatMap(({ moduleRequest, isType }) =>
      moduleRequest ? [{ from: moduleRequest.value, typeOnly: isType, dynamic: false }] : [],
    );
  const dynamics = module.dynamicImports
    .map(({ moduleRequest }) => text.slice(moduleRequest.start, moduleRequest.end))
    // A computed name is a package that need not be there.
    .filter((request) => /^['"`]/.test(request))
    .map((request) => ({ from: request.slice(1, -1), typeOnly: false, dynamic: true }));
  return { file, text, imports: [...statics, ...reexports, ...dynamics] };
}

/** Its place among the rooms, -1 where it stands in none. */
function roomOf(file: string): number {
  if (nodeOnly(file)) return rooms.indexOf('src');
  const folder = dirname(file);
  return rooms.findIndex((room) => folder === room || (room !== 'src' && folder.startsWith(`${room}/`)));
}

/** The file that a relative import names. */
function target(file: string, from: string): string {
  return relative(root, join(root, dirname(file), from))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts');
}

test('the parser sees the imports', (t) => {
  const fit = sources.find(({ file }) => file === 'src/estimate/fit.ts')!;
  t.true(fit.imports.some(({ from, typeOnly }) => from === './maximum-likelihood.js' && typeOnly));
  t.true(fit.imports.some(({ from, typeOnly }) => from === 'valibot' && !typeOnly));
  const files = sources.find(({ file }) => file === 'src/data/files.ts')!;
  t.true(files.imports.some(({ from }) => from === '../numeric/builtin.js'));
  const index = sources.find(({ file }) => file === 'src/index.ts')!;
  t.true(index.imports.some(({ from }) => from === './estimate/fit.js'));
});

test('every file stands in a known room, and imports point to existing files', (t) => {
  const files = new Set(sources.map(({ file }) => file));
  for (const { file, imports } of sources) {
    t.true(roomOf(file) >= 0, `${file} stands in no room of docs/architecture.md`);
    for (const { from } of imports) {
      if (from.startsWith('.')) t.true(files.has(target(file, from)), `${file} imports ${from}`);
    }
  }
});

test('imports point to the left', (t) => {
  for (const { file, imports } of sources) {
    for (const { from } of imports) {
      if (!from.startsWith('.')) continue;
      const to = target(file, from);
      t.true(roomOf(to) <= roomOf(file), `${file} may not import ${to}`);
    }
  }
});

test('samplers import nothing from src', (t) => {
  for (const { file, imports } of sources) {
    if (!file.startsWith('samplers/')) continue;
    for (const { from } of imports) t.false(target(file, from).startsWith('src/'), `${file} imports ${from}`);
  }
});

test('nothing imports the command line', (t) => {
  for (const { file, imports } of sources) {
    if (nodeOnly(file)) continue;
    for (const { from } of imports) t.false(nodeOnly(target(file, from)), `${file} imports ${from}`);
  }
});

test('no import of a built-in module of Node, the command line and worker threads apart', (t) => {
  for (const { file, imports } of sources) {
    if (nodeOnly(file) || workers.includes(file)) continue;
    for (const { from, typeOnly } of imports) {
      // Bundlers refuse dynamic ones too.
      t.false(
        from.startsWith('node:') && !typeOnly,
        `${file} imports ${from}: builtin() of numeric/builtin.ts`,
      );
    }
  }
});

test('no function whose last bits depend on the engine', (t) => {
  for (const { file, text } of sources) {
    const code = text.replaceAll(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    t.false(
      /Math\s*\.\s*(pow|tanh)\s*\(/.test(code),
      `${file} calls Math.pow or Math.tanh: samplers/power.ts`,
    );
    // Squares, and powers of 2 and 10 by whole numbers, are exact.
    for (const [line] of code.matchAll(/^.*[^'*]\*\*[^'*].*$/gm)) {
      t.regex(line, /\*\* 2\b(?!\.)|\b(2|10) \*\* /, `${file}: ${line.trim()}: power() of samplers/power.ts`);
    }
  }
});

test('Vega is loaded when a plot is drawn, not with the package', (t) => {
  for (const { file, imports } of sources) {
    for (const { from, dynamic, typeOnly } of imports) {
      if (!from.startsWith('vega')) continue;
      t.is(file, 'src/report/to-svg.ts');
      t.true(dynamic || typeOnly, `${file} imports ${from}`);
    }
  }
});

test('packages that are imported are dependencies', (t) => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const known = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  for (const { file, imports } of sources) {
    for (const { from } of imports) {
      if (from.startsWith('.') || from.startsWith('node:')) continue;
      const name = (from.startsWith('#') ? (manifest.imports[from]['glmmc-source'] as string) : from)
        .split('/')
        .slice(0, from.startsWith('@') ? 2 : 1)
        .join('/');
      t.true(known.includes(name), `${file} imports ${name}, which package.json does not name`);
    }
  }
});

test('random numbers come from streams: no Math.random, no clock as a seed', (t) => {
  for (const { file, text } of sources) {
    t.false(/Math\s*\.\s*random\s*\(/.test(text), `${file} calls Math.random`);
    if (file.startsWith('samplers/')) t.false(/Date\.now\s*\(/.test(text), `${file} reads the clock`);
  }
});

test('no import goes round in a circle', (t) => {
  const graph = new Map(
    sources.map(({ file, imports }) => [
      file,
      imports
        .filter(({ from, typeOnly }) => from.startsWith('.') && !typeOnly)
        .map(({ from }) => target(file, from)),
    ]),
  );
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) t.fail(`a circle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    else if (!done.has(file)) {
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    }
  };
  for (const file of graph.keys()) visit(file, []);
  t.pass();
});

test('a file opens by saying what it is for, and holds one idea', (t) => {
  for (const { file, text } of sources) {
    const first = text.startsWith('#!') ? text.split('\n')[1] : text.split('\n')[0];
    t.regex(first, /^\/\/ \S/, `${file} should open with a line that says what it is for`);
    t.true(text.split('\n').length <= 400, `${file} is longer than 400 lines`);
  }
});
