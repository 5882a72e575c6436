// The TypeScript of docs/ runs as it stands.
import { runPages } from '../page-examples.js';

runPages({
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
});
