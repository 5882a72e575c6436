// Draws to and from Stan's CSV, the exchange format of CmdStan, cmdstanr and ArviZ.
import { type Draws, makeDraws, requireDraws } from '../../samplers/draws.js';
import { GlmmcError } from '../../samplers/errors.js';
import { describe } from '../../samplers/options.js';

/** The comment under which the exact names travel: the header may hold neither commas nor free points. */
const NAMES = '# glmmc variables: ';

/**
 * One text per chain, read by cmdstanr's `read_cmdstan_csv` and ArviZ's `from_cmdstan`: comments with the settings they
 * ask for, a header with `lp__` first, a line per draw with every digit. `eps[label]` become `eps.1`, `eps.2`, ..., as
 * Stan writes vectors; points and commas in other names become `_`. The names as they were, in the order they had, stand in
 * a comment, from which `fromStanCsv` restores both. How long the warm-up was is not written: draws do not know it.
 * @throws GlmmcError `bad-draws`
 */
export function toStanCsv(draws: Draws): string[] {
  requireDraws('toStanCsv()', draws);
  const variables = densityFirst(draws.variables);
  const header = stanNames(variables).join(',');
  return Array.from({ length: draws.chains }, (_, c) => {
    const columns = variables.map((variable) => draws.chain(variable, c));
    const lines = [
      '# model = glmmc',
      '# method = sample',
      `# num_samples = ${draws.iterations}`,
      '# save_warmup = 0',
      '# thin = 1',
      '# algorithm = mcmc',
      `# id = ${c + 1}`,
      `${NAMES}${JSON.stringify(draws.variables)}`,
      header,
    ];
    for (let t = 0; t < draws.iterations; t++) {
      lines.push(columns.map((column) => stanNumber(column[t])).join(','));
    }
    return `${lines.join('\n')}\n`;
  });
}

/**
 * Draws from Stan CSV, one text per chain, of any program that writes it: CmdStan, cmdstanr, rstan, PyStan. Saved warm-up is
 * left out (the rows before "Adaptation terminated", or as many as `num_warmup` and `thin` say where nothing adapted), other
 * comments are passed over, and `theta.1.2` is named `theta[1,2]` as Stan's users know it.
 * @throws GlmmcError `bad-stan-csv` for a text without header or draws, a line of another length or with something
 * that is no number, or chains that differ in variables or length
 */
export function fromStanCsv(texts: readonly string[]): Draws {
  const list = Array.isArray(texts);
  const stray = list && texts.find((text) => typeof text !== 'string');
  if (!list || stray !== undefined) {
    const alone = typeof texts === 'string' ? 'one text; put it in [ ]' : describe(texts);
    throw refuse(
      `expected a list of texts, one per chain, found ${list ? `${describe(stray)} in it` : alone}`,
    );
  }
  return readStanCsv(texts);
}

/** The same for texts that have names, as files do: errors tell which one they are about. */
export function readStanCsv(texts: readonly string[], files?: readonly string[]): Draws {
  const name = (c: number): string => (files ? `'${files[c]}'` : `chain ${c + 1}`);
  if (texts.length === 0) throw refuse('expected at least one text, one per chain, found none');
  const chains = texts.map((text, c) => readChain(text, texts.length === 1 && !files ? '' : `${name(c)}: `));
  const [first] = chains;
  chains.forEach((chain, c) => {
    const { variables, rows } = chain;
    if (variables.join() !== first.variables.join()) {
      throw refuse(`the chains must have the same variables; ${name(c)} differs from ${name(0)}`);
    }
    if (rows.length !== first.rows.length) {
      throw refuse(
        `the chains must have equal lengths; ${name(0)} has ${first.rows.length} draws, ${name(c)} has ${rows.length}: is one still being written?`,
      );
    }
  });
  const iterations = first.rows.length;
  const storage = chains.map(({ rows }) => {
    const block = new Float64Array(first.variables.length * iterations);
    rows.forEach((row, t) => {
      first.columns.forEach((column, v) => {
        block[v * iterations + t] = row[column];
      });
    });
    return block;
  });
  return makeDraws(first.variables, chains.length, iterations, storage);
}

/** `lp__` before the others, as Stan has it. */
function densityFirst(variables: readonly string[]): string[] {
  return [...variables].sort((a, b) => Number(b === 'lp__') - Number(a === 'lp__'));
}

/** Names that Stan's readers take: distinct, no comma, points only before indices. */
function stanNames(variables: readonly string[]): string[] {
  const taken = new Set<string>();
  let intercepts = 0;
  return variables.map((name) => {
    const plain = name.startsWith('eps[') ? `eps.${++intercepts}` : name.replace(/[.,"\s]+/g, '_');
    let distinct = plain;
    for (let k = 2; taken.has(distinct); k++) distinct = `${plain}_${k}`;
    taken.add(distinct);
    return distinct;
  });
}

function stanNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

interface Chain {
  readonly variables: readonly string[];
  /** Where each variable stands in a row. */
  readonly columns: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

function readChain(text: string, where: string): Chain {
  let header: string[] | undefined;
  let variables: string[] | undefined;
  let exact: string[] | undefined;
  let rows: number[][] = [];
  let adapted = false;
  const settings = new Map<string, string>();
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.startsWith('#')) {
      const setting = SETTING.exec(line);
      if (setting) settings.set(setting[1], setting[2]);
      if (line.startsWith(NAMES)) exact = parseNames(line.slice(NAMES.length));
      // With save_warmup Stan writes the warm-up before this comment.
      else if (line.includes('Adaptation terminated')) {
        rows = [];
        adapted = true;
      }
    } else if (line.trim() !== '') {
      const fields = line.split(',').map((field) => field.trim());
      if (!variables) {
        header = fields.map(unquoted);
        variables = header.map(bracketed);
      } else {
        if (fields.length !== variables.length) {
          throw refuse(
            `${where}line ${index + 1} should have ${variables.length} numbers, found ${fields.length}; was the file cut off?`,
          );
        }
        rows.push(fields.map((field, v) => numberOf(field, `${where}line ${index + 1}, ${variables![v]}`)));
      }
    }
  });
  if (!adapted) rows = rows.slice(savedWarmup(settings));
  if (!header || !variables || rows.length === 0) {
    throw refuse(
      `${where}expected a header line and draws, found ${variables ? 'a header alone' : 'neither'}; give the CSV that Stan or 'glmmc sample' wrote`,
    );
  }
  const restored = exact && columnsOf(exact, header);
  return restored
    ? { variables: exact!, columns: restored, rows }
    : { variables, columns: variables.map((_, v) => v), rows };
}

/** `# thin = 1 (Default)` of CmdStan, `# thin=1` of rstan. */
const SETTING = /^#\s*(num_warmup|warmup|save_warmup|thin)\s*=\s*(\w+)/;

/** Rows of warm-up in a file without the comment that ends them. */
function savedWarmup(settings: ReadonlyMap<string, string>): number {
  if (!['1', 'true'].includes(settings.get('save_warmup') ?? '')) return 0;
  const warmup = Number(settings.get('num_warmup') ?? settings.get('warmup') ?? 0);
  return Math.ceil(warmup / Number(settings.get('thin') ?? 1));
}

/** The columns that `toStanCsv` made of the variables; undefined where the header is another one. */
function columnsOf(variables: readonly string[], header: readonly string[]): number[] | undefined {
  const ordered = densityFirst(variables);
  const written = stanNames(ordered);
  const columns = variables.map((variable) => header.indexOf(written[ordered.indexOf(variable)]));
  return variables.length === header.length && !columns.includes(-1) ? columns : undefined;
}

function parseNames(json: string): string[] | undefined {
  try {
    const names: unknown = JSON.parse(json);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  } catch {
    // A comment that somebody edited: the header's own names will do.
  }
  return undefined;
}

/** `theta.1.2` as `theta[1,2]`; a complex number has the parts `z[1,real]` and `z[1,imag]`. */
function bracketed(name: string): string {
  const match = /^([^.]+)\.((?:\d+|real|imag)(?:\.(?:\d+|real|imag))*)$/.exec(name);
  return match ? `${match[1]}[${match[2].replaceAll('.', ',')}]` : name;
}

function unquoted(name: string): string {
  return name.replace(/^"(.*)"$/, '$1');
}

function numberOf(field: string, where: string): number {
  const special: Record<string, number> = {
    nan: Number.NaN,
    '-nan': Number.NaN,
    inf: Number.POSITIVE_INFINITY,
    '+inf': Number.POSITIVE_INFINITY,
    '-inf': Number.NEGATIVE_INFINITY,
    na: Number.NaN,
  };
  const value = special[field.toLowerCase()] ?? Number(field);
  if (field === '' || (Number.isNaN(value) && !(field.toLowerCase() in special))) {
    throw refuse(`${where}: expected a number, found '${field}'`);
  }
  return value;
}

function refuse(message: string): GlmmcError {
  return new GlmmcError('bad-stan-csv', `Stan CSV: ${message}`);
}
