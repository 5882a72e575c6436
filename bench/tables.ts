// Results as Markdown tables, and the places between markers where docs/benchmarks.md keeps them.
import type {
  AgreementResults,
  FitResult,
  KernelResult,
  LikelihoodResults,
  Machine,
  MonteCarloPeers,
  MonteCarloResult,
  MonteCarloResults,
  PeerResults,
  PosteriorResults,
} from './results.js';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Three figures, never in scientific form. */
function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

const whole = (value: number): string => value.toLocaleString('en');

function measuredOn({ processor, cores, node, glmmc, date, load }: Machine): string {
  return `${date}, glmmc ${glmmc}, Node ${node}, ${cores} cores (${processor}), load average ${load} at the end.`;
}

function kernelTable(kernels: readonly KernelResult[], plain: number): string {
  const rules = [...new Set(kernels.map(({ rule }) => rule))];
  const kinds = [...new Set(kernels.map(({ derivatives }) => derivatives))];
  const cell = (rule: string, kind: string): string => {
    const found = kernels.find((kernel) => kernel.rule === rule && kernel.derivatives === kind);
    return found ? figure(found.nanosecondsPerRow) : '';
  };
  return table(
    ['rule', ...kinds],
    [
      ...rules.map((rule) => [rule, ...kinds.map((kind) => cell(rule, kind))]),
      ['15 nodes, plainly', figure(plain), ...kinds.slice(1).map(() => '')],
    ],
  );
}

function fitTable(fits: readonly FitResult[]): string {
  const mebibytes = (bytes: number): string => figure(bytes / 2 ** 20);
  return table(
    [
      ...['rows', 'clusters', 'coefficients', 'threads', 'first, ms', 'warm, ms', 'of it the model, ms'],
      ...['in plain evaluations', 'columns, MiB', 'peak above them, MiB', 'logLik', 'error'],
    ],
    fits.map((fit) => [
      ...[whole(fit.rows), whole(fit.clusters), String(fit.coefficients), String(fit.workers)],
      ...[fit.first, fit.warm, fit.model, fit.warm / fit.plain].map(figure),
      ...[fit.columnBytes, fit.memoryPeak - fit.memoryBefore].map(mebibytes),
      ...[fit.logLik.toFixed(6), fit.logLikError.toExponential(0)],
    ]),
  );
}

/** The tables of bench/likelihood.ts, by the name of their place. */
export function likelihoodTables(results: LikelihoodResults): Record<string, string> {
  const { kernels, plainNanosecondsPerRow, fits, wide, small } = results;
  return {
    machine: measuredOn(results.machine),
    kernels: kernelTable(kernels, plainNanosecondsPerRow),
    fits: fitTable(fits),
    wide: fitTable(wide),
    small: table(
      ['data', 'rows', 'clusters', 'first, ms', 'warm fit, ms', 'with the model, ms'],
      small.map(({ data, rows, clusters, first, fit, withModel }) => [
        ...[data, whole(rows), whole(clusters), figure(first), figure(fit), figure(withModel)],
      ]),
    ),
  };
}

/** The table of bench/peers.sh, with its machine and versions. */
export function peerTable({ machine, versions, results }: PeerResults): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const ours = (data: string) =>
    results.find((result) => result.data === data && result.program.startsWith('glmmc'))!;
  const rows = results.map(({ data, program, seconds, runs, sigma, logLik, certified }) => [
    ...[data, program, figure(seconds), String(runs), figure(seconds / ours(data).seconds)],
    ...[sigma.toFixed(5), logLik.toFixed(4), (certified - ours(data).certified).toExponential(1)],
  ]);
  const head = [
    'data',
    'program',
    'seconds',
    'runs',
    'times ours',
    'sigma',
    'its logLik',
    'certified - ours',
  ];
  return `${measuredOn(machine)} ${programs.join(', ')}.\n\n${table(head, rows)}`;
}

/** The table of bench/monte-carlo.ts, with what was measured of R's packages below our own of the same data. */
export function monteCarloTable({ machine, results }: MonteCarloResults, peers: MonteCarloPeers): string {
  const percent = (value: number | undefined): string =>
    value === undefined ? '' : value < 1e-5 ? 'below 0.001%' : `${figure(100 * value)}%`;
  const ours = ({ runs, landed, seconds, distance, ...one }: MonteCarloResult): string[] => {
    if (runs === 0)
      return [
        one.data,
        one.program,
        '',
        `above ${figure(seconds)}`,
        '',
        '',
        '',
        one.remark ? `stopped; ${one.remark}` : 'stopped',
      ];
    return [
      ...[one.data, one.program, `${landed} of ${runs}`, figure(seconds)],
      ...[
        one.draws === undefined ? '' : whole(one.draws),
        percent(one.stated),
        percent(distance),
        one.remark ?? '',
      ],
    ];
  };
  const theirs = ({ data, program, runs, seconds, distance, remark }: MonteCarloPeers['results'][number]) => [
    ...[data, program, `not told, ${runs}`, seconds, '', '', distance, remark],
  ];
  const names = [...new Set(results.map(({ data }) => data))];
  const rows = names.flatMap((name) => [
    ...results.filter(({ data }) => data === name).map(ours),
    ...peers.results.filter(({ data }) => data === name).map(theirs),
  ]);
  const head = [
    'data',
    'program',
    'landed',
    'seconds',
    'draws a cluster',
    'error it states',
    'off by, at most',
  ];
  return `${measuredOn(machine)}\n\n${table([...head, 'remark'], rows)}\n\nR's: ${peers.source}`;
}

/** The table of bench/posterior.ts and bench/posterior-peers.sh. */
export function posteriorTable({ machine, versions, results }: PosteriorResults): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const yardstick = (data: string): number =>
    results.find((result) => result.data === data && result.program === 'rstanarm')?.perSecond ?? Number.NaN;
  const rows = results.map(({ data, program, draws, ess, variable, perSecond, perSecondInAll }) => [
    ...[
      data,
      program,
      whole(draws),
      whole(Math.round(ess)),
      variable,
      figure(perSecond),
      figure(perSecondInAll),
    ],
    Number.isNaN(yardstick(data)) ? '' : figure(perSecond / yardstick(data)),
  ]);
  const head = [
    'data',
    'program',
    'draws',
    'smallest bulk ESS',
    'of',
    'a second of sampling',
    'a second in all',
    'times rstanarm',
  ];
  return `${measuredOn(machine)}${programs.length > 0 ? ` ${programs.join(', ')}.` : ''}\n\n${table(head, rows)}`;
}

/** The table of bench/agreement.ts. */
export function agreementTable({ machine, results }: AgreementResults): string {
  const rows = results.map(({ data, program, draws, ess, distance, of, seconds }) => [
    ...[data, program, whole(draws), whole(Math.round(ess)), distance.toFixed(1), of, figure(seconds)],
  ]);
  const head = ['data', 'sampler', 'draws', 'smallest bulk ESS', 'largest distance', 'of', 'seconds'];
  return `${measuredOn(machine)}\n\n${table(head, rows)}`;
}

/** The page with each table put between `<!-- begin NAME -->` and `<!-- end NAME -->`; places without one stay. */
export function fillTables(page: string, tables: Readonly<Record<string, string>>): string {
  return page.replace(/<!-- begin (\w+) -->[\s\S]*?<!-- end \1 -->/g, (place: string, name: string) =>
    Object.hasOwn(tables, name) ? `<!-- begin ${name} -->\n${tables[name]}\n<!-- end ${name} -->` : place,
  );
}
