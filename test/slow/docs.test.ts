// The TypeScript of docs/ runs as it stands.
import { runPages } from '../page-examples.js';

runPages({
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
});
