// The TypeScript of docs/ runs as it stands, and so do the commands of every page.
import test from 'ava';
import { allPages, hasExamples, runCommandLines, runPages } from '../page-examples.js';

const pages: Readonly<Record<string, readonly RegExp[]>> = {
  'docs/start.md': [
    /-91\.9834 +193\.97 +204\.09 +5\n[\s\S]*factor\(period\)4 +-1\.5795 +0\.428[\s\S]*sigma +0\.6475 +0\.181 +0\.4193/,
    /sigma +0\.6475 \(0\.181\) +0\.6476[\s\S]*sigma +0\.7605 \(0\.226\) +0\.761[\s\S]*quadrature .* agrees\n.*mcem.* agrees\n.*collapsed.* agrees\n[\s\S]*cbpp\.html\n$/,
    /1 +0\.198 [\s\S]*4 +0\.048 [\s\S]*1 +0\.216 [\s\S]*4 +0\.057 [\s\S]*odds ratio 4 \/ 1 +0\.206 [\s\S]*odds ratio 4 \/ 1 +0\.221 /,
    /174 of 294[\s\S]*laplace-inaccurate\] .* off by 1\.12 in all[\s\S]*-1\.6183 +\(0\.434\) +-2\.5233[\s\S]*laplace .* 2\.084 .* approximate/,
  ],
  'docs/choosing.md': [
    /-625\.3975 +0 +0 +- .* agrees\n[\s\S]*-625\.3977 +-1\.5e-4 +0\.016[\s\S]*-625\.7958 +-0\.40 +0\.830[\s\S]*-652\.3280 +-27 +4\.879[\s\S]*-908\.0075[\s\S]*25 adaptive nodes.* wrong\s+by -0\.018/,
  ],
  'docs/reading-the-output.md': [
    /sigma +0\.6476 +0\.18 +0\.4194 [\s\S]*\nLANDED[\s\S]*T = 4\.44 on 5 df, p = 0\.4875; largest \|MC z\| 0\.37[\s\S]*-91\.9815, MC error 0\.030/,
    /1 +0\.569 +0\.593 +0\.352 +0\.396 +0\.30 +-0\.023 +1\.134 +12\n[\s\S]*sigma +0\.37 +1\.12\n[\s\S]*sigma +0\.35 +1\.11\n[\s\S]*\[\]/,
  ],
  'docs/notation.md': [/^-7\.692047575\n-?0\.000000000\n-?0\.000000000 -?0\.000000000\n$/],
  'docs/models.md': [/^(-\d{3}\.\d{8})\n\1\n$/],
  'docs/big-data.md': [
    /^-91\.9834\n$/,
    /5000 rows in 1000 clusters[\s\S]*-2466\.937600/,
    /^WITH[\s\S]*armold,sigma/,
  ],
  'docs/monte-carlo-em.md': [/\n *LANDED/],
  'docs/posterior-sampling.md': [/^stopped;.*\nsame bits\n$/],
  'docs/playground.md': [/^chain 4 is at sigma = \d/],
  'docs/after-the-fit.md': [
    /sigma +0\.35 +1\.11[\s\S]*50:50[\s\S]*latent ICC[\s\S]*odds ratio/,
    /Bootstrap \(parametric\)[\s\S]*cluster bootstrap, percentile[\s\S]*drawn from the null/,
    /point-masses\(3\)[\s\S]*cluster: '9'/,
  ],
  'docs/special-models.md': [
    /exact, Wald +-1\.353/,
    /They agree: [\s\S]*time:treatment +-0\.098/,
    /conditional -1091\.5697, marginal -2466\.9376/,
    /beta-binomial +-53\.7668/,
  ],
  'docs/what-people-do-instead.md': [
    /pValue[\s\S]*fixed-effects[\s\S]*incidental-parameters/,
    /none failed[\s\S]*intervals: 100/,
  ],
  'docs/report.md': [/^written\n$/, /Fitted means by time[\s\S]*<svg <svg/],
  'docs/diagnostics.md': [/\[\][\s\S]*sigma/, /calibrated/, /share of zeros/, /elpd[\s\S]*elpd/],
  // Our side of the tables beside R's numbers (docs/coming-from.R).
  'docs/coming-from.md': [
    new RegExp(
      [
        '^-1\\.3985 \\(0\\.2325\\) -0\\.9923 \\(0\\.3066\\) -1\\.1287 \\(0\\.3266\\) -1\\.5803 \\(0\\.4274\\) 0\\.6423 .*',
        '-1\\.3992 \\(0\\.2335\\) -0\\.9914 \\(0\\.3068\\) -1\\.1278 \\(0\\.3268\\) -1\\.5795 \\(0\\.4276\\) 0\\.6475 .*',
        '-92\\.0263 -91\\.9834',
        '0\\.5930 0\\.3489',
        '0\\.1979 0\\.0839 0\\.0740 0\\.0484',
        '0\\.216\\d',
        '[\\s\\S]*sigma +0\\.35 +1\\.11',
        'Likelihood ratio 14\\.0917 on 1 df, p = 8\\.7e-5',
      ].join('\\n'),
    ),
    new RegExp(
      [
        '^\\(Intercept\\) -1\\.42 0\\.26 agrees',
        'factor\\(period\\)2 -1\\.00 0\\.31 agrees',
        'factor\\(period\\)3 -1\\.14 0\\.33 agrees',
        'factor\\(period\\)4 -1\\.63 0\\.44 agrees',
        'sigma 0\\.75 0\\.22 agrees\\n$',
      ].join('\\n'),
    ),
    new RegExp(
      [
        '^poisson laplace .* -665\\.4744',
        'poisson quadrature 1\\.8328 0\\.8834 -0\\.3343 0\\.4806 -0\\.1598 0\\.3388 0\\.5024 -665\\.4066',
        'negative-binomial laplace 1\\.8407 0\\.8837 -0\\.3346 0\\.4798 -0\\.1173 0\\.3381 0\\.4640 7\\.4180 -624\\.9571',
        'negative-binomial quadrature 1\\.8406 0\\.8836 -0\\.3347 0\\.4794 -0\\.1172 0\\.3379 0\\.4655 7\\.4036 -624\\.8248\\n$',
      ].join('\\n'),
    ),
    new RegExp(
      [
        '^laplace -2\\.5233 -0\\.3070 -0\\.4001 -0\\.1373 4\\.5709 -627\\.8089 laplace-inaccurate',
        'quadrature\\(adaptive, 7\\) -1\\.4996 -0\\.1393 -0\\.3836 -0\\.1344 3\\.7697 -627\\.0548 quadrature-inaccurate',
        'quadrature\\(adaptive, 25\\) -1\\.6146 -0\\.1600 -0\\.3908 -0\\.1368 4\\.0004 -625\\.4159 quadrature-inaccurate',
        'quadrature -1\\.6183 -0\\.1608 -0\\.3910 -0\\.1368 4\\.0066 -625\\.3975 laplace-inaccurate\\n$',
      ].join('\\n'),
    ),
  ],
  'docs/methods/likelihood.md': [/^-625\.397518 true\n1 -4\.2\n21 -0\.029\n41 0\.00054\n81 -\d\.\de-7\n$/],
  // Either way of measuring the distance from the maximum, in Monte Carlo errors, to two decimals.
  'docs/methods/monte-carlo-em.md': [/^(\[ '-?\d\.\d\d', '-?\d\.\d\d' \]) \1\nchi-square 2 true\n$/],
  'docs/methods/saem-mcnr-mcml.md': [
    /^saem\(metropolis\) true true\nmcnr\(importance\) true true\nmcml\(importance\) true true\n$/,
  ],
  'docs/methods/quasi-likelihood.md': [
    /^quadrature 4\.007 -625\.40\npql 2\.153 -652\.33\nmql 1\.571 -702\.75\n$/,
  ],
  'docs/methods/posterior.md': [/^x1 6\.38 1\.37\nsigma 1\.62 0\.74\ntrue\n$/],
  'docs/methods/after-the-fit.md': [/^true true\n12\.9238 1\.62e-4\n0\.303265329856\n$/],
  'docs/methods/special-models.md': [
    /^0\.91629073 0\.91629073 1\.83258146\n0\.418330 0\.418330 2\.445993 -124\.948795\n0 0\.575364 false\n$/,
  ],
};

runPages(pages);
runCommandLines();

test('no page has examples that are not run', (t) => {
  // Those of the README run in test/readme.test.ts.
  t.deepEqual(
    allPages().filter((page) => hasExamples(page) && page !== 'README.md'),
    Object.keys(pages).sort(),
  );
});
