// The strategies that the page offers, by the names of the command line.
import {
  albertChib,
  collapsed,
  type Fit,
  gibbs,
  importance,
  laplace,
  mcem,
  mcml,
  mcnr,
  metropolis,
  nuts,
  polyaGamma,
  pql,
  quadrature,
  quasiMonteCarlo,
  type Strategy,
  saem,
} from 'glmmc';

export interface Choice {
  readonly label: string;
  /** For one link of the binomial alone. */
  readonly link?: string;
  readonly make: () => Strategy<Fit>;
}

export const choices: Readonly<Record<string, Choice>> = {
  quadrature: { label: 'Quadrature (certified)', make: () => quadrature() },
  laplace: { label: 'Laplace', make: () => laplace() },
  pql: { label: 'Penalised quasi-likelihood', make: () => pql() },
  mcem: { label: 'Monte Carlo EM, importance', make: () => mcem({ eStep: importance() }) },
  'mcem:metropolis': { label: 'Monte Carlo EM, Metropolis', make: () => mcem({ eStep: metropolis() }) },
  'mcem:quasi-monte-carlo': {
    label: 'Monte Carlo EM, quasi-Monte Carlo',
    make: () => mcem({ eStep: quasiMonteCarlo() }),
  },
  saem: { label: 'Stochastic approximation EM', make: () => saem() },
  mcnr: { label: 'Monte Carlo Newton-Raphson', make: () => mcnr() },
  mcml: { label: 'Monte Carlo maximum likelihood', make: () => mcml() },
  gibbs: { label: 'Gibbs', make: () => gibbs() },
  'polya-gamma': { label: 'Pólya-Gamma', link: 'logit', make: () => polyaGamma() },
  'albert-chib': { label: 'Albert-Chib', link: 'probit', make: () => albertChib() },
  collapsed: { label: 'Collapsed', make: () => collapsed() },
  nuts: { label: 'No-U-Turn', make: () => nuts() },
};

/** Whether a strategy serves a family and its link. */
export function serves({ link }: Choice, family: string, familyLink: string): boolean {
  return link === undefined || (family === 'binomial' && link === familyLink);
}
