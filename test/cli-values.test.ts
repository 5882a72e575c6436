// What the command line makes of names: families, strategies, samplers, with the nearest name for a slip.
import test from 'ava';
import { familyNamed, samplerNamed, strategyNamed } from '../src/cli/strategies.js';
import { familyRows } from '../src/model/combinations.js';

test('families with and without a link', (t) => {
  t.is(familyNamed('binomial').link.name, 'logit');
  t.is(familyNamed('binomial:probit').link.name, 'probit');
  t.is(familyNamed('gamma').link.name, 'log');
  for (const { family, link } of familyRows) {
    const found = familyNamed(`${family}:${link}`);
    t.deepEqual([found.name, found.link.name], [family, link]);
  }
  t.truthy(familyNamed('negative-binomial').dispersion);
  t.throws(() => familyNamed('negative-binomial:logit'), { code: 'unknown-link' });
  t.throws(() => familyNamed('binomal'), { code: 'unknown-family', message: /did you mean 'binomial'/ });
  t.throws(() => familyNamed('constructor'), { code: 'unknown-family' });
  t.throws(() => familyNamed('binomial:logti'), { code: 'unknown-link', message: /did you mean 'logit'/ });
  t.throws(() => familyNamed('binomial:logit:x'), { code: 'unknown-family' });
  t.throws(() => familyNamed(''), { code: 'unknown-family' });
});

test('strategies and their variants', (t) => {
  const names = {
    quadrature: 'quadrature',
    'quadrature:adaptive:7': 'quadrature(adaptive, 7)',
    'quadrature:gauss-hermite': 'quadrature(gauss-hermite, 25)',
    laplace: 'laplace',
    mcem: 'mcem(importance)',
    'mcem:importance': 'mcem(importance)',
    'mcem:metropolis': 'mcem(metropolis)',
    saem: 'saem(metropolis)',
    'mcnr:metropolis': 'mcnr(metropolis)',
    mcml: 'mcml(importance)',
    pql: 'pql',
    'pql:reml': 'pql(reml)',
    mql: 'mql',
    pooled: 'pooled',
    'fixed-effects': 'fixed-effects',
    'mcem:rejection': 'mcem(rejection)',
    'mcem:quasi-monte-carlo': 'mcem(quasi-monte-carlo)',
    'mcem:quadrature': 'mcem(quadrature)',
    gibbs: 'gibbs',
    'polya-gamma': 'polya-gamma',
    'albert-chib': 'albert-chib',
    nuts: 'nuts',
  };
  for (const [text, name] of Object.entries(names)) t.is(strategyNamed(text).name, name);
});

test('slips are met by the nearest name', (t) => {
  t.throws(() => strategyNamed('quadratur'), {
    code: 'unknown-strategy',
    message: /did you mean 'quadrature'/,
  });
  t.throws(() => strategyNamed('mcem:metropolys'), { message: /did you mean 'metropolis'/ });
  t.throws(() => strategyNamed('quadrature:adaptve'), { message: /did you mean 'adaptive'/ });
  t.throws(() => strategyNamed('pql:rmel'), { message: /did you mean 'reml'/ });
  t.throws(() => strategyNamed('pql:ml:1'), { message: /no variants/ });
  t.throws(() => strategyNamed('laplace:7'), { message: /laplace has no variants/ });
  t.throws(() => strategyNamed('quadrature:adaptive:0'), { code: 'bad-option', message: /nodes must be/ });
  t.throws(() => strategyNamed('quadrature:adaptive:x'), { code: 'bad-option', message: /found 'x'/ });
  t.throws(() => strategyNamed('quadrature:adaptive:'), { code: 'bad-option', message: /found ''/ });
  t.throws(() => strategyNamed('toString'), { code: 'unknown-strategy' });
  t.throws(() => strategyNamed(''), { code: 'unknown-strategy' });
});

test('samplers', (t) => {
  t.is(samplerNamed('gibbs', { chains: 2 }).settings.chains, 2);
  t.is(samplerNamed('polya-gamma', { draws: 5 }).name, 'polya-gamma');
  t.is(samplerNamed('albert-chib', { thin: 2 }).settings.thin, 2);
  t.is(samplerNamed('nuts', { draws: 7 }).settings.draws, 7);
  t.throws(() => samplerNamed('gibs', {}), { code: 'unknown-sampler', message: /did you mean 'gibbs'/ });
  t.throws(() => samplerNamed('laplace', {}), { code: 'unknown-sampler' });
  t.throws(() => samplerNamed('gibbs', { draws: 0 }), { code: 'bad-option' });
});
