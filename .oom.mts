import { glmm, fit, collapsed, binomial, halfT, normalPrior, quadraturePosterior } from './src/index.js';
const m = glmm('y ~ 1 + (1|g)', {y:[0,1,1,0], g:[1,2,3,4]}, {family: binomial()});
const priors = { sigma: halfT(1,50) , beta: normalPrior(0,1000)};
console.log('start');
setTimeout(()=>{},0);
if (process.argv[2]==='q') console.log((await quadraturePosterior(m, priors)).points); else console.log((await fit(m, collapsed({draws:50, priors}), {seed:3})).importance.k);
