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
  'docs/after-the-fit.md': [/sigma +0\.35 +1\.11[\s\S]*50:50[\s\S]*latent ICC[\s\S]*odds ratio/],
  'docs/diagnostics.md': [/\[\][\s\S]*sigma/, /calibrated/, /share of zeros/, /elpd[\s\S]*elpd/],
});
