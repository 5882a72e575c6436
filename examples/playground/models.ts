// Families with their links, and the shipped data sets with their usual models.
import { binomial, type Family, gamma, gaussian, negativeBinomial, poisson } from 'glmmc';

interface FamilyChoice {
  readonly links: readonly string[];
  readonly make: (link: string) => Family;
}

export const families: Readonly<Record<string, FamilyChoice>> = {
  binomial: {
    links: ['logit', 'probit', 'cloglog', 'cauchit', 'log'],
    make: (link) => binomial(link as 'logit'),
  },
  poisson: { links: ['log', 'identity', 'sqrt'], make: (link) => poisson(link as 'log') },
  gaussian: { links: ['identity', 'log'], make: (link) => gaussian(link as 'identity') },
  gamma: { links: ['log', 'inverse', 'identity'], make: (link) => gamma(link as 'log') },
  'negative-binomial': { links: ['log'], make: () => negativeBinomial() },
};

export interface DataSet {
  readonly file: string;
  readonly about: string;
  readonly formula: string;
  readonly family: string;
}

export const dataSets: readonly DataSet[] = [
  {
    file: 'cbpp',
    about: 'lung disease in 15 herds of cattle',
    formula: 'cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)',
    family: 'binomial',
  },
  {
    file: 'infection',
    about: 'two creams in 8 clinics',
    formula: 'x | trials(n) ~ t + (1 | clinic)',
    family: 'binomial',
  },
  {
    file: 'seeds',
    about: 'germination on 21 plates',
    formula: 'r | trials(n) ~ x1 * x2 + (1 | plate)',
    family: 'binomial',
  },
  {
    file: 'booth_hobert',
    about: 'simulated, 10 clusters',
    formula: 'y ~ 0 + x1 + (1 | z1)',
    family: 'binomial',
  },
  {
    file: 'toenail',
    about: 'infection over time, 294 patients',
    formula: 'outcome ~ treatment * time + (1 | patientID)',
    family: 'binomial',
  },
  {
    file: 'ohio',
    about: 'wheezing of 537 children',
    formula: 'resp ~ age * smoke + (1 | id)',
    family: 'binomial',
  },
  {
    file: 'lsat_long',
    about: 'five questions to 1000 persons',
    formula: 'y ~ 0 + factor(item) + (1 | person)',
    family: 'binomial',
  },
  {
    file: 'approval',
    about: 'two surveys of 1600 persons',
    formula: 'approve ~ survey + (1 | person)',
    family: 'binomial',
  },
  {
    file: 'epil',
    about: 'seizures of 59 patients',
    formula: 'y ~ lbase * trt + lage + V4 + (1 | subject)',
    family: 'poisson',
  },
  {
    file: 'dyestuff',
    about: 'yield of 6 batches',
    formula: 'Yield ~ 1 + (1 | Batch)',
    family: 'gaussian',
  },
];
