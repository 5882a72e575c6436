// sbc(): exact samplers pass on the user's own design, broken ones fail, each with its verdict.
import test from 'ava';
import { CountLaw } from '../samplers/diagnostics/ecdf-bands.js';
import { rng } from '../samplers/rng.js';
import { judgeRanks } from '../src/compare/sbc/verdict.js';
import { sbc } from '../src/compare/sbc.js';
import type { PosteriorFit, Strategy } from '../src/estimate/fit.js';
import { gibbs } from '../src/estimate/gibbs.js';
import { polyaGamma } from '../src/estimate/polya-gamma.js';
import { drawFromPriors } from '../src/estimate/prior-draws.js';
import { halfNormal, normalPrior, type Priors, uniformPrior } from '../src/estimate/priors.js';
import { quadrature } from '../src/estimate/quadrature.js';
import { binomial, gaussian, poisson } from '../src/model/family.js';
import { glmm } from '../src/model/model.js';
import { sampler } from './sbc-sampler.js';

const table = {
  g: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
  x: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
  n: [4, 4, 4, 4, 4, 4, 4, 4, 4, 4],
  y: [1, 2, 0, 3, 4, 2, 1, 1, 2, 3],
};
const model = glmm('y | trials(n) ~ x + (1 | g)', table, { family: binomial() });
const priors = { beta: normalPrior(0, 1), sigma: halfNormal(1) };
const short = { chains: 1, warmup: 50, draws: 95, thin: 5, priors };

test('an exact sampler is calibrated; ranks, bands, text', async (t) => {
  const done: number[] = [];
  const found = await sbc(model, polyaGamma(short), {
    replications: 40,
    draws: 31,
    seed: 3,
    onProgress: (p) => done.push(p.done),
  });
  t.true(found.calibrated, found.toString());
  t.deepEqual(found.findings, []);
  t.deepEqual(
    found.parameters.map(({ name }) => name),
    ['(Intercept)', 'x', 'sigma', 'eps[1]', 'log_lik'],
  );
  for (const { ranks, difference, verdict } of found.parameters) {
    t.is(ranks.length, 40);
    t.true(ranks.every((rank) => rank >= 0 && rank <= 31));
    t.is(difference.length, 32);
    t.true(Math.abs(difference[31]) < 1e-12);
    t.is(verdict, 'calibrated');
  }
  t.true(found.lower.every((low, k) => low <= 0 && found.upper[k] >= 0));
  t.deepEqual([done[0], done.at(-1)], [0, 40]);
  t.regex(
    found.toString(),
    /^Simulation-based calibration of polya-gamma\n {2}40 data sets, each truth ranked among 31/,
  );
  const again = await sbc(model, polyaGamma(short), { replications: 10, draws: 31, seed: 3 });
  t.deepEqual(again.parameters[2].ranks, found.parameters[2].ranks.slice(0, 10));
});

/** Draws from the prior, whatever the data: every parameter's ranks are uniform. */
function ignorant(given: Priors = priors): Strategy<PosteriorFit> {
  return sampler('prior', given, (task, known) => {
    const stream = rng(task.seed).stream('prior');
    const block = new Float64Array(9 * 31);
    for (let k = 0; k < 31; k++) {
      const { beta, sigma } = drawFromPriors(task.model, known, stream);
      const row = [...beta, sigma, stream.uniform()];
      for (let i = 0; i < 5; i++) row.push(sigma * task.model.randomEffect.draw(stream, sigma));
      row.forEach((value, j) => {
        block[j * 31 + k] = value;
      });
    }
    return block;
  });
}

test('caught: a sampler that ignores the data, by the log-likelihood', async (t) => {
  const found = await sbc(model, ignorant(), { replications: 50, draws: 31 });
  t.deepEqual(
    found.parameters.map(({ verdict }) => verdict === 'calibrated'),
    [true, true, true, true, false],
    found.toString(),
  );
  t.false(found.calibrated);
  t.deepEqual(found.findings[0].where, ['log_lik']);
  t.regex(found.toString(), /^NOT CALIBRATED\. /);
});

test('ranks tell how a posterior is wrong', (t) => {
  const stream = rng('ranks');
  const law = CountLaw.uniform(200, 32);
  const band = law.bandAt(0.95);
  const verdictOf = (shape: (u: number) => number): string => {
    const ranks = Int32Array.from({ length: 200 }, () => Math.floor(32 * shape(stream.uniform())));
    return judgeRanks('x', ranks, 31, law, band, 0.01).verdict;
  };
  t.is(
    verdictOf((u) => u),
    'calibrated',
  );
  t.is(
    verdictOf((u) => u ** 1.6),
    'biased high',
  );
  t.is(
    verdictOf((u) => 1 - u ** 1.6),
    'biased low',
  );
  t.is(
    verdictOf((u) => (u < 0.5 ? 0.5 * (2 * u) ** 2 : 1 - 0.5 * (2 - 2 * u) ** 2)),
    'too narrow',
  );
  t.is(
    verdictOf((u) => 0.5 + 0.6 * (u - 0.5)),
    'too wide',
  );
});

test('draws that hang together, priors that overflow, and what is refused', async (t) => {
  const few = await sbc(model, gibbs({ chains: 1, warmup: 20, draws: 31, priors }), {
    replications: 10,
    draws: 31,
  });
  t.true(few.findings.some(({ code }) => code === 'sbc-ess-low'));
  const counts = glmm('y ~ x + (1 | g)', table, { family: poisson() });
  const wild = { beta: normalPrior(0, 1000), sigma: uniformPrior(0, 1) };
  const lost = await sbc(counts, ignorant(wild), { replications: 20, draws: 3 });
  t.true(lost.replications < 20);
  t.true(lost.findings.some(({ code }) => code === 'replications-lost'));
  const normalModel = glmm('y ~ x + (1 | g)', table, { family: gaussian() });
  await t.throwsAsync(sbc(normalModel, gibbs({ chains: 1, warmup: 5, draws: 70 })), {
    code: 'bad-option',
    message: /give it all of them, as in gibbs\(\{ priors/,
  });
  await t.throwsAsync(sbc(model, gibbs({ chains: 1, warmup: 5, draws: 20, priors })), {
    code: 'bad-option',
    message: /keeps 20/,
  });
  await t.throwsAsync(sbc(model, quadrature() as never), { code: 'bad-strategy' });
  await t.throwsAsync(sbc(model, polyaGamma(short), { replicates: 5 } as never), {
    code: 'unknown-option',
    message: /replications/,
  });
  const reason = new Error('enough');
  t.is(await t.throwsAsync(sbc(model, polyaGamma(short), { signal: AbortSignal.abort(reason) })), reason);
});
