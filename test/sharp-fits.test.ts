// Maximum-likelihood answers known from outside: the toenail table, matched pairs in closed form, options and findings.
import test from 'ava';
import { fit } from '../src/estimate/fit.js';
import { laplace, type QuadratureOptions, quadrature } from '../src/estimate/quadrature.js';
import { binomial } from '../src/model/family.js';
import { glmm, type Model } from '../src/model/model.js';
import { certified, certifiedModel, near, shipped } from './helpers.js';

/** The toenail data at the planned months of each visit, as in the published comparison of quadratures. */
async function plannedToenail(): Promise<Model> {
  const table = await shipped('toenail');
  const months = [0, 1, 2, 3, 6, 9, 12];
  const rows = Array.from({ length: table.visit.length }, (_, r) => ({
    outcome: Number(table.outcome[r]),
    treatment: Number(table.treatment[r]),
    month: months[Number(table.visit[r]) - 1],
    patient: Number(table.patientID[r]),
  }));
  return glmm('outcome ~ treatment * month + (1 | patient)', rows, { family: binomial() });
}

const toenailTable: readonly [QuadratureOptions, readonly number[], number][] = [
  [{ rule: 'gauss-hermite', nodes: 3 }, [-1.522, -0.393, -0.32, -0.091, 2.256], 1344.15],
  [{ rule: 'gauss-hermite', nodes: 5 }, [-2.494, 0.193, -0.384, -0.122, 3.088], 1259.63],
  [{ rule: 'gauss-hermite', nodes: 10 }, [-0.988, 0.465, -0.377, -0.148, 4.531], 1254.39],
  [{ rule: 'gauss-hermite', nodes: 20 }, [-1.54, -0.433, -0.403, -0.139, 3.86], 1249.61],
  [{ rule: 'gauss-hermite', nodes: 50 }, [-1.646, -0.095, -0.404, -0.163, 4.036], 1247.69],
  [{ rule: 'adaptive', nodes: 3 }, [-2.047, -0.162, -0.418, -0.165, 4.507], 1259.13],
  [{ rule: 'adaptive', nodes: 5 }, [-1.468, -0.086, -0.395, -0.157, 3.7], 1257.06],
  [{ rule: 'adaptive', nodes: 10 }, [-1.652, -0.117, -0.407, -0.162, 4.075], 1248.17],
  [{ rule: 'adaptive', nodes: 20 }, [-1.631, -0.115, -0.404, -0.161, 4.013], 1247.77],
];

for (const [options, estimates, deviance] of toenailTable) {
  test(`toenail, planned months: ${options.rule} with ${options.nodes} nodes`, async (t) => {
    const found = await fit(await plannedToenail(), quadrature(options));
    found.estimates.forEach(({ name, value }, k) => {
      near(t, value, estimates[k], 0.00051, name);
    });
    near(t, -2 * found.objective, deviance, 0.0051, '-2 log-likelihood');
  });
}

test('toenail, planned months: certified', async (t) => {
  const found = await fit(await plannedToenail(), quadrature());
  const expected = [-1.630729, -0.114607, -0.404314, -0.161354, 4.0163759];
  found.estimates.forEach(({ name, value }, k) => {
    near(t, value, expected[k], 1e-6, name);
  });
  near(t, -2 * found.logLik, 1247.814873, 1e-6, '-2 log-likelihood');
});

test('toenail: Laplace', async (t) => {
  const found = await fit(await certifiedModel(certified('toenail')), laplace());
  near(t, found.parameters.sigma, 4.570915, 1e-6, 'sigma');
});

/** n11 pairs of two successes, n10 success under x = 1 only, n01 under x = 0 only, n00 of none. */
function pairs(n11: number, n10: number, n01: number, n00: number): Model {
  const kinds = [
    ...Array.from({ length: n11 }, () => [1, 1]),
    ...Array.from({ length: n10 }, () => [1, 0]),
    ...Array.from({ length: n01 }, () => [0, 1]),
    ...Array.from({ length: n00 }, () => [0, 0]),
  ];
  const rows = kinds.flatMap(([treated, control], pair) => [
    { pair, x: 1, y: treated },
    { pair, x: 0, y: control },
  ]);
  return glmm('y ~ x + (1 | pair)', rows, { family: binomial() });
}

test('matched pairs: the conditional estimate, saturated', async (t) => {
  const found = await fit(pairs(30, 20, 8, 42), quadrature());
  near(t, found.parameters.beta[1], Math.log(20 / 8), 1e-8, 'beta');
  near(t, found.parameters.beta[1], 0.9162907318741551, 1e-8, 'beta');
  near(t, found.estimates[1].standardError, 0.41833001, 1e-6, 'standard error');
  near(t, found.parameters.sigma, 2.445993, 1e-6, 'sigma');
  near(t, found.logLik, -124.948795376525, 1e-9, 'logLik');
});

test('matched pairs less alike than chance: sigma is 0', async (t) => {
  const model = pairs(10, 30, 20, 10);
  const found = await fit(model, quadrature());
  t.is(found.parameters.sigma, 0);
  t.true(Number.isNaN(found.estimates[2].standardError));
  near(t, found.parameters.beta[1], 0.575364144903562, 1e-8, 'beta');
  const pooled = await fit(model, quadrature(), { fixed: { sigma: 0 } });
  near(t, found.logLik, pooled.logLik, 1e-10, 'likelihood ratio 0');
  t.deepEqual(
    found.findings.map(({ code }) => code).filter((code) => code !== 'clusters-all-alike'),
    ['sigma-boundary'],
  );
});

test('fixed parameters are held, and have no error', async (t) => {
  const model = await certifiedModel(certified('booth_hobert'));
  const free = await fit(model, quadrature());
  const held = await fit(model, quadrature(), { fixed: { sigma: 1, beta: { x1: 5 } } });
  t.is(held.parameters.sigma, 1);
  t.is(held.parameters.beta[0], 5);
  t.deepEqual(
    held.estimates.map(({ standardError }) => standardError),
    [0, 0],
  );
  t.true(held.logLik < free.logLik);
  const start = { beta: Float64Array.of(-3), sigma: 0.2 };
  const other = await fit(model, quadrature(), { start });
  near(t, other.logLik, free.logLik, 1e-9, 'from another start');
});

test('likelihood ratio against sigma = 0', async (t) => {
  for (const [name, statistic] of [
    ['booth_hobert', 6.100377],
    ['seeds', 2.359199],
  ] as const) {
    const model = await certifiedModel(certified(name));
    const free = await fit(model, quadrature());
    const pooled = await fit(model, quadrature(), { fixed: { sigma: 0 } });
    near(t, 2 * (free.logLik - pooled.logLik), statistic, 1e-6, name);
  }
});

test('separation is found and named', async (t) => {
  const rows = Array.from({ length: 40 }, (_, r) => ({
    g: r % 8,
    x: r < 20 ? 0 : 1,
    z: r % 3,
    y: r < 20 && (7 * r) % 5 < 2 ? 0 : 1,
  }));
  const found = await fit(glmm('y ~ x + z + (1 | g)', rows, { family: binomial() }), quadrature());
  t.false(found.converged);
  const finding = found.findings.find(({ code }) => code === 'separation');
  t.deepEqual(finding?.where, ['x']);
});

test('all clusters alike: a warning before, and no false maximum', async (t) => {
  const rows = Array.from({ length: 40 }, (_, r) => ({ g: r % 10, y: r % 2 }));
  const model = glmm('y ~ 1 + (1 | g)', rows, { family: binomial() });
  t.is(model.findings.find(({ code }) => code === 'clusters-all-alike')?.severity, 'warning');
  const found = await fit(model, quadrature());
  t.false(found.converged);
  t.true(found.findings.some(({ code }) => code === 'sigma-unbounded'));
});

const badOptions: readonly [string, () => unknown, string][] = [
  [
    'unknown name',
    () => quadrature({ node: 5 } as QuadratureOptions),
    "quadrature() has no option 'node'; did you mean 'nodes'?",
  ],
  [
    'nodes 0',
    () => quadrature({ rule: 'adaptive', nodes: 0 }),
    'quadrature(): nodes must be a whole number from 1 to 400, found 0',
  ],
  [
    'tolerance 0',
    () => quadrature({ tolerance: 0 }),
    'quadrature(): tolerance must be a number > 0, found 0',
  ],
  [
    'rule',
    () => quadrature({ rule: 'simpson' as 'adaptive' }),
    "quadrature(): rule must be 'certified', 'adaptive' or 'gauss-hermite', found 'simpson'",
  ],
  [
    'nodes with certified',
    () => quadrature({ nodes: 5 }),
    "quadrature(): nodes goes with rule 'adaptive' or 'gauss-hermite'; the certified rule chooses its own, by tolerance",
  ],
  [
    'tolerance with adaptive',
    () => quadrature({ rule: 'adaptive', tolerance: 1 }),
    "quadrature(): tolerance goes with rule 'certified', found 'adaptive'",
  ],
];

for (const [what, make, message] of badOptions) {
  test(`quadrature() refuses: ${what}`, (t) => {
    t.throws(make, { name: 'GlmmcError', message });
  });
}

test('boundary and default options', async (t) => {
  t.deepEqual(quadrature().settings, { rule: 'certified', tolerance: 1e-9 });
  t.deepEqual(quadrature({ rule: 'adaptive' }).settings, { rule: 'adaptive', nodes: 25 });
  const model = await certifiedModel(certified('infection'));
  const one = await fit(model, quadrature({ rule: 'adaptive', nodes: 1 }));
  const laplaceFit = await fit(model, laplace());
  t.is(one.objective, laplaceFit.objective);
});
