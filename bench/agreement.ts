// Every posterior sampler against exact posteriors, at the length where the smallest bulk ESS is 4000: the largest distance
// of means, standard deviations and 5%, 50% and 95% quantiles, in combined errors.
//   npm run bench:agreement -- --data seeds,lsat --samplers collapsed,gibbs
// albertChib() is held against the quadrature posterior of the model with the probit link, the others against the reference
// posteriors of test/data/reference. Results go to bench/results/agreement.json, where those of the same data and program
// are replaced.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  albertChib,
  binomial,
  collapsed,
  type Draws,
  essBulk,
  fit,
  gibbs,
  glmm,
  type Model,
  mcseMean,
  mcseQuantile,
  mcseSd,
  nuts,
  type PosteriorFit,
  polyaGamma,
  quadraturePosterior,
  readCsv,
  type Strategy,
} from 'glmmc';
import { chainsOf } from './chains-of.js';
import {
  type AgreementResult,
  type AgreementResults,
  machine,
  readResults,
  root,
  writeResults,
} from './results.js';

/** File of examples/data; the formula is that of the reference file. */
const DATA: Readonly<Record<string, string>> = {
  booth_hobert: 'booth_hobert',
  infection: 'infection',
  seeds: 'seeds',
  cbpp: 'cbpp',
  lsat: 'lsat_long',
  toenail: 'toenail',
  approval: 'approval',
};
const SAMPLERS: Readonly<Record<string, (length: { readonly draws: number }) => Strategy<PosteriorFit>>> = {
  collapsed,
  gibbs,
  polyaGamma,
  nuts,
  albertChib,
};
const CHAINS = 4;
const FIRST_DRAWS = 1000;
const LEAST_ESS = 4000;
/** Draws beyond those that the last run's ESS asks for. */
const MARGIN = 1.15;

interface Exact {
  readonly mean: number;
  readonly sd: number;
  readonly q5: number;
  readonly q50: number;
  readonly q95: number;
  readonly meanError: number;
  readonly sdError: number;
  /** Errors of the three quantiles in errors of the mean. */
  readonly quantileErrors: readonly number[];
}

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: Object.keys(DATA).join() },
    samplers: { type: 'string', default: Object.keys(SAMPLERS).join() },
  },
});
for (const data of options.data.split(',')) {
  for (const sampler of options.samplers.split(',')) {
    const result = await measure(data, sampler);
    keep(result);
    console.log(JSON.stringify(result));
  }
}

async function measure(data: string, sampler: string): Promise<AgreementResult> {
  const { formula, posterior } = JSON.parse(
    readFileSync(new URL(`test/data/reference/${data}.json`, root), 'utf8'),
  );
  const table = await readCsv(fileURLToPath(new URL(`examples/data/${DATA[data]}.csv`, root)));
  const link = sampler === 'albertChib' ? 'probit' : 'logit';
  const model = glmm(formula, table, { family: binomial(link) });
  const exact =
    link === 'probit' ? await exactByQuadrature(model) : posterior.parameters.map(exactOfReference);
  for (let draws = FIRST_DRAWS; ; ) {
    const before = process.cpuUsage();
    const found = await fit(model, SAMPLERS[sampler]({ draws }), { seed: 1 });
    const { user, system } = process.cpuUsage(before);
    const names = found.estimates.map(({ name }) => name);
    const ess = Math.min(...names.map((name) => essBulk(chainsOf(found.draws, name))));
    if (ess >= LEAST_ESS) {
      const distances = names.flatMap((name, k) => distancesOf(found.draws, name, exact[k]));
      const [distance, of] = distances.reduce((worst, one) => (one[0] > worst[0] ? one : worst));
      const seconds = (user + system) / 1e6;
      return { data, program: sampler, draws: CHAINS * draws, ess, distance, of, seconds };
    }
    draws = Math.ceil((MARGIN * draws * LEAST_ESS) / ess);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what a JSON file holds
function exactOfReference(row: any): Exact {
  // The half of the error of the mean is near enough where the file has none; quantiles as those of a normal have them.
  const { mcseMean, mcseSd = mcseMean } = row;
  return {
    ...row,
    meanError: mcseMean,
    sdError: mcseSd,
    quantileErrors: [2.11, 1.25, 2.11].map((spread) => spread * mcseMean),
  };
}

async function exactByQuadrature(model: Model): Promise<readonly Exact[]> {
  return (await quadraturePosterior(model)).parameters;
}

function distancesOf(draws: Draws, name: string, exact: Exact): [distance: number, of: string][] {
  const chains = chainsOf(draws, name);
  const all = Float64Array.from(chains.flatMap((chain) => Array.from(chain))).sort();
  const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
  const sd = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (all.length - 1));
  const quantiles = [0.05, 0.5, 0.95].map((p, k): [number, string] => {
    const error = Math.hypot(mcseQuantile(chains, p), exact.quantileErrors[k]);
    const value = all[Math.min(all.length - 1, Math.floor(p * all.length))];
    return [(value - [exact.q5, exact.q50, exact.q95][k]) / error, `${100 * p}% of ${name}`];
  });
  const moments: [number, string][] = [
    [(mean - exact.mean) / Math.hypot(mcseMean(chains), exact.meanError), `mean of ${name}`],
    [(sd - exact.sd) / Math.hypot(mcseSd(chains), exact.sdError), `sd of ${name}`],
  ];
  return [...moments, ...quantiles].map(([z, of]) => [Math.abs(z), of]);
}

/** Puts a result in the place of that of the same data and program. */
function keep(found: AgreementResult): void {
  const before = readResults<AgreementResults>('agreement')?.results ?? [];
  const others = before.filter(({ data, program }) => data !== found.data || program !== found.program);
  const order = ({ data, program }: AgreementResult): number =>
    Object.keys(DATA).indexOf(data) * 10 + Object.keys(SAMPLERS).indexOf(program);
  const results = [...others, found].sort((a, b) => order(a) - order(b));
  writeResults('agreement', { machine: machine(), results });
}
